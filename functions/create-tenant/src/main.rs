//! `create-tenant` on Lambda: no route; an operator invokes it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    api::lambda::serve_invocations_with_master(create_tenant::handle).await
}
