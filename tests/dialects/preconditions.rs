//! `If-Match` (RFC 9110 §13.1.1) at every route that creates, changes or removes something of what is there:
//! of a client on the routes of clients, of the app on all others.

use api::routes::{ROUTES, Route};
use domain::ClientId;
use domain::Secret;
use testkit::{Registered, Value, json};

use crate::ground::{APP_SCHEMA, Ground, patch_op, scim};

/// What a matrix row is about: an app in another version than its further client, which has two secrets.
struct World {
    ground: Ground,
    made: Registered,
    client: ClientId,
    secret: String,
}

async fn world() -> World {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let further = ground.register_client(&made.app, "Backend", |_| ()).await;
    let client = further.id().clone();
    let secret = Secret::parse(&further.secret).unwrap().id().to_string();
    ground.issue(&client, None).await;
    let path = format!("/v1/applications/{}", made.id());
    let change = json!({"app_description": "new"});
    ground.expect(200, "PUT", &path, &change).await;
    ground.recorder.take();
    World {
        ground,
        made,
        client,
        secret,
    }
}

impl World {
    fn path(&self, route: &Route) -> String {
        let path = route
            .path
            .replace("{app}", &self.made.id())
            .replace("{client_id}", self.client.as_str())
            .replace("{secret_id}", &self.secret)
            .replace("{grant}", &format!("me.{}", self.made.id()));
        match (route.operation, route.path) {
            ("delete-app", "/admin/v1/Apps/{app}") => path + "?forceDelete=true",
            ("delete-app" | "delete-client", _) => path + "?force=true",
            _ => path,
        }
    }

    /// What succeeds where no version is asked for.
    fn body(&self, route: &Route) -> Value {
        let id = self.made.id();
        match (route.operation, route.path) {
            ("change-status", "/admin/v1/AppStatusChanger/{app}") => json!({
                "active": false,
                "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"],
            }),
            ("change-status", _) => json!({"active": false}),
            ("create-client", _) => {
                json!({"name": "New", "redirect_uris": ["https://new.example.com/cb"]})
            }
            ("create-grant", _) => crate::roles::grant(&id),
            ("issue-secret", "/admin/v1/AppClientSecretRegenerator") => json!({
                "appId": id,
                "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],
            }),
            ("update-resources", _) => json!({"resource_ids": ["urn:new"]}),
            ("update-app", "/admin/v1/Apps/{app}") if route.method == "PATCH" => {
                patch_op(&json!([{"op": "replace", "path": "description", "value": "newer"}]))
            }
            ("update-app", "/admin/v1/Apps/{app}") => {
                scim(&json!({"schemas": [APP_SCHEMA], "displayName": "Renamed"}))
            }
            ("update-app", "/platform/v1/apps/{app}") | ("update-client", _) => {
                json!({"name": "Renamed"})
            }
            ("update-app", _) => json!({"app_name": "Renamed"}),
            _ => Value::Null,
        }
    }

    async fn send(&self, route: &Route, if_match: &str) -> api::Response {
        let mut request = self.ground.to(route.method, &self.path(route));
        let body = self.body(route);
        if !body.is_null() && route.method == "PATCH" && route.path.starts_with("/v1/") {
            request = request.merge(&body);
        } else if !body.is_null() {
            request = request.json(&body);
        }
        if route.path == "/v1/clients" {
            // It names no app: it is about the caller's own.
            let held = ["apps:read", "apps:edit"];
            let own = self.ground.token(self.made.client_id(), &held).await;
            request = request.token(&own);
        }
        request.header("if-match", if_match).send().await
    }
}

/// Every route that writes to something that is there.
fn writing() -> impl Iterator<Item = &'static Route> {
    let elsewhere = ["create-app", "list-apps", "token", "introspect", "revoke"];
    ROUTES
        .iter()
        .filter(move |r| r.method != "GET" && !elsewhere.contains(&r.operation))
}

#[tokio::test]
async fn if_match_is_honoured_at_every_write_and_so_where_a_secret_is_issued() {
    let mut rows = 0;
    for route in writing() {
        let of_client = route.path.contains("{client_id}");
        let (current, other) = if of_client { (1, 2) } else { (2, 1) };
        let w = world().await;
        if route.operation == "delete-grant" {
            let body = crate::roles::grant(&w.made.id());
            w.ground
                .expect(201, "POST", "/admin/v1/Grants", &body)
                .await;
        }
        w.ground.recorder.take();
        for stale in [
            format!("\"{other}\""),
            "\"99\", \"98\"".into(),
            "\"nonsense\"".into(),
        ] {
            let response = w.send(route, &stale).await;
            assert_eq!(response.status, 412, "{route:?} {stale}: {}", response.body);
            let wrote = w.ground.recorder.summary().operations;
            // A condition that a write is refused by is one, too; nothing else may follow it.
            let conditional = ["change-status", "create-grant", "delete-grant"];
            assert!(
                conditional.contains(&route.operation)
                    || !wrote
                        .iter()
                        .any(|call| call.contains("Write") || call.starts_with("Update")),
                "{route:?}: {wrote:?}"
            );
        }
        let unchanged = w.ground.stored(&w.made.app).await.unwrap();
        assert_eq!(unchanged.version.to_string(), "2", "{route:?}");
        let list = format!("\"99\",\"{current}\"");
        let response = w.send(route, &list).await;
        assert!(response.status < 300, "{route:?} {list}: {}", response.body);
        rows += 1;
    }
    assert_eq!(rows, 29, "routes that write");
}

#[tokio::test]
async fn a_version_that_moves_between_the_read_and_the_secret_refuses_it() {
    let w = world().await;
    let table = &w.ground.registry.table;
    for client in [w.made.client_id(), &w.client] {
        let read = table.credentials(client).await.unwrap().unwrap();
        let path = format!("/v1/clients/{client}");
        w.ground
            .expect(200, "PUT", &path, &json!({"name": "Meanwhile"}))
            .await;
        let secrets = table::Secrets {
            all: read.secrets.clone(),
            ended: read.ended_secrets.clone(),
        };
        let saved = table.save_secrets(&read, &secrets, None).await;
        assert!(matches!(saved, Err(table::ChangeError::Stale)), "{saved:?}");
    }
}

#[tokio::test]
async fn a_repeated_issue_is_answered_as_the_first_though_the_version_has_moved() {
    let w = world().await;
    let path = format!("/v1/applications/myapp/clients/{}/secrets", w.client);
    let send = || {
        let request = w.ground.to("POST", &path).header("if-match", "\"1\"");
        request.header("idempotency-key", "once").send()
    };
    let first = send().await;
    assert_eq!(first.status, 201, "{}", first.body);
    let moved = format!("/v1/clients/{}", w.client);
    let change = json!({"name": "Moved"});
    w.ground.expect(200, "PUT", &moved, &change).await;
    let again = send().await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

const QUOTED: &str =
    "If-Match must be * or the quoted tag that the ETag header gave, quotes included: \"4\"";
const STRONG: &str =
    "If-Match must hold strong tags: send the tag as the ETag header gave it, without W/ before it";

/// Whether a refusal says exactly this, in the words of its dialect.
fn says(route: &Route, response: &api::Response, message: &str) {
    let shown = testkit::body(response);
    let expected = match route.path.split('/').nth(1) {
        Some("v1") => (
            400,
            json!([{"header": "If-Match", "code": "conflict", "message": message}]),
            &shown["errors"],
        ),
        Some("platform") => (
            422,
            json!([{"code": "invalid", "message": message}]),
            &shown["errors"],
        ),
        _ => (400, json!(message), &shown["detail"]),
    };
    assert_eq!(response.status, expected.0, "{route:?}: {}", response.body);
    assert_eq!(*expected.2, expected.1, "{route:?}");
}

/// What is no tag says nothing of whether something has changed, so the answer does not either.
#[tokio::test]
async fn an_if_match_that_is_no_strong_tag_is_refused_by_its_name_and_nothing_is_done() {
    let mut rows = 0;
    for route in writing() {
        let w = world().await;
        let scim = route.path.starts_with("/admin/");
        for tag in [
            "4",
            "nonsense",
            "\"1",
            "*,\"1\"",
            "\"1\" \"2\"",
            "w/\"1\"",
            " ",
        ] {
            says(route, &w.send(route, tag).await, QUOTED);
        }
        for tag in ["W/\"2\"", "\"99\",W/\"2\""] {
            let response = w.send(route, tag).await;
            if scim {
                assert!(![400, 422].contains(&response.status), "{route:?} {tag}");
            } else {
                says(route, &response, STRONG);
            }
        }
        if !scim {
            let unchanged = w.ground.stored(&w.made.app).await.unwrap();
            assert_eq!(unchanged.version.to_string(), "2", "{route:?}");
        }
        rows += 1;
    }
    assert_eq!(rows, 29, "routes that write");
}
