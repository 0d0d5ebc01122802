//! `list-apps` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    api::lambda::serve_with_master(list_apps::handle).await
}
