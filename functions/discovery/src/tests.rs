//! `discovery` through the dispatcher, on the embedded engine.

use std::sync::Arc;

use api::Registry;
use testkit::{ISSUER, SeededEntropy, TestApp, TestRequest, Value, answer, body, json};

const RFC_8414: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/oauth2/jwks";

fn get<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    let request = app.request(super::handle, "GET", path);
    // Anyone may ask.
    request.header("authorization", "")
}

const AUTH_METHODS: [&str; 3] = [
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
];
const ASSERTION_ALGORITHMS: [&str; 4] = ["ES256", "ES384", "RS256", "PS256"];

fn metadata(base: &str, issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "token_endpoint": format!("{base}/oauth2/token"),
        "jwks_uri": format!("{base}/oauth2/jwks"),
        "scopes_supported": [
            "apps:list", "apps:read", "apps:create", "apps:edit", "apps:delete", "apps:trust",
            "apps:access", "clients:secrets",
        ],
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "introspection_endpoint": format!("{base}/oauth2/introspect"),
        "introspection_endpoint_auth_methods_supported": AUTH_METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "revocation_endpoint": format!("{base}/oauth2/revoke"),
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

#[tokio::test]
async fn the_first_tenants_metadata_stand_at_both_well_known_places() {
    let app = TestApp::new().await;
    for path in [RFC_8414, OPENID] {
        let response = get(&app, path).send().await;
        assert_eq!(answer(&response), (200, metadata(ISSUER, ISSUER)), "{path}");
        assert_eq!(response.header("content-type").unwrap(), "application/json");
        assert_eq!(
            response.header("cache-control").unwrap(),
            "public, max-age=300"
        );
    }
}

#[tokio::test]
async fn another_tenants_metadata_have_its_issuer_and_the_shared_endpoints() {
    let app = TestApp::new().await;
    let response = get(&app, &format!("{RFC_8414}/t/b")).send().await;
    let issuer = format!("{ISSUER}/t/b");
    assert_eq!(answer(&response), (200, metadata(ISSUER, &issuer)));
}

#[tokio::test]
async fn what_can_be_no_tenant_is_not_found_and_what_could_be_one_is_told_its_issuer() {
    let app = TestApp::new().await;
    for tenant in ["B", "a-b", "..", "a/b", "a\"b", "a b", "é", &"a".repeat(33)] {
        let request = get(&app, &format!("{RFC_8414}/t/x")).parameter("tenant", tenant);
        let response = request.send().await;
        assert_eq!(
            answer(&response),
            (
                404,
                json!({"error": "invalid_request", "error_description":
                    "There is no such tenant: a tenant id is 1 to 32 lower-case letters and digits."})
            ),
            "{tenant}"
        );
    }
    // Whether there is a tenant is never told: that would take a read, and be an oracle (ADR 17).
    for path in [
        format!("{RFC_8414}/t/nosuch"),
        "/t/nosuch/.well-known/openid-configuration".into(),
    ] {
        let (status, shown) = answer(&get(&app, &path).send().await);
        assert_eq!(
            (status, &shown["issuer"]),
            (200, &json!(format!("{ISSUER}/t/nosuch")))
        );
    }
}

/// Its issuer has no path, and nobody may get the metadata of another issuer than the one in the path (RFC 8414 §3.3).
#[tokio::test]
async fn the_first_tenants_name_in_a_path_is_told_where_its_metadata_are() {
    let app = TestApp::new().await;
    for path in [
        format!("{RFC_8414}/t/default"),
        "/t/default/.well-known/openid-configuration".into(),
    ] {
        let (status, shown) = answer(&get(&app, &path).send().await);
        assert_eq!(status, 404, "{path}");
        let told = "There is no such issuer: the first tenant's has no path, and its metadata are at /.well-known/openid-configuration and /.well-known/oauth-authorization-server.";
        assert_eq!(shown["error_description"], told, "{path}");
    }
}

#[tokio::test]
async fn metadata_and_the_front_door_need_no_table() {
    let app = TestApp::new().await;
    for path in [
        RFC_8414,
        OPENID,
        &format!("{RFC_8414}/t/b"),
        "/",
        "/health",
        "/version",
    ] {
        get(&app, path).send().await;
        assert!(app.recorder.take().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_key_set_has_the_public_members_of_each_key_and_no_other() {
    let app = TestApp::new().await;
    let response = get(&app, JWKS).send().await;
    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("cache-control").unwrap(),
        "public, max-age=300"
    );
    let shown = body(&response);
    assert_eq!(shown.as_object().unwrap().len(), 1);
    let keys = shown["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let members: Vec<_> = keys[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    let key = &keys[0];
    assert_eq!(
        (&key["alg"], &key["crv"], &key["kty"], &key["use"]),
        (
            &json!("ES256"),
            &json!("P-256"),
            &json!("EC"),
            &json!("sig")
        )
    );
    for name in ["kid", "x", "y"] {
        // 32 bytes each: a SHA-256 thumbprint and two coordinates.
        assert_eq!(key[name].as_str().unwrap().len(), 43, "{name}");
    }
}

#[tokio::test]
async fn keys_that_are_known_are_answered_without_a_read_for_five_minutes() {
    let app = TestApp::new().await;
    let fresh = get(&app, JWKS).send().await;
    assert!(app.recorder.take().is_empty());
    app.clock.advance(299);
    assert_eq!(get(&app, JWKS).send().await, fresh);
    assert!(app.recorder.take().is_empty());
    app.clock.advance(1);
    assert_eq!(get(&app, JWKS).send().await, fresh);
    assert_eq!(app.recorder.summary().operations, ["Query"]);
}

/// The registry as the function has it that is not given the master secret.
fn without_master(app: &TestApp, issuer: Option<&str>) -> Registry {
    Registry::new(
        app.registry.table.clone(),
        None,
        issuer.map(Into::into),
        app.clock.clone(),
        Arc::new(SeededEntropy::new(2)),
    )
}

#[tokio::test]
async fn without_the_master_secret_no_private_half_is_read() {
    let mut app = TestApp::new().await;
    let with = body(&get(&app, JWKS).send().await);
    app.registry = without_master(&app, Some(ISSUER));
    let response = get(&app, JWKS).send().await;
    assert_eq!(answer(&response), (200, with));
    let calls = app.recorder.take();
    let [call] = calls.as_slice() else {
        panic!("one call: {calls:?}")
    };
    assert_eq!(call.operation, "Query");
    assert!(call.consistent);
    assert!(!call.request.to_string().contains("sealed_private_key"));
    assert!(!call.response.to_string().contains("sealed_private_key"));
}

// CVE-2025-64101: forwarded headers trusted for the issuer.
#[tokio::test]
async fn without_the_setting_the_issuer_is_the_gateways_host_and_never_a_headers() {
    let mut app = TestApp::new().await;
    app.registry = without_master(&app, None);
    let host = "https://roster.test";
    for (path, issuer) in [
        (RFC_8414.to_owned(), host.to_owned()),
        (format!("{RFC_8414}/t/b"), format!("{host}/t/b")),
    ] {
        let request = get(&app, &path)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "http")
            .header("forwarded", "host=evil.example;proto=http")
            .header("x-original-host", "evil.example");
        assert_eq!(
            answer(&request.send().await),
            (200, metadata(host, &issuer))
        );
    }
}

#[tokio::test]
async fn nothing_is_ever_written() {
    let app = TestApp::new().await;
    app.clock.advance(301);
    for path in [RFC_8414, OPENID, JWKS] {
        get(&app, path).send().await;
    }
    assert!(!app.recorder.summary().wrote());
}

/// A request as API Gateway hands it over where it has no route.
async fn stray(app: &TestApp, method: &str, path: &str) -> api::Response {
    let request = api::Request {
        route: &api::routes::NOWHERE,
        path: api::nowhere::parameters(method, path),
        query: String::new(),
        headers: std::collections::HashMap::new(),
        body: Vec::new(),
        host: "roster.test".into(),
        id: "request-1".into(),
    };
    api::dispatch(&app.registry, &api::Handler::new(super::handle), request).await
}

#[tokio::test]
async fn what_has_no_route_is_answered_by_its_path_and_method() {
    let app = TestApp::new().await;
    for (method, path, status, allow) in [
        ("GET", "/v1/applications/", 404, None),
        ("GET", "/wp-login.php", 404, None),
        (
            "OPTIONS",
            "/v1/applications",
            204,
            Some("GET, OPTIONS, POST"),
        ),
        ("HEAD", "/v1/applications", 405, Some("GET, OPTIONS, POST")),
        ("BREW", "/health", 405, Some("GET, HEAD, OPTIONS")),
    ] {
        let response = stray(&app, method, path).await;
        assert_eq!(response.status, status, "{method} {path}");
        assert_eq!(response.header("allow"), allow, "{method} {path}");
        assert_eq!(response.header("x-request-id"), Some("request-1"));
    }
    assert!(app.recorder.take().is_empty());
}

#[tokio::test]
async fn head_of_what_anybody_may_get_is_answered_as_its_get() {
    let app = TestApp::new().await;
    for path in [
        RFC_8414,
        OPENID,
        JWKS,
        "/",
        "/health",
        "/version",
        &format!("{RFC_8414}/t/b"),
    ] {
        let head = stray(&app, "HEAD", path).await;
        assert_eq!(head, get(&app, path).send().await, "{path}");
    }
}

#[tokio::test]
async fn the_page_runs_no_script_and_its_style_is_the_one_that_its_policy_names() {
    let app = TestApp::new().await;
    let page = get(&app, "/").header("accept", "text/html").send().await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    let (_, style) = page.body.split_once("<style>").unwrap();
    let (style, _) = style.split_once("</style>").unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
    let named = format!(
        "style-src 'sha256-{}'",
        data_encoding::BASE64.encode(digest.as_ref())
    );
    assert!(policy.contains(&named), "{policy} {named}");
    for word in ["<script", " style=", "onclick", "http-equiv"] {
        assert!(!page.body.contains(word), "{word}");
    }
    assert_eq!(page.header("vary"), Some("accept"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let plain = get(&app, "/").send().await;
    assert_eq!(plain.header("content-type"), Some("application/json"));
    assert_eq!(body(&plain)["issuer"], ISSUER);
}
