//! URIs that fooled somebody (`docs/SECURITY.md`, lessons 1 to 7), at every member that takes one.

use testkit::{TestApp, json};

use super::*;

/// No member takes any of these.
const NEVER: &[&str] = &[
    // 1: letter case outside the path.
    "HTTPS://app.example.com/cb",
    "Https://app.example.com/cb",
    "https://APP.example.com/cb",
    "http://LOCALHOST/cb",
    // 3: another host than the eye reads.
    "https://app.example.com@evil.example/cb",
    "https://app.example.com:443@evil.example/cb",
    "https://app.example.com%40evil.example/cb",
    "https://app.example.com%2fevil.example/cb",
    // 4: host confusion.
    "http://127.0.0.1:49152@evil.example/cb",
    "https://a@b",
    "https://@app.example.com/cb",
    "https://app.example.com\\@evil.example/cb",
    "https://app.example.com\\.evil.example/cb",
    "https:\\\\app.example.com/cb",
    "https://bücher.example/cb",
    "https://ｅvil.example/cb",
    "https://app。example/cb",
    "http://[::ffff:7f00:1]/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://[0:0:0:0:0:0:0:1]/cb",
    "http://[::1].evil.example/cb",
    "http://0x7f000001/cb",
    "http://2130706433/cb",
    "http://127.1/cb",
    "http://127.0.0.01/cb",
    "http://localhost./cb",
    "https://app.example.com./cb",
    "https://app..example.com/cb",
    // 5: wildcards and traversal.
    "https://*.example.com/cb",
    "https://*/cb",
    "https://app.example.com/cb/../admin",
    "https://app.example.com/cb/..",
    "https://app.example.com/%2e%2e/admin",
    "https://app.example.com/%2E%2E/admin",
    "https://app.example.com/..%2fadmin",
    "https://app.example.com/%252e%252e/admin",
    "https://app.example.com/..;/admin",
    "https://app.example.com/..%3b/admin",
    "https://app.example.com/%5c..%5cadmin",
    // 6: schemes that run or open something.
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "\u{1}javascript:alert(1)",
    "javascript://app.example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "DATA:text/html;base64,PHNjcmlwdD4=",
    "file:///etc/passwd",
    "vbscript:msgbox(1)",
    "blob:https://app.example.com/x",
    "view-source:https://app.example.com",
    "ftp://app.example.com/cb",
    "urn:ietf:wg:oauth:2.0:oob",
    "myapp://cb",
    // 7: relative and broken starts.
    "/",
    "/cb",
    "//evil.example/cb",
    "///evil.example",
    "/\t/evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "https:",
    "https://",
    "https:///evil.example",
    "https:/evil.example",
    "https:evil.example",
    "app.example.com/cb",
    "string",
    // Characters, fragments and ports with a second reading.
    "https://app.example.com/cb ",
    "https://app.example.com/c b",
    "https://app.example.com/cb\r\nSet-Cookie:x",
    "https://app.example.com/%0d%0aSet-Cookie:x",
    "https://app.example.com/%00",
    "https://app.example.com/\u{202e}",
    "https://app.example.com/\"",
    "https://app.example.com/<script>",
    "https://app.example.com/%zz",
    "https://app.example.com/cb#",
    "https://app.example.com/cb#fragment",
    "https://app.example.com:/cb",
    "https://app.example.com:0/cb",
    "https://app.example.com:0443/cb",
    "https://app.example.com:65536/cb",
];

/// Nor does any member take these, which only clients of the SCIM dialect may have.
const PLAIN_HTTP: &[&str] = &[
    "http://app.example.com/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.2/cb",
    "http://10.0.0.1/cb",
    "http://169.254.169.254/latest/meta-data",
];

/// A member's place, and what makes the body with a URI there.
type Member = (&'static str, fn(&str) -> Value);

fn members() -> [Member; 8] {
    [
        ("/redirect_uris/1", |uri| {
            with("redirect_uris", json!(["https://ok.example/cb", uri]))
        }),
        ("/logo", |uri| with("logo", uri)),
        ("/login_uri", |uri| with("login_uri", uri)),
        ("/authenticator_preferences/login_uri", |uri| {
            with(
                "authenticator_preferences",
                json!({"is_centralized": true, "login_uri": uri}),
            )
        }),
        ("/device_authorization/approval_uri", |uri| {
            with(
                "device_authorization",
                json!({"enabled": false, "approval_uri": uri}),
            )
        }),
        ("/device_authorization/success_uri", |uri| {
            with(
                "device_authorization",
                json!({"enabled": false, "success_uri": uri}),
            )
        }),
        ("/device_authorization/input_uri", |uri| {
            with(
                "device_authorization",
                json!({"enabled": false, "input_uri": uri}),
            )
        }),
        ("/ciba_authorization/login_uri", |uri| {
            with(
                "ciba_authorization",
                json!({"enabled": false, "login_uri": uri}),
            )
        }),
    ]
}

#[tokio::test]
async fn tricks_are_refused_at_every_member_that_takes_a_uri() {
    let app = TestApp::new().await;
    for uri in NEVER.iter().chain(PLAIN_HTTP) {
        for (pointer, body) in members() {
            let found = faults(&app, &body(uri)).await;
            let [(at, code)] = found.as_slice() else {
                panic!("{uri:?} at {pointer}: {found:?}")
            };
            assert_eq!(at, pointer, "{uri:?}");
            assert!(
                matches!(code.as_str(), "invalid_uri" | "invalid_characters"),
                "{uri:?} at {pointer}: {code}"
            );
        }
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn tricks_are_refused_for_native_clients_and_in_the_openid_dialect_too() {
    let app = TestApp::new().await;
    for uri in NEVER.iter().chain(PLAIN_HTTP) {
        let mut body = with("redirect_uris", json!([uri]));
        body["client_type"] = json!("native");
        let found = faults(&app, &body).await;
        assert_eq!(found.len(), 1, "{uri:?}: {found:?}");

        let openid = json!({"name": "My app", "redirect_uri": uri});
        let response = post(&app, OPENID).json(&openid).send().await;
        assert_eq!(response.status, 422, "{uri:?}");
        let more = json!({
            "name": "My app", "redirect_uri": "https://ok.example/cb", "oauth_redirect_uris": [uri],
        });
        let response = post(&app, OPENID).json(&more).send().await;
        assert_eq!(response.status, 422, "{uri:?}");
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn each_bad_uri_of_a_list_is_reported_at_its_own_place() {
    let app = TestApp::new().await;
    let uris = json!(["http://a.example", "https://ok.example", "http://b.example"]);
    let found = faults(&app, &with("redirect_uris", uris)).await;
    let found: Vec<_> = found.iter().map(|(p, c)| format!("{p} {c}")).collect();
    assert_eq!(
        found,
        [
            "/redirect_uris/0 invalid_uri",
            "/redirect_uris/2 invalid_uri"
        ]
    );
}

#[tokio::test]
async fn private_use_schemes_are_for_native_clients() {
    let app = TestApp::new().await;
    let mut body = with("redirect_uris", json!(["com.example.app:/cb"]));
    refused(&app, &body, "/redirect_uris/0", "invalid_uri").await;
    nothing_stored(&app).await;
    body["client_type"] = json!("native");
    created(&app, &body).await;
}

#[tokio::test]
async fn uris_that_real_clients_use_come_back_byte_for_byte() {
    let app = TestApp::new().await;
    let uris = json!([
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/CaseKept/%41%e4%B8%AD?a=B&c=%2F",
        "https://app.example.com:8443/cb",
        "https://xn--bcher-kva.example/cb",
        "https://[2001:db8::1]/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:49152/cb",
        "http://[::1]:8080/cb",
        "http://localhost:3000/cb",
    ]);
    let shown = created(&app, &with("redirect_uris", uris.clone())).await;
    assert_eq!(shown["redirect_uris"], uris);
}
