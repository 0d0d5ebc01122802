//! `list-apps` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    api::lambda::serve(list_apps::handle).await
}
