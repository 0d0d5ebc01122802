//! Requests of good clients that ask for what they can't have, or ask badly.

use super::*;

const NO_GRANT: (&str, &str) = ("invalid_request", "The parameter grant_type is missing.");
const UNSUPPORTED: (&str, &str) = (
    "unsupported_grant_type",
    "This server serves the grant type client_credentials.",
);
const SCOPE: (&str, &str) = (
    "invalid_scope",
    "A requested scope is unknown or not among the client's scopes.",
);
const TARGET: (&str, &str) = (
    "invalid_target",
    "A requested resource is unknown or not among the client's resources.",
);

#[tokio::test]
async fn each_error_of_the_rfc_has_its_status_and_words() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    for (form, (error, description)) in [
        ("", NO_GRANT),
        ("grant_type=", NO_GRANT),
        ("scope=photos", NO_GRANT),
        ("GRANT_TYPE=client_credentials", NO_GRANT),
        ("grant_type=authorization_code&code=x", UNSUPPORTED),
        ("grant_type=password&username=a&password=b", UNSUPPORTED),
        ("grant_type=refresh_token&refresh_token=x", UNSUPPORTED),
        ("grant_type=CLIENT_CREDENTIALS", UNSUPPORTED),
        ("grant_type=client_credentials%00", UNSUPPORTED),
        ("grant_type=+client_credentials", UNSUPPORTED),
    ] {
        let response = by_basic(&app, &client, form).send().await;
        assert_error(&response, 400, error, description, form);
    }
    for (more, (error, description)) in [
        ("scope=other", SCOPE),
        ("scope=photos+other", SCOPE),
        ("scope=PHOTOS", SCOPE),
        ("scope=apps:create", SCOPE),
        ("scope=photos,apps:read", SCOPE),
        ("scope=%22", SCOPE),
        // RFC 6749 §3.3: scope tokens with one space between them, and at least one.
        ("scope=+", SCOPE),
        ("scope=photos++apps:read", SCOPE),
        ("scope=photos%09apps:read", SCOPE),
        ("resource=three", TARGET),
        ("resource=two&resource=three", TARGET),
        ("resource=", TARGET),
        ("resource=https://api.example.com/", TARGET),
        ("resource=https://roster.test/t/b", TARGET),
    ] {
        let form = format!("{GRANT}&{more}");
        let response = by_basic(&app, &client, &form).send().await;
        assert_error(&response, 400, error, description, more);
    }
}

#[tokio::test]
async fn a_client_without_the_grant_is_unauthorized() {
    let app = TestApp::new().await;
    let client = app
        .register("Code", |app| {
            app.client.grant_types = vec![GrantType::AuthorizationCode];
        })
        .await;
    let response = by_basic(&app, &client, GRANT).send().await;
    assert_error(
        &response,
        400,
        "unauthorized_client",
        "This client is not registered for the grant type client_credentials.",
        "",
    );
}

// CVE-2026-9689: a repeated parameter changed the meaning.
#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused_unread() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    for (more, name) in [
        ("&grant_type=client_credentials", "grant_type"),
        ("&scope=photos&scope=photos", "scope"),
        ("&scope=photos&scope=", "scope"),
        ("&scope=&scope=photos", "scope"),
        ("&scope=photos&sc%6fpe=apps:read", "scope"),
        ("&client_id=a&client_id=b", "client_id"),
        ("&client_secret=a&client_secret=a", "client_secret"),
        ("&unknown=a&unknown=b", "unknown"),
        ("&a%22%5C%0A%C3%A9=1&a%22%5C%0A%C3%A9=1", "a"),
    ] {
        let form = format!("{GRANT}{more}");
        let response = by_basic(&app, &client, &form).send().await;
        let description = format!("The parameter {name} is repeated.");
        assert_error(&response, 400, "invalid_request", &description, &form);
    }
    assert!(app.recorder.take().is_empty());
}

#[tokio::test]
async fn an_unknown_parameter_is_ignored() {
    // RFC 6749 §3.2.
    let app = TestApp::new().await;
    let client = client(&app).await;
    let form = format!("{GRANT}&audience=x&tenant_id=b&exp=9999999999");
    assert_eq!(by_basic(&app, &client, &form).send().await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused_unread() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let header = basic(client.client_id(), &client.secret);
    let request = || post(&app, GRANT).header("authorization", &header);
    let media = "Send the parameters as application/x-www-form-urlencoded.";
    let utf8 = "The body must be UTF-8.";
    let form = "application/x-www-form-urlencoded";
    for (media_type, body, description) in [
        (
            "application/json",
            b"{\"grant_type\":\"client_credentials\"}".as_slice(),
            media,
        ),
        ("text/plain", GRANT.as_bytes(), media),
        ("multipart/form-data; boundary=x", GRANT.as_bytes(), media),
        ("", GRANT.as_bytes(), media),
        (form, b"grant_type=\xff", utf8),
        (
            form,
            b"grant_type=client_credentials&scope=%ff",
            "Parameters must be UTF-8.",
        ),
        (
            form,
            b"grant_type=client_credentials&%ff=1",
            "Parameters must be UTF-8.",
        ),
    ] {
        let response = request().body(media_type, body).send().await;
        assert_error(&response, 400, "invalid_request", description, media_type);
    }
    assert!(app.recorder.take().is_empty());
    let with_charset = format!("{form};charset=UTF-8");
    let response = request().body(&with_charset, GRANT.as_bytes()).send().await;
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn a_body_over_64_kib_is_too_large() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let form = format!("{GRANT}&x={}", "x".repeat(65_536));
    let response = by_basic(&app, &client, &form).send().await;
    let description = "The body may have at most 65536 bytes.";
    assert_error(&response, 413, "invalid_request", description, "");
    assert!(app.recorder.take().is_empty());
}
