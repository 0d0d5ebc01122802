//! `rotate-keys` on Lambda: no route; a schedule invokes it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    api::lambda::serve_invocations_with_master(rotate_keys::handle).await
}
