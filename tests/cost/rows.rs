//! What each route reads, so that the search knows what to vary. A route without a row is a failure.

use api::{Route, dialect::Dialect};
use testkit::{Value, json};

use crate::bodies::{Shape, scim};

/// One route as the search sees it.
pub(crate) struct Row {
    pub(crate) shape: Shape,
    /// A body that is right but for what the parts add.
    pub(crate) base: Value,
    /// Names of members, parameters or paths.
    pub(crate) names: &'static [&'static str],
}

const APP: &[&str] = &[
    "redirect_uris",
    "client_scopes",
    "service_providers",
    "resource_ids",
    "app_description",
    "authenticator_preferences",
    "device_authorization",
    "jwks",
    "app_name",
    "client_grant_types",
    "login_uri",
    "unknown",
];
const CLIENT: &[&str] = &[
    "redirect_uris",
    "post_logout_redirect_uris",
    "scopes",
    "resources",
    "jwks",
    "response_types",
    "description",
    "device_authorization",
    "name",
    "grant_types",
    "unknown",
];
const OPENID: &[&str] = &[
    "oauth_redirect_uris",
    "scopes",
    "name",
    "redirect_uri",
    "trusted",
    "unknown",
];
const SCIM: &[&str] = &[
    "redirectUris",
    "tags",
    "allowedScopes",
    "scopes",
    "certificates",
    "postLogoutRedirectUris",
    "schemas",
    "description",
    "displayName",
    "basedOnTemplate",
    "unknown",
];
const PATHS: &[&str] = &[
    "tags",
    "tags.x",
    "tags[key pr]",
    "tags[key pr].x",
    "redirectUris",
    "allowedScopes",
    "unknown",
    "unknown.x",
    "scopes",
    "basedOnTemplate",
    "displayName",
];
const FORM: &[&str] = &[
    "scope",
    "resource",
    "client_id",
    "client_secret",
    "client_assertion",
    "token",
    "grant_type",
    "token_type_hint",
    "unknown",
];
const SEARCH: &[&str] = &[
    "filter",
    "attributes",
    "excludedAttributes",
    "sortBy",
    "schemas",
    "count",
    "unknown",
];
const LIST: &[&str] = &[
    "filter",
    "attributes",
    "cursor",
    "app_name",
    "limit",
    "app_code_name",
    "client_id",
    "unknown",
];

fn row(shape: Shape, base: Value, names: &'static [&'static str]) -> Row {
    Row { shape, base, names }
}

/// What a route reads.
pub(crate) fn of(route: &Route) -> Option<Row> {
    use Dialect::{Native, OAuth, OpenIdApps, Scim};
    use Shape::{Bare, Form, Json, Patch, Query};
    let uris = || json!(["https://app.example.com/cb"]);
    Some(match (route.operation, route.dialect, route.method) {
        ("create-app", Native, _) => row(
            Json,
            json!({"app_name": "Made", "client_display_name": "Made", "redirect_uris": uris()}),
            APP,
        ),
        ("update-app", Native, _) => row(Json, json!({}), APP),
        ("create-app" | "update-app", OpenIdApps, _) => row(
            Json,
            json!({"name": "Made", "redirect_uri": "https://app.example.com/cb"}),
            OPENID,
        ),
        ("create-app", Scim, _) => row(Json, scim("Made"), SCIM),
        ("update-app", Scim, "PATCH") => row(Patch, json!({}), PATHS),
        ("update-app", Scim, _) => row(Json, scim("Seeded"), SCIM),
        ("create-client", ..) => row(
            Json,
            json!({"name": "Made", "redirect_uris": uris()}),
            CLIENT,
        ),
        ("update-client", ..) => row(Json, json!({}), CLIENT),
        ("update-resources", ..) => row(Json, json!({}), &["resource_ids", "resources", "unknown"]),
        ("change-status", Native, _) => row(
            Json,
            json!({"active": true}),
            &["reason", "active", "unknown"],
        ),
        ("change-status", ..) => row(
            Json,
            json!({"active": true, "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"]}),
            &["schemas", "active", "unknown"],
        ),
        ("issue-secret", Native, _) => row(Json, json!({}), &["expires_in", "unknown"]),
        ("issue-secret", ..) => row(
            Json,
            json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"]}),
            &["appId", "schemas", "unknown"],
        ),
        ("create-grant", ..) => row(
            Json,
            json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:Grant"]}),
            &["grantee", "entitlement", "app", "grantMechanism", "unknown"],
        ),
        ("list-apps", Scim, "POST") => row(
            Json,
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}),
            SEARCH,
        ),
        (
            "list-apps" | "list-clients" | "list-secrets" | "list-app-roles" | "list-grants"
            | "get-app" | "get-client" | "get-grant" | "describe-provider",
            ..,
        ) => row(Query, json!({}), LIST),
        ("delete-app" | "delete-client" | "revoke-secret" | "delete-grant", ..) => {
            row(Query, json!({}), &["force", "forceDelete", "unknown"])
        }
        ("token", OpenIdApps, _) => row(
            Json,
            json!({}),
            &["service_id", "service_secret", "unknown"],
        ),
        ("token" | "introspect" | "revoke", OAuth, _) => {
            row(Form, json!("grant_type=client_credentials"), FORM)
        }
        ("discovery", ..) => row(Bare, json!({}), &["unknown"]),
        _ => return None,
    })
}
