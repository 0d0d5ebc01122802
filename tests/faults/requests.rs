//! A request to every route that must succeed, and the runs that no route leads to.

use api::{ApiError, Request, routes::ROUTES};
use testkit::{Value, json};

use crate::world::{Snapshot, World, request, scim_app};

/// What is asked of a registry.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// A request, and what it is called.
    Route(String, Request),
    /// A run on a schedule or by hand.
    Run(Run),
}

/// The operations without a route.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    Sweep,
    RotateKeys,
    CreateTenant,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: bool,
    pub(crate) request_id: String,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Route(name, _) => name.clone(),
            Self::Run(run) => format!("{run:?}"),
        }
    }

    /// Whether a second request with the same key is the same request.
    pub(crate) fn is_keyed(&self) -> bool {
        match self {
            Self::Route(_, request) => {
                let header = request.route.dialect.idempotency_header();
                request.headers.contains_key(&header.to_ascii_lowercase())
            }
            Self::Run(_) => false,
        }
    }

    /// Whether its success shows a secret.
    pub(crate) fn makes_a_secret(&self) -> bool {
        self.is_keyed() || matches!(self, Self::Run(Run::CreateTenant))
    }

    /// Whether a 500 says by which id it can be found in the log.
    pub(crate) fn tells_an_id(&self, answer: &Answer) -> bool {
        match self {
            Self::Route(..) => answer.request_id == "request-1",
            Self::Run(_) => true,
        }
    }

    pub(crate) async fn send(&self, world: &World) -> Answer {
        match self {
            Self::Route(_, request) => {
                let response = world.send(request.clone()).await;
                Answer {
                    status: response.status,
                    retry_after: response.header("retry-after").is_some(),
                    request_id: response.header("x-request-id").unwrap_or_default().into(),
                    body: response.body,
                }
            }
            Self::Run(run) => {
                let registry = world.registry.clone();
                let done = match run {
                    Run::Sweep => sweep::handle(registry, sweep::Scheduled::default())
                        .await
                        .map(|swept| format!("{swept:?}")),
                    Run::RotateKeys => rotate_keys::handle(registry, rotate_keys::Scheduled {})
                        .await
                        .map(|rotated| format!("{rotated:?}")),
                    Run::CreateTenant => {
                        let tenant_id = domain::TenantId::parse("another").ok();
                        create_tenant::handle(registry, create_tenant::CreateTenant { tenant_id })
                            .await
                            .map(|made| made.client_secret)
                    }
                };
                Answer {
                    status: done.as_ref().err().map_or(200, ApiError::status),
                    // Whoever runs it runs it again.
                    retry_after: true,
                    request_id: String::new(),
                    body: done.unwrap_or_else(|e| e.to_text()),
                }
            }
        }
    }
}

trait ToText {
    fn to_text(&self) -> String;
}

impl ToText for ApiError {
    fn to_text(&self) -> String {
        format!("{self:?}")
    }
}

/// Every route and every run, some in more than one way.
pub(crate) fn every(snapshot: &Snapshot) -> Vec<Ask> {
    let mut asks = Vec::new();
    for route in &ROUTES {
        let (query, json) = of_route(route.operation, route.method, route.path);
        asks.push(ask(
            snapshot,
            route.method,
            &format!("{}{query}", route.path),
            &json,
        ));
    }
    for (method, path, json) in variants() {
        asks.push(ask(snapshot, method, path, &json));
    }
    let form = "grant_type=client_credentials&client_assertion_type=\
                urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                &client_assertion={assertion}";
    let mut assertion = request("POST", "/oauth2/token");
    post_form(&mut assertion, &snapshot.fill(form));
    asks.push(Ask::Route(
        "POST /oauth2/token with an assertion".into(),
        assertion,
    ));
    asks.extend([Run::Sweep, Run::RotateKeys, Run::CreateTenant].map(Ask::Run));
    asks
}

/// Other ways through an operation, with other calls.
fn variants() -> Vec<(&'static str, &'static str, Value)> {
    let rename = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "displayName", "value": "renamed"}],
    });
    let mut explicit = new_app("Explicit");
    explicit["app_code_name"] = json!("explicit");
    vec![
        ("PATCH", "/admin/v1/Apps/{scim}", rename),
        ("POST", "/v1/applications", explicit),
        ("POST", "/v1/applications", new_app("Seeded")),
        ("GET", "/v1/applications/{code_name}", Value::Null),
        (
            "PUT",
            "/v1/clients/{client_id}/resources",
            json!({"resource_ids": ["urn:b"]}),
        ),
        (
            "DELETE",
            "/v1/applications/{code_name}?force=true",
            Value::Null,
        ),
        ("GET", "/v1/applications?limit=1", Value::Null),
    ]
}

fn new_app(name: &str) -> Value {
    json!({
        "app_name": name, "client_display_name": name,
        "redirect_uris": ["https://app.example.com/cb"],
    })
}

/// The query and the body of a request to a route.
fn of_route(operation: &str, method: &str, path: &str) -> (&'static str, Value) {
    let scim = path.starts_with("/admin/");
    let platform = path.starts_with("/platform/");
    let none = ("", Value::Null);
    match operation {
        "create-app" if scim => ("", scim_app("another")),
        "create-app" | "update-app" if platform => (
            "",
            json!({"name": "New", "redirect_uri": "https://app.example.com/cb"}),
        ),
        "create-app" => ("", new_app("New")),
        "list-apps" if path.ends_with(".search") => (
            "",
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
                "filter": "displayName eq \"Seeded\"",
            }),
        ),
        "update-app" if scim && method == "PATCH" => (
            "",
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "replace", "path": "description", "value": "changed"}],
            }),
        ),
        "update-app" if scim => {
            let mut whole = scim_app("unique");
            whole["description"] = json!("changed");
            ("", whole)
        }
        "update-app" => ("", json!({"app_description": "changed"})),
        "delete-app" if scim => ("?forceDelete=true", Value::Null),
        "delete-app" | "delete-client" => ("?force=true", Value::Null),
        "create-client" => {
            let mut new = json!({"name": "New", "redirect_uris": ["https://app.example.com/cb"]});
            if path == "/v1/clients" {
                new["app_id"] = json!("{app}");
            }
            ("", new)
        }
        "list-clients" if path == "/v1/clients" => ("?app_id={app}", Value::Null),
        "update-client" => ("", json!({"description": "changed"})),
        "update-resources" => ("", json!({"resource_ids": ["urn:a"]})),
        "change-status" if scim => (
            "",
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"],
                "active": false,
            }),
        ),
        "change-status" => ("", json!({"active": false})),
        "issue-secret" if scim => (
            "",
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],
                "appId": "{scim}",
            }),
        ),
        "create-grant" => (
            "",
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],
                "app": {"value": "IDCSAppId"}, "grantMechanism": "ADMINISTRATOR_TO_APP",
                "entitlement": {"attributeName": "appRoles", "attributeValue": "me"},
                "grantee": {"type": "App", "value": "{app}"},
            }),
        ),
        "token" if path.starts_with("/oauth/") => (
            "",
            json!({"service_id": "{default_id}", "service_secret": "{secret}"}),
        ),
        _ => none,
    }
}

/// The request of a caller who may do this, under an idempotency key where there is one to take.
fn ask(snapshot: &Snapshot, method: &str, path: &str, json: &Value) -> Ask {
    let scim = path.starts_with("/admin/");
    let ids = match path {
        path if path.starts_with("/admin/v1/Schemas") => {
            "urn:ietf:params:scim:schemas:oracle:idcs:App"
        }
        _ => "App",
    };
    let named = path.replace("{id}", ids);
    let named = if scim {
        named.replace("{app}", "{scim}")
    } else {
        named
    };
    let mut asked = request(method, &snapshot.fill(&named));
    let operation = asked.route.operation;
    match operation {
        "token" if path == "/oauth2/token" => {
            snapshot.authorize(&mut asked, "{basic}");
            post_form(&mut asked, "grant_type=client_credentials");
        }
        "introspect" | "revoke" => {
            snapshot.authorize(&mut asked, "{basic}");
            post_form(&mut asked, &snapshot.fill("token={own}"));
        }
        "discovery" | "token" => {}
        _ => snapshot.authorize(&mut asked, "Bearer {admin}"),
    }
    if !json.is_null() {
        let media = if scim {
            "application/scim+json"
        } else {
            "application/json"
        };
        let media = if method == "PATCH" && !scim {
            "application/merge-patch+json"
        } else {
            media
        };
        asked.headers.insert("content-type".into(), media.into());
        asked.body = snapshot.fill(&json.to_string()).into_bytes();
    }
    if ["create-app", "create-client", "issue-secret"].contains(&operation) {
        let header = asked.route.dialect.idempotency_header();
        asked
            .headers
            .insert(header.to_ascii_lowercase(), "one-key".into());
    }
    Ask::Route(format!("{method} {path}"), asked)
}

fn post_form(request: &mut Request, form: &str) {
    let media = "application/x-www-form-urlencoded";
    request.headers.insert("content-type".into(), media.into());
    request.body = form.as_bytes().to_vec();
}
