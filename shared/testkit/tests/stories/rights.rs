//! Who may do what: every caller at every route that changes things, by exact status.

use domain::{TenantId, scopes};
use testkit::{Registered, RegisteredClient, answer, refusal};

use super::*;

/// Whom a route lets in, besides the management application.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    /// Nobody.
    Tenant,
    /// The app's own clients.
    OwnApp,
    /// Clients of an app, to their own: nothing names one, so of management it is asked which.
    Callers,
}

/// Method, path, body, scope, reach and the status of a success.
type Row = (&'static str, &'static str, Value, &'static str, Reach, u16);

#[rustfmt::skip]
const ROWS: [(&str, &str, &str, &str, Reach, u16); 31] = [
    ("PUT", "/v1/applications/{app}", NAME_APP, scopes::EDIT, Reach::OwnApp, 200),
    ("PATCH", "/v1/applications/{app}", NAME_APP, scopes::EDIT, Reach::OwnApp, 200),
    ("DELETE", "/v1/applications/{app}?force=true", "", scopes::DELETE, Reach::Tenant, 204),
    ("PUT", "/v1/applications/{app}/resources", RESOURCES, scopes::ACCESS, Reach::OwnApp, 200),
    ("PUT", "/v1/applications/{app}/status", OFF, scopes::EDIT, Reach::Tenant, 200),
    ("POST", "/v1/applications/{app}/clients", CLIENT, scopes::EDIT, Reach::OwnApp, 201),
    ("GET", "/v1/applications/{app}/clients", "", scopes::READ, Reach::OwnApp, 200),
    ("GET", "/v1/applications/{app}/clients/{client}", "", scopes::READ, Reach::OwnApp, 200),
    ("PUT", "/v1/applications/{app}/clients/{client}", NAME, scopes::EDIT, Reach::OwnApp, 200),
    ("PATCH", "/v1/applications/{app}/clients/{client}", NAME, scopes::EDIT, Reach::OwnApp, 200),
    ("DELETE", "/v1/applications/{app}/clients/{client}?force=true", "", scopes::EDIT, Reach::OwnApp, 204),
    ("PUT", "/v1/applications/{app}/clients/{client}/resources", RESOURCES, scopes::ACCESS, Reach::OwnApp, 200),
    ("PUT", "/v1/applications/{app}/clients/{client}/status", OFF, scopes::EDIT, Reach::Tenant, 200),
    ("POST", "/v1/applications/{app}/clients/{client}/secrets", "{}", scopes::SECRETS, Reach::OwnApp, 201),
    ("GET", "/v1/applications/{app}/clients/{client}/secrets", "", scopes::SECRETS, Reach::OwnApp, 200),
    ("GET", "/v1/applications/{app}/clients/{client}/secrets/{secret}", "", scopes::SECRETS, Reach::OwnApp, 200),
    ("DELETE", "/v1/applications/{app}/clients/{client}/secrets/{secret}", "", scopes::SECRETS, Reach::OwnApp, 204),
    ("POST", "/v1/clients", CLIENT, scopes::EDIT, Reach::Callers, 201),
    ("GET", "/v1/clients", "", scopes::READ, Reach::Callers, 200),
    ("POST", "/v1/clients", CLIENT_OF_OWN, scopes::EDIT, Reach::OwnApp, 201),
    ("GET", "/v1/clients?app_id={app}", "", scopes::READ, Reach::OwnApp, 200),
    ("GET", "/v1/clients/{client}", "", scopes::READ, Reach::OwnApp, 200),
    ("PUT", "/v1/clients/{client}", NAME, scopes::EDIT, Reach::OwnApp, 200),
    ("PATCH", "/v1/clients/{client}", NAME, scopes::EDIT, Reach::OwnApp, 200),
    ("DELETE", "/v1/clients/{client}?force=true", "", scopes::EDIT, Reach::OwnApp, 204),
    ("PUT", "/v1/clients/{client}/resources", RESOURCES, scopes::ACCESS, Reach::OwnApp, 200),
    ("PUT", "/v1/clients/{client}/status", OFF, scopes::EDIT, Reach::Tenant, 200),
    ("POST", "/v1/clients/{client}/secrets", "{}", scopes::SECRETS, Reach::OwnApp, 201),
    ("GET", "/v1/clients/{client}/secrets", "", scopes::SECRETS, Reach::OwnApp, 200),
    ("GET", "/v1/clients/{client}/secrets/{secret}", "", scopes::SECRETS, Reach::OwnApp, 200),
    ("DELETE", "/v1/clients/{client}/secrets/{secret}", "", scopes::SECRETS, Reach::OwnApp, 204),
];

const NAME_APP: &str = r#"{"app_name": "New"}"#;
const NAME: &str = r#"{"name": "New"}"#;
const RESOURCES: &str = r#"{"resource_ids": ["urn:a"]}"#;
const OFF: &str = r#"{"active": false}"#;
/// Within the rights of every app here.
const CLIENT: &str = r#"{
    "name": "New", "redirect_uris": ["https://app.example.com/cb"],
    "grant_types": ["client_credentials"]
}"#;

/// The same, of the app that the body names.
const CLIENT_OF_OWN: &str = r#"{
    "app_id": "own", "name": "New", "redirect_uris": ["https://app.example.com/cb"],
    "grant_types": ["client_credentials"]
}"#;

fn rows() -> impl Iterator<Item = Row> {
    ROWS.into_iter()
        .map(|(method, path, body, scope, reach, status)| {
            let body = serde_json::from_str(body).unwrap_or_default();
            (method, path, body, scope, reach, status)
        })
}

/// An app, its second client with a second secret, and those who are not its own.
struct World {
    app: TestApp,
    own: Registered,
    client: RegisteredClient,
    secret: String,
    other: Registered,
    tenant: TenantId,
    theirs: domain::ClientId,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let ordinary = |create: &mut domain::CreateApp| {
            let all = scopes::ORDINARY.map(|s| domain::Scope::parse(s).unwrap());
            create.client.scopes = all.into();
        };
        let own = app.register("Own", ordinary).await;
        let client = app.register_client(&own.app, "Second", |_| ()).await;
        let secret = app.issue(client.id(), None).await.id().to_string();
        let other = app.register("Other", ordinary).await;
        let foreign = app.tenant("foreign").await;
        let (tenant, theirs) = (foreign.tenant_id, foreign.client_id);
        Self {
            app,
            own,
            client,
            secret,
            other,
            tenant,
            theirs,
        }
    }

    fn path(&self, pattern: &str, by: &str) -> String {
        pattern
            .replace("{app}", by)
            .replace("{client}", self.client.id().as_str())
            .replace("{secret}", &self.secret)
    }

    async fn token(&self, who: Who, scopes: &[&str]) -> String {
        match who {
            Who::Management => self.app.token(&self.app.management.client_id, scopes).await,
            Who::Own => self.app.token(self.own.client_id(), scopes).await,
            Who::Other => self.app.token(self.other.client_id(), scopes).await,
            Who::Foreign => self.app.token_in(&self.tenant, &self.theirs, scopes).await,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Management,
    Own,
    Other,
    Foreign,
}

impl Who {
    /// The scopes that its client holds.
    fn holds(self) -> &'static [&'static str] {
        match self {
            Self::Management | Self::Foreign => &scopes::MANAGEMENT,
            Self::Own | Self::Other => &scopes::ORDINARY,
        }
    }
}

/// What the contract says of a caller at a route.
fn expected(row: &Row, who: Who, scopes: &[&str]) -> (u16, &'static str) {
    let (method, path, _, scope, reach, success) = row;
    let holds = |scope: &str| scopes.contains(&scope) && who.holds().contains(&scope);
    // A secret takes what the client can, which is to read and to edit.
    let yields = *method == "POST" && path.ends_with("/secrets");
    let beyond = yields && !(holds(scopes::READ) && holds(scopes::EDIT) || holds(scopes::TRUST));
    let reached = matches!(who, Who::Management | Who::Own);
    let of_management = matches!(who, Who::Management | Who::Foreign);
    match (holds(scope), reach, who) {
        (_, Reach::Tenant, Who::Own | Who::Other) => (403, "forbidden"),
        (false, ..) => (403, "insufficient-scope"),
        (true, ..) if beyond && reached => (403, "insufficient-scope"),
        (true, Reach::Callers, _) if of_management => (400, "invalid-request"),
        (true, Reach::Callers, _) | (true, _, Who::Management | Who::Own) => (*success, ""),
        (true, ..) => (404, "not-found"),
    }
}

#[tokio::test]
async fn every_caller_at_every_route_gets_its_exact_status() {
    let mut world = World::new().await;
    for row in rows() {
        let mut callers: Vec<(Who, Vec<&str>)> = Vec::new();
        for who in [Who::Management, Who::Own, Who::Other, Who::Foreign] {
            callers.push((who, scopes::MANAGEMENT.into()));
            callers.push((who, Vec::new()));
            callers.extend(scopes::MANAGEMENT.iter().map(|one| (who, vec![*one])));
            let others = scopes::MANAGEMENT.iter().filter(|s| **s != row.3);
            callers.push((who, others.copied().collect()));
        }
        for (who, scopes) in callers {
            // Without the scope the path is not even looked at.
            let spellings = if scopes.contains(&row.3) { 2 } else { 1 };
            for by in [world.own.id(), "own".into()].into_iter().take(spellings) {
                let before = world.app.items();
                let token = world.token(who, &scopes).await;
                let path = world.path(row.1, &by);
                let mut request = call(&world.app, row.0, &path).token(&token);
                if !row.2.is_null() {
                    request = request.json(&row.2);
                }
                let response = request.send().await;
                let (status, code) = expected(&row, who, &scopes);
                let at = format!("{who:?} with {scopes:?} at {} {path}", row.0);
                assert_eq!(response.status, status, "{at}: {}", response.body);
                if code.is_empty() {
                    // What the next caller would miss is made anew.
                    let used_up = ["status", "secrets"].iter().any(|end| row.1.ends_with(end));
                    if row.0 == "DELETE" || used_up && row.0 != "GET" {
                        world = World::new().await;
                    }
                } else {
                    assert_eq!(refusal(&response).1, code, "{at}");
                    assert_eq!(world.app.items(), before, "{at}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_anothers_answers_exactly_as_what_never_was() {
    let world = World::new().await;
    let app = &world.app;
    let foreign = app.register_in(&world.tenant, "Hidden", |_| ()).await;
    let theirs = app.register_client(&foreign.app, "Theirs", |_| ()).await;
    let secret = app.issue(theirs.id(), None).await.id().to_string();
    let unknown_app = "01900000-0000-7000-8000-000000000000";
    let unknown_client = "01900000000070008000000000000000.0190b5a47c3e0000000000";
    for (method, pattern, body, ..) in rows() {
        if !pattern.contains('{') {
            continue;
        }
        let fill = |by: &str, client: &str, secret: &str| {
            let path = pattern.replace("{app}", by).replace("{client}", client);
            path.replace("{secret}", secret)
        };
        let ask = async |who: Who, path: String| {
            let token = world.token(who, who.holds()).await;
            let mut request = call(app, method, &path).token(&token);
            if !body.is_null() {
                request = request.json(&body);
            }
            answer(&request.send().await)
        };
        for who in [Who::Management, Who::Own] {
            let nothing = ask(who, fill(unknown_app, unknown_client, "aaaaaaaaaa")).await;
            let reached = nothing.0 == 404;
            assert!(
                reached || who == Who::Own && nothing.0 == 403,
                "{nothing:?}"
            );
            let mut hidden = vec![
                fill(&foreign.id(), theirs.id().as_str(), &secret),
                fill("hidden", theirs.id().as_str(), &secret),
                fill(unknown_app, theirs.id().as_str(), &secret),
                fill(&foreign.id(), foreign.client_id().as_str(), &secret),
                fill("nosuchapp", unknown_client, "aaaaaaaaaa"),
            ];
            if who == Who::Own {
                let other = world.other.client_id().as_str();
                hidden.push(fill(&world.other.id(), other, "aaaaaaaaaa"));
                hidden.push(fill("other", other, "aaaaaaaaaa"));
            }
            for path in hidden {
                assert_eq!(
                    ask(who, path.clone()).await,
                    nothing,
                    "{who:?} {method} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_widens_an_apps_rights_takes_trust_and_resources_take_access() {
    let world = World::new().await;
    let app = &world.app;
    let by_app = format!("/v1/applications/{}", world.own.id());
    let by_client = format!("/v1/clients/{}", world.client.id());
    let mut ways = vec![
        (&by_app, json!({"trusted": true}), scopes::TRUST),
        (
            &by_app,
            json!({"client_grant_types": ["client_credentials"]}),
            scopes::TRUST,
        ),
        (
            &by_app,
            json!({"client_scopes": ["apps:read"]}),
            scopes::TRUST,
        ),
        (&by_app, json!({"resources": ["urn:b"]}), scopes::ACCESS),
        (
            &by_client,
            json!({"grant_types": ["client_credentials"]}),
            scopes::TRUST,
        ),
        (&by_client, json!({"scopes": ["photos"]}), scopes::TRUST),
        (&by_client, json!({"resources": ["urn:b"]}), scopes::ACCESS),
    ];
    // Wrapped in other changes, or by a reset, it takes the same.
    ways.push((
        &by_app,
        json!({"app_name": "x", "client_scopes": []}),
        scopes::TRUST,
    ));
    ways.push((
        &by_client,
        json!({"name": "x", "resources": ["urn:c"]}),
        scopes::ACCESS,
    ));
    for (path, change, scope) in ways {
        for method in ["PUT", "PATCH"] {
            let ask = async |who, scopes: &[&str]| {
                let token = world.token(who, scopes).await;
                let request = call(app, method, path).token(&token).json(&change);
                request.send().await
            };
            let all_but: Vec<_> = scopes::MANAGEMENT
                .into_iter()
                .filter(|s| *s != scope)
                .collect();
            let before = app.items();
            for (who, scopes) in [
                (Who::Management, vec![scopes::EDIT]),
                (Who::Management, all_but),
                (Who::Own, vec![scopes::EDIT]),
            ] {
                let response = ask(who, &scopes).await;
                // No token of an ordinary app can ever carry trust.
                if who == Who::Own && scope == scopes::TRUST {
                    assert_eq!(refusal(&response), (403, "forbidden".into()), "{change}");
                    continue;
                }
                assert_eq!(
                    refusal(&response),
                    (403, "insufficient-scope".into()),
                    "{change}"
                );
                let challenge = response.header("www-authenticate").unwrap();
                assert!(
                    challenge.contains(&format!("scope=\"{scope}")),
                    "{challenge}"
                );
            }
            // No client of an ordinary app can hold trust; access it can.
            let own = ask(Who::Own, &scopes::MANAGEMENT).await;
            if scope == scopes::TRUST {
                assert_eq!(refusal(&own), (403, "forbidden".into()));
                assert_eq!(app.items(), before);
            } else {
                assert_eq!(own.status, 200, "{}", own.body);
            }
            let response = ask(Who::Management, &[scopes::EDIT, scope]).await;
            assert_eq!(response.status, 200, "{}", response.body);
            // Said again it changes no right, so that editing is enough.
            assert_eq!(ask(Who::Management, &[scopes::EDIT]).await.status, 200);
            assert_eq!(ask(Who::Own, &[scopes::EDIT]).await.status, 200);
            let undo = json!({
                "trusted": false, "client_grant_types": ["authorization_code"],
                "client_scopes": scopes::ORDINARY, "resources": [],
            });
            result(&call(app, "PUT", &by_app).json(&undo).send().await, 200);
            let undo = json!({
                "grant_types": ["authorization_code"], "scopes": ["apps:read"], "resources": [],
            });
            result(&call(app, "PUT", &by_client).json(&undo).send().await, 200);
        }
    }
}

#[tokio::test]
async fn what_a_client_lost_its_tokens_lose_within_half_a_minute() {
    let world = World::new().await;
    let app = &world.app;
    let path = format!("/v1/applications/{}", world.own.id());
    let token = world.token(Who::Own, &scopes::ORDINARY).await;
    let own = async || call(app, "GET", &path).token(&token).send().await.status;
    assert_eq!(own().await, 200);
    let change = json!({"client_scopes": ["photos"]});
    result(&call(app, "PUT", &path).json(&change).send().await, 200);
    app.clock.advance(30);
    assert_eq!(own().await, 403);
}
