//! The route table: every route as data. The local server serves it; guards compare it with
//! `template.yaml`, `functions/`, `events/`, the README and the OpenAPI document.

use domain::scopes;
use percent_encoding::percent_decode_str;

use crate::dialect::Dialect::{self, Native, OAuth, OpenIdApps, Scim};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// A client that authenticates in the request itself (RFC 6749 §2.3).
    Client,
    /// A caller whose token has this scope.
    Scope(&'static str, Reach),
}

/// Whose apps a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Any of the tenant: the management application only.
    Tenant,
    /// Also the caller's own app, for a caller of another app.
    OwnApp,
}

/// One route of one operation.
#[derive(Clone, Copy)]
pub struct Route {
    /// The operation: the name of its crate, package and binary.
    pub operation: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path; parameters in braces, as API Gateway writes them.
    pub path: &'static str,
    /// Whose words it speaks.
    pub dialect: Dialect,
    /// Who may use it.
    pub access: Access,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Route {
    /// API Gateway's name of the route.
    pub fn key(&self) -> String {
        if self.path == DEFAULT {
            return DEFAULT.into();
        }
        format!("{} {}", self.method, self.path)
    }
}

const fn route(
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    dialect: Dialect,
    access: Access,
) -> Route {
    Route {
        operation,
        method,
        path,
        dialect,
        access,
    }
}

const CREATE: Access = Access::Scope(scopes::CREATE, Reach::Tenant);
const LIST: Access = Access::Scope(scopes::LIST, Reach::Tenant);
const READ: Access = Access::Scope(scopes::READ, Reach::OwnApp);
const EDIT: Access = Access::Scope(scopes::EDIT, Reach::OwnApp);
const DELETE: Access = Access::Scope(scopes::DELETE, Reach::Tenant);
const STATUS: Access = Access::Scope(scopes::EDIT, Reach::Tenant);
const GRANT: Access = Access::Scope(scopes::EDIT, Reach::Tenant);
const RESOURCES: Access = Access::Scope(scopes::ACCESS, Reach::OwnApp);
const SECRETS: Access = Access::Scope(scopes::SECRETS, Reach::OwnApp);

/// Every route.
#[rustfmt::skip]
pub static ROUTES: [Route; 69] = [
    route("create-app", "POST", "/v1/applications", Native, CREATE),
    route("create-app", "POST", "/platform/v1/apps", OpenIdApps, CREATE),
    route("list-apps", "GET", "/v1/applications", Native, LIST),
    route("list-apps", "GET", "/platform/v1/apps", OpenIdApps, LIST),
    route("get-app", "GET", "/v1/applications/{app}", Native, READ),
    route("get-app", "GET", "/platform/v1/apps/{app}", OpenIdApps, READ),
    route("update-app", "PUT", "/v1/applications/{app}", Native, EDIT),
    route("update-app", "PATCH", "/v1/applications/{app}", Native, EDIT),
    route("delete-app", "DELETE", "/v1/applications/{app}", Native, DELETE),
    route("create-client", "POST", "/v1/applications/{app}/clients", Native, EDIT),
    route("create-client", "POST", "/v1/clients", Native, EDIT),
    route("list-clients", "GET", "/v1/applications/{app}/clients", Native, READ),
    route("list-clients", "GET", "/v1/clients", Native, READ),
    route("get-client", "GET", "/v1/applications/{app}/clients/{client_id}", Native, READ),
    route("get-client", "GET", "/v1/clients/{client_id}", Native, READ),
    route("update-client", "PUT", "/v1/applications/{app}/clients/{client_id}", Native, EDIT),
    route("update-client", "PATCH", "/v1/applications/{app}/clients/{client_id}", Native, EDIT),
    route("update-client", "PUT", "/v1/clients/{client_id}", Native, EDIT),
    route("update-client", "PATCH", "/v1/clients/{client_id}", Native, EDIT),
    route("delete-client", "DELETE", "/v1/applications/{app}/clients/{client_id}", Native, EDIT),
    route("delete-client", "DELETE", "/v1/clients/{client_id}", Native, EDIT),
    route("update-resources", "PUT", "/v1/applications/{app}/resources", Native, RESOURCES),
    route("update-resources", "PUT", "/v1/applications/{app}/clients/{client_id}/resources", Native, RESOURCES),
    route("update-resources", "PUT", "/v1/clients/{client_id}/resources", Native, RESOURCES),
    route("change-status", "PUT", "/v1/applications/{app}/status", Native, STATUS),
    route("change-status", "PUT", "/v1/applications/{app}/clients/{client_id}/status", Native, STATUS),
    route("change-status", "PUT", "/v1/clients/{client_id}/status", Native, STATUS),
    route("issue-secret", "POST", "/v1/applications/{app}/clients/{client_id}/secrets", Native, SECRETS),
    route("issue-secret", "POST", "/v1/clients/{client_id}/secrets", Native, SECRETS),
    route("list-secrets", "GET", "/v1/applications/{app}/clients/{client_id}/secrets", Native, SECRETS),
    route("list-secrets", "GET", "/v1/clients/{client_id}/secrets", Native, SECRETS),
    route("list-secrets", "GET", "/v1/applications/{app}/clients/{client_id}/secrets/{secret_id}", Native, SECRETS),
    route("list-secrets", "GET", "/v1/clients/{client_id}/secrets/{secret_id}", Native, SECRETS),
    route("revoke-secret", "DELETE", "/v1/applications/{app}/clients/{client_id}/secrets/{secret_id}", Native, SECRETS),
    route("revoke-secret", "DELETE", "/v1/clients/{client_id}/secrets/{secret_id}", Native, SECRETS),
    route("create-app", "POST", "/admin/v1/Apps", Scim, CREATE),
    route("list-apps", "GET", "/admin/v1/Apps", Scim, LIST),
    route("list-apps", "POST", "/admin/v1/Apps/.search", Scim, LIST),
    route("list-apps", "POST", "/admin/v1/.search", Scim, LIST),
    route("get-app", "GET", "/admin/v1/Apps/{app}", Scim, READ),
    route("update-app", "PUT", "/platform/v1/apps/{app}", OpenIdApps, EDIT),
    route("update-app", "PUT", "/admin/v1/Apps/{app}", Scim, EDIT),
    route("update-app", "PATCH", "/admin/v1/Apps/{app}", Scim, EDIT),
    route("delete-app", "DELETE", "/admin/v1/Apps/{app}", Scim, DELETE),
    route("change-status", "PUT", "/admin/v1/AppStatusChanger/{app}", Scim, STATUS),
    route("issue-secret", "POST", "/admin/v1/AppClientSecretRegenerator", Scim, SECRETS),
    route("list-app-roles", "GET", "/admin/v1/AppRoles", Scim, READ),
    route("list-app-roles", "GET", "/admin/v1/AppRoles/{role}", Scim, READ),
    route("create-grant", "POST", "/admin/v1/Grants", Scim, GRANT),
    route("list-grants", "GET", "/admin/v1/Grants", Scim, GRANT),
    route("get-grant", "GET", "/admin/v1/Grants/{grant}", Scim, GRANT),
    route("delete-grant", "DELETE", "/admin/v1/Grants/{grant}", Scim, GRANT),
    route("describe-provider", "GET", "/admin/v1/ServiceProviderConfig", Scim, READ),
    route("describe-provider", "GET", "/admin/v1/Schemas", Scim, READ),
    route("describe-provider", "GET", "/admin/v1/Schemas/{id}", Scim, READ),
    route("describe-provider", "GET", "/admin/v1/ResourceTypes", Scim, READ),
    route("describe-provider", "GET", "/admin/v1/ResourceTypes/{id}", Scim, READ),
    route("token", "POST", "/oauth2/token", OAuth, Access::Client),
    route("token", "POST", "/oauth/service/token", OpenIdApps, Access::Client),
    route("introspect", "POST", "/oauth2/introspect", OAuth, Access::Client),
    route("revoke", "POST", "/oauth2/revoke", OAuth, Access::Client),
    route("discovery", "GET", "/oauth2/jwks", OAuth, Access::Public),
    route("discovery", "GET", "/.well-known/oauth-authorization-server", OAuth, Access::Public),
    route("discovery", "GET", "/.well-known/oauth-authorization-server/t/{tenant}", OAuth, Access::Public),
    route("discovery", "GET", "/.well-known/openid-configuration", OAuth, Access::Public),
    route("discovery", "GET", "/t/{tenant}/.well-known/openid-configuration", OAuth, Access::Public),
    route("discovery", "GET", "/", OAuth, Access::Public),
    route("discovery", "GET", "/health", OAuth, Access::Public),
    route("discovery", "GET", "/version", OAuth, Access::Public),
];

/// API Gateway's name of the route for what has none.
const DEFAULT: &str = "$default";

/// Where API Gateway sends what has no route: to [`nowhere`](crate::nowhere). It serves nothing, so it is no line
/// of [`ROUTES`].
pub static NOWHERE: Route = route("discovery", "ANY", DEFAULT, OAuth, Access::Public);

/// The route with this API Gateway key (`POST /v1/applications`).
pub fn by_key(key: &str) -> Option<&'static Route> {
    if key == DEFAULT {
        return Some(&NOWHERE);
    }
    let (method, path) = key.split_once(' ')?;
    ROUTES.iter().find(|r| r.method == method && r.path == path)
}

/// The route and decoded path parameters of a method and raw path, as API Gateway would find them.
///
/// For servers that have no gateway in front. A segment is compared as written; a parameter takes
/// any one segment that decodes to text without a slash. HEAD leads where GET does (RFC 9110 §9.3.2).
pub fn resolve(method: &str, path: &str) -> Option<(&'static Route, Vec<(String, String)>)> {
    let method = if method == "HEAD" { "GET" } else { method };
    let candidates = ROUTES.iter().filter(|route| route.method == method);
    // A literal segment wins over a parameter: fewest parameters first.
    candidates
        .filter_map(|route| Some((route, parameters(route.path, path)?)))
        .min_by_key(|(_, parameters)| parameters.len())
}

/// The dialect that answers for a path that leads nowhere: that of its neighbours.
pub fn dialect_of(path: &str) -> Dialect {
    let first = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
    let neighbour = ROUTES.iter().find(|route| first(route.path) == first(path));
    neighbour.map_or(Native, |route| route.dialect)
}

/// The routes whose pattern a path fits.
pub fn fitting(path: &str) -> impl Iterator<Item = &'static Route> {
    ROUTES
        .iter()
        .filter(move |route| parameters(route.path, path).is_some())
}

fn parameters(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut found = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(want), Some(got)) => {
                let name = want.strip_prefix('{').and_then(|w| w.strip_suffix('}'));
                match name {
                    None if want == got => {}
                    Some(name) => {
                        let value = percent_decode_str(got).decode_utf8().ok()?;
                        if value.is_empty() || value.contains('/') {
                            return None;
                        }
                        found.push((name.to_owned(), value.into_owned()));
                    }
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_routes() {
        let at = |method, path| resolve(method, path).map(|(route, p)| (route.path, p));
        assert_eq!(
            at("GET", "/v1/applications"),
            Some(("/v1/applications", vec![]))
        );
        assert_eq!(
            at("GET", "/v1/applications/my%61pp"),
            Some((
                "/v1/applications/{app}",
                vec![("app".into(), "myapp".into())]
            ))
        );
        // CVE-2026-33494: other spellings of a path pass for no route.
        for path in [
            "/v1/applications/",
            "//v1/applications",
            "/v1//applications",
            "/V1/applications",
            "/v1/applications/a%2fb",
            "/v1/applications/a/b",
            "/v1/%61pplications",
            "/v1/applications;x",
            "/v1/../v1/applications",
            "/v1/applications/%ff",
            "",
            "*",
            "$default",
        ] {
            assert_eq!(at("GET", path), None, "{path}");
        }
        assert_eq!(at("TRACE", "/v1/applications"), None);
        assert_eq!(at("ANY", "$default"), None);
        assert_eq!(at("HEAD", "/health"), Some(("/health", vec![])));
        assert_eq!(at("HEAD", "/oauth2/token"), None);
    }

    #[test]
    fn keys_are_unique() {
        for route in &ROUTES {
            let same = ROUTES.iter().filter(|r| r.key() == route.key());
            assert_eq!(same.count(), 1, "{route:?}");
            assert!(std::ptr::eq(by_key(&route.key()).unwrap(), route));
        }
    }
}
