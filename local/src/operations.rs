//! The handler of every operation, by name.

use std::collections::HashMap;

use api::Handler;

/// Every operation that has a route.
pub fn all() -> HashMap<&'static str, Handler> {
    HashMap::from([
        ("create-app", Handler::new(create_app::handle)),
        ("discovery", Handler::new(discovery::handle)),
        ("get-app", Handler::new(get_app::handle)),
        ("list-apps", Handler::new(list_apps::handle)),
        ("token", Handler::new(token::handle)),
    ])
}
