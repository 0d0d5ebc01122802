//! What `docs/SECURITY.md` promises of every dialect and route at once.

use api::{
    Response,
    routes::{Access, ROUTES, Route},
};
use testkit::{Value, body, json};

use crate::ground::{APP_SCHEMA, Ground, NATIVE, SCIM, laid, patch_op, scim, text};

/// Lesson 6: URIs that run something, or open a file, wherever they are followed.
const RUNS: [&str; 6] = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
];

/// The members of a client in the native dialect that take a URI, with one in each.
fn client_members(uri: &str) -> Vec<Value> {
    let nested = |name: &str, member: &str| json!({ name: { "enabled": false, member: uri } });
    vec![
        json!({ "redirect_uris": [uri] }),
        json!({ "post_logout_redirect_uris": [uri] }),
        json!({ "logout_uri": uri }),
        nested("device_authorization", "approval_uri"),
        nested("device_authorization", "success_uri"),
        nested("device_authorization", "input_uri"),
        nested("ciba_authorization", "login_uri"),
    ]
}

/// The members in the SCIM dialect that take a URI, with one in each and every scheme allowed.
fn scim_members(uri: &str) -> Vec<Value> {
    let with = |name: &str, value: Value| json!({ name: value, "allUrlSchemesAllowed": true });
    vec![
        with("redirectUris", json!([uri])),
        with("postLogoutRedirectUris", json!([uri])),
        with("logoutUri", json!(uri)),
    ]
}

// CVE-2024-21637, CVE-2026-29192: stored at registration, run when followed.
#[tokio::test]
async fn no_member_of_any_dialect_takes_a_uri_that_runs() {
    let ground = Ground::new().await;
    let native = json!({
        "app_name": "My app", "client_display_name": "c", "redirect_uris": ["https://a.example/cb"],
    });
    let made = ground.expect(201, "POST", NATIVE, &native).await;
    let app = format!("{NATIVE}/{}", text(&made["result"]["app_id"]));
    let client = format!("/v1/clients/{}", text(&made["result"]["client_id"]));
    let made = ground.scim_app(&json!({})).await;
    let in_scim = format!("{SCIM}/{}", text(&made["id"]));
    let before = ground.items();
    for uri in RUNS {
        for member in client_members(uri) {
            let new = json!({
                "name": "c", "redirect_uris": ["https://a.example/cb"], "client_type": "native",
            });
            let new = laid(new, &member);
            ground
                .expect(400, "POST", &format!("{app}/clients"), &new)
                .await;
            ground.expect(400, "PUT", &client, &member).await;
        }
        for member in [json!({ "logo": uri }), json!({ "login_uri": uri })] {
            ground.expect(400, "PUT", &app, &member).await;
        }
        for member in scim_members(uri) {
            let other = laid(scim(&member), &json!({"displayName": "another"}));
            ground.expect(400, "POST", SCIM, &other).await;
            ground.expect(400, "PUT", &in_scim, &scim(&member)).await;
            let operations = json!([{"op": "replace", "value": member}]);
            ground
                .expect(400, "PATCH", &in_scim, &patch_op(&operations))
                .await;
        }
    }
    assert_eq!(ground.items(), before);
}

/// Text that would run in a page, as it stands in a path.
const SCRIPT: &str = "%3Cscript%3Ealert(1)";

/// What a route answers to a request that is script wherever it can be.
pub(crate) async fn answers(ground: &Ground, route: &Route) -> Vec<Response> {
    let segments = route.path.split('/');
    let filled = segments.map(|part| if part.starts_with('{') { SCRIPT } else { part });
    let path = filled.collect::<Vec<_>>().join("/");
    let with_query = format!("{path}?{SCRIPT}={SCRIPT}&filter={SCRIPT}&limit={SCRIPT}");
    let script = "<script>alert(1)</script>";
    let mut all = Vec::new();
    for path in [&path, &with_query] {
        let to = || ground.to(route.method, path);
        all.push(to().send().await);
        all.push(to().header("authorization", script).send().await);
        all.push(
            to().json(&json!({ script: script, "schemas": [APP_SCHEMA] }))
                .send()
                .await,
        );
        all.push(
            to().body("application/json", script.as_bytes())
                .send()
                .await,
        );
        all.push(to().body(script, b"{}").send().await);
        let form = format!("grant_type={SCRIPT}&token={SCRIPT}&scope={SCRIPT}&client_id={SCRIPT}");
        all.push(to().form(&form).send().await);
    }
    all
}

// CVE-2019-8400: an error text that repeated its input ran as script.
#[tokio::test]
async fn what_a_caller_sends_comes_back_as_json_alone() {
    let ground = Ground::new().await;
    let mut refused = 0;
    for route in &ROUTES {
        for answer in answers(&ground, route).await {
            let why = format!("{route:?}: {} {}", answer.status, answer.body);
            if answer.body.is_empty() {
                assert_eq!(answer.header("content-type"), None, "{why}");
                continue;
            }
            let kind = answer.header("content-type").unwrap();
            let json = [
                "application/json",
                "application/problem+json",
                "application/scim+json",
            ];
            assert!(json.contains(&kind), "{kind}: {why}");
            assert!(serde_json::from_str::<Value>(&answer.body).is_ok(), "{why}");
            refused += usize::from(answer.status >= 400);
        }
    }
    assert!(refused > 300, "{refused}");
}

/// RFC 9700 §4.11 and §4.12: there is nowhere to be sent to, and no body that would be sent on.
#[tokio::test]
async fn no_route_redirects() {
    let ground = Ground::new().await;
    for route in &ROUTES {
        for answer in answers(&ground, route).await {
            assert!(
                !(300..400).contains(&answer.status),
                "{route:?}: {}",
                answer.status
            );
            assert_eq!(answer.header("location"), None, "{route:?}");
        }
    }
}

/// RFC 6750 §2.2 and §2.3 are not taken: URLs and forms end up in histories and logs (RFC 9700 §4.3).
#[tokio::test]
async fn a_token_outside_its_header_is_none() {
    let ground = Ground::new().await;
    let token = &ground.admin;
    for route in ROUTES
        .iter()
        .filter(|route| matches!(route.access, Access::Scope(..)))
    {
        let segments = route.path.split('/');
        let filled = segments.map(|part| if part.starts_with('{') { "x" } else { part });
        let path = filled.collect::<Vec<_>>().join("/");
        let query = format!("{path}?access_token={token}");
        let without = |path: &str| ground.to(route.method, path).header("authorization", "");
        for answer in [
            without(&query).send().await,
            without(&path)
                .form(&format!("access_token={token}"))
                .send()
                .await,
            without(&path)
                .json(&json!({ "access_token": token }))
                .send()
                .await,
        ] {
            assert_eq!(answer.status, 401, "{route:?}: {}", answer.body);
        }
    }
    // Nor does the token that is asked about count when it stands in the query.
    let management = &ground.management;
    let basic = testkit::basic(&management.client_id, &management.client_secret);
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        let request = ground.to("POST", &format!("{path}?token={token}"));
        let answer = request
            .header("authorization", &basic)
            .form("")
            .send()
            .await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
    }
}

/// Lesson 27 (CVE-2024-52287): a policy skipped behind one of the doors.
#[tokio::test]
async fn both_token_routes_shut_with_the_app() {
    let ground = Ground::new().await;
    let new = json!({"name": "My app", "redirect_uri": "https://a.example/cb"});
    let made = ground.expect(201, "POST", "/platform/v1/apps", &new).await;
    let part = |name: &str| text(&made["data"][name]);
    let (id, secret) = (part("client_id"), part("client_secret"));
    let service = json!({"service_id": id, "service_secret": secret});
    let ask = async || {
        let one = ground.token_of(&id, &secret).await;
        let other = ground.to("POST", "/oauth/service/token").json(&service);
        (one.status, other.send().await.status)
    };
    assert_eq!(ask().await, (200, 200));
    ground.activate(&part("app_id"), false).await;
    assert_eq!(ask().await, (401, 401));
    ground.activate(&part("app_id"), true).await;
    assert_eq!(ask().await, (200, 200));
    let path = format!("{NATIVE}/{}?force=true", part("app_id"));
    assert!(body(&ground.get(&format!("{NATIVE}/{}", part("app_id"))).await)["result"].is_object());
    ground.expect(204, "DELETE", &path, &Value::Null).await;
    assert_eq!(ask().await, (401, 401));
}
