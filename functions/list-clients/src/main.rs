//! `list-clients` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    api::lambda::serve(list_clients::handle).await
}
