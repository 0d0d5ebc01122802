//! Every route that asks for a scope, against every token that must not open it. Authorization comes
//! before the handler, so a handler that only counts its calls stands in for all of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use api::{
    Response, Route,
    dialect::Dialect,
    routes::{Access, ROUTES, Reach, by_key},
};
use domain::{Scope, scopes};
use testkit::{TestApp, TestRequest, body, json};

/// The routes that ask for a scope.
fn guarded() -> impl Iterator<Item = (&'static Route, &'static str, Reach)> {
    ROUTES.iter().filter_map(|route| match route.access {
        Access::Scope(scope, reach) => Some((route, scope, reach)),
        Access::Public | Access::Client => None,
    })
}

/// A path of the route.
fn path(route: &Route) -> String {
    let segments = route.path.split('/');
    let filled = segments.map(|part| if part.starts_with('{') { "x" } else { part });
    filled.collect::<Vec<_>>().join("/")
}

/// A handler that counts its calls.
struct Counter(Arc<AtomicUsize>);

impl Counter {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn request<'a>(&self, app: &'a TestApp, route: &Route) -> TestRequest<'a> {
        let calls = Arc::clone(&self.0);
        let handle = move |_, _| {
            calls.fetch_add(1, Ordering::SeqCst);
            async { Ok(Response::empty(204)) }
        };
        app.request(handle, route.method, &path(route))
    }

    fn taken(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

#[test]
fn every_route_outside_oauth_asks_for_a_scope() {
    for route in &ROUTES {
        let open = [
            "/oauth2/",
            "/oauth/",
            "/.well-known/",
            "/t/{tenant}/.well-known/",
        ];
        // What this is and whether it runs, without a word of anybody's data.
        let front = ["/", "/health", "/version"].contains(&route.path);
        let may_be_open = front || open.iter().any(|start| route.path.starts_with(start));
        let guarded = matches!(route.access, Access::Scope(..));
        assert!(guarded || may_be_open, "{route:?} is open");
    }
}

#[tokio::test]
async fn a_bad_token_is_answered_by_401_and_a_challenge_on_every_route() {
    let app = TestApp::new().await;
    let bad = app.bad_tokens().await;
    assert!(bad.len() > 60);
    let handler = Counter::new();
    app.recorder.take();
    for (route, ..) in guarded() {
        for token in &bad {
            let why = format!("{route:?}: {}", token.why);
            let header = token.authorization.as_deref().unwrap_or_default();
            let request = handler.request(&app, route).header("authorization", header);
            let response = request.send().await;
            assert_eq!(response.status, 401, "{why}");
            let challenge = response.header("www-authenticate").unwrap();
            // RFC 6750 §3.1: no error code for a request that brought no token, or credentials of another kind.
            match token.authorization.as_deref() {
                None => assert_eq!(challenge, "Bearer realm=\"roster\"", "{why}"),
                Some(sent) if sent.starts_with("Basic ") => {
                    assert_eq!(challenge, "Bearer realm=\"roster\"", "{why}");
                }
                Some(_) => assert!(
                    challenge.starts_with("Bearer realm=\"roster\", error=\"invalid_token\", "),
                    "{why}: {challenge}"
                ),
            }
            let shown = body(&response);
            match route.dialect {
                Dialect::Native => assert_eq!(shown["error_code"], 401, "{why}"),
                Dialect::OpenIdApps => assert_eq!(shown["success"], false, "{why}"),
                Dialect::Scim => assert_eq!(shown["status"], "401", "{why}"),
                Dialect::OAuth => assert_eq!(shown["error"], "invalid_token", "{why}"),
            }
        }
    }
    assert_eq!(handler.taken(), 0);
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn the_same_token_whole_opens_every_route() {
    let app = TestApp::new().await;
    let handler = Counter::new();
    for (route, ..) in guarded() {
        let response = handler.request(&app, route).send().await;
        assert_eq!(response.status, 204, "{route:?}");
        assert_eq!(handler.taken(), 1);
    }
}

#[tokio::test]
async fn a_token_without_the_scope_of_a_route_is_told_which_one_it_needs() {
    let app = TestApp::new().await;
    let handler = Counter::new();
    let client = &app.management.client_id;
    for (route, scope, _) in guarded() {
        let others: Vec<_> = scopes::MANAGEMENT
            .into_iter()
            .filter(|s| *s != scope)
            .collect();
        // A longer or shorter name is another scope.
        let near = [
            format!("{scope}s"),
            scope[..scope.len() - 1].to_owned(),
            scope.to_uppercase(),
        ];
        let near: Vec<_> = near.iter().map(String::as_str).collect();
        for held in [others, near, Vec::new()] {
            let token = app.token(client, &held).await;
            let response = handler.request(&app, route).token(&token).send().await;
            assert_eq!(response.status, 403, "{route:?} {held:?}");
            assert_eq!(
                response.header("www-authenticate").unwrap(),
                format!("Bearer realm=\"roster\", error=\"insufficient_scope\", scope=\"{scope}\""),
            );
        }
        assert_eq!(handler.taken(), 0);
        let token = app.token(client, &[scope]).await;
        let response = handler.request(&app, route).token(&token).send().await;
        assert_eq!(response.status, 204, "{route:?} with {scope} alone");
        assert_eq!(handler.taken(), 1);
    }
}

#[tokio::test]
async fn a_scope_that_the_client_does_not_hold_any_more_is_worth_nothing() {
    let app = TestApp::new().await;
    let handler = Counter::new();
    let theirs = app
        .register("Theirs", |app| app.client.scopes.clear())
        .await;
    let token = app.token(theirs.client_id(), &scopes::MANAGEMENT).await;
    for (route, ..) in guarded() {
        let response = handler.request(&app, route).token(&token).send().await;
        assert_eq!(response.status, 403, "{route:?}");
    }
    assert_eq!(handler.taken(), 0);
}

#[tokio::test]
async fn routes_about_a_whole_tenant_refuse_other_apps_whatever_their_scopes() {
    let app = TestApp::new().await;
    let handler = Counter::new();
    let every = scopes::MANAGEMENT.map(|s| Scope::parse(s).unwrap());
    let theirs = app
        .register("Theirs", |app| app.client.scopes = every.into())
        .await;
    let token = app.token(theirs.client_id(), &scopes::MANAGEMENT).await;
    for (route, _, reach) in guarded() {
        let response = handler.request(&app, route).token(&token).send().await;
        match reach {
            Reach::OwnApp => assert_eq!(response.status, 204, "{route:?}"),
            Reach::Tenant => {
                assert_eq!(response.status, 403, "{route:?}");
                assert_eq!(handler.taken(), 0);
                if route.dialect == Dialect::Native {
                    assert_eq!(
                        body(&response)["type"],
                        json!("urn:roster:problem:forbidden")
                    );
                }
            }
        }
        handler.taken();
    }
}

#[tokio::test]
async fn a_caller_is_read_again_after_thirty_seconds_and_refused_when_switched_off() {
    let app = TestApp::new().await;
    let handler = Counter::new();
    let theirs = app.register("Theirs", |_| ()).await;
    let token = app.token(theirs.client_id(), &["apps:read"]).await;
    let route = by_key("GET /v1/applications/{app}").unwrap();
    for (seconds, switched, reads, status) in [
        (0, None, 1, 204),
        (29, Some(false), 0, 204),
        (1, None, 1, 401),
        (29, Some(true), 0, 401),
        (1, None, 1, 204),
    ] {
        if let Some(active) = switched {
            app.switch(&theirs.app, active).await;
        }
        app.clock.advance(seconds);
        let response = handler.request(&app, route).token(&token).send().await;
        assert_eq!(response.status, status);
        let operations = app.recorder.summary().operations;
        assert_eq!(operations, vec!["BatchGetItem"; reads], "{seconds} s later");
    }
}
