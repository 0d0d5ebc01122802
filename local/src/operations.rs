//! The handler of every operation, by name.

use std::collections::HashMap;

use api::Handler;

/// Every operation that has a route.
pub fn all() -> HashMap<&'static str, Handler> {
    HashMap::from([
        ("change-status", Handler::new(change_status::handle)),
        ("create-app", Handler::new(create_app::handle)),
        ("create-client", Handler::new(create_client::handle)),
        ("delete-app", Handler::new(delete_app::handle)),
        ("delete-client", Handler::new(delete_client::handle)),
        ("discovery", Handler::new(discovery::handle)),
        ("get-app", Handler::new(get_app::handle)),
        ("get-client", Handler::new(get_client::handle)),
        ("introspect", Handler::new(introspect::handle)),
        ("issue-secret", Handler::new(issue_secret::handle)),
        ("list-apps", Handler::new(list_apps::handle)),
        ("list-clients", Handler::new(list_clients::handle)),
        ("list-secrets", Handler::new(list_secrets::handle)),
        ("revoke", Handler::new(revoke::handle)),
        ("revoke-secret", Handler::new(revoke_secret::handle)),
        ("create-grant", Handler::new(create_grant::handle)),
        ("delete-grant", Handler::new(delete_grant::handle)),
        ("describe-provider", Handler::new(describe_provider::handle)),
        ("get-grant", Handler::new(get_grant::handle)),
        ("list-app-roles", Handler::new(list_app_roles::handle)),
        ("list-grants", Handler::new(list_grants::handle)),
        ("token", Handler::new(token::handle)),
        ("update-app", Handler::new(update_app::handle)),
        ("update-client", Handler::new(update_client::handle)),
        ("update-resources", Handler::new(update_resources::handle)),
    ])
}
