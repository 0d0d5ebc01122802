//! The scopes of the management API and who may hold which (contracts: OAuth endpoints, scopes).

use crate::Scope;

/// See every app of the tenant.
pub const LIST: &str = "apps:list";
/// Read an app and its clients.
pub const READ: &str = "apps:read";
/// Register apps.
pub const CREATE: &str = "apps:create";
/// Change names, descriptions, URIs and keys; make clients.
pub const EDIT: &str = "apps:edit";
/// Delete apps.
pub const DELETE: &str = "apps:delete";
/// Set what widens an app's rights: `trusted`, grants, scopes, http redirects.
pub const TRUST: &str = "apps:trust";
/// Set the resources a client may ask for.
pub const ACCESS: &str = "apps:access";
/// Issue, list and revoke secrets.
pub const SECRETS: &str = "clients:secrets";

/// What the Me role puts into its client's tokens: the endpoints of self-service.
pub const ME: &str = "urn:opc:idm:t.user.me";

/// Every scope of the management API: what a management application holds.
pub const MANAGEMENT: [&str; 8] = [LIST, READ, CREATE, EDIT, DELETE, TRUST, ACCESS, SECRETS];

/// Of those, the ones that an ordinary app's client may hold, for its own app.
pub const ORDINARY: [&str; 4] = [READ, EDIT, ACCESS, SECRETS];

/// Name spaces that Roster keeps for itself: its own API's, and the Me role's, which is self-service at
/// Roster. Scopes of these go into tokens for the issuer and into no others.
const RESERVED: [&str; 6] = [
    "apps:", "clients:", "logins:", "grants:", "events:", "urn:opc:",
];

/// Whether Roster keeps `scope` for itself.
pub fn is_reserved(scope: &Scope) -> bool {
    RESERVED
        .iter()
        .any(|space| scope.as_str().starts_with(space))
}

/// Whether a client of an ordinary app may be given `scope`.
pub fn ordinary_client_may_hold(scope: &Scope) -> bool {
    ORDINARY.contains(&scope.as_str()) || !is_reserved(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_clients_hold_no_reserved_scope() {
        for (scope, may) in [
            ("apps:read", true),
            ("apps:access", true),
            ("clients:secrets", true),
            ("apps:create", false),
            ("apps:trust", false),
            ("apps:anything", false),
            ("clients:x", false),
            ("logins:accept", false),
            ("grants:read", false),
            ("events:read", false),
            ("urn:opc:idm:t.user.me", false),
            ("https://photos.example.com/read", true),
            ("apps", true),
        ] {
            let scope = Scope::parse(scope).unwrap();
            assert_eq!(ordinary_client_may_hold(&scope), may, "{scope}");
        }
    }
}
