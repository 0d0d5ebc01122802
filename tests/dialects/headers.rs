//! Credentials and keys that were sent two times, or to the wrong place, told in each dialect's words.

use api::{
    dialect::Dialect,
    routes::{Access, ROUTES},
};
use testkit::{basic, body, json};

use crate::ground::{Ground, scim};

/// What a dialect answers with in the place of 400.
fn bad_request(dialect: Dialect) -> u16 {
    match dialect {
        Dialect::OpenIdApps => 422,
        _ => 400,
    }
}

#[tokio::test]
async fn two_authorization_headers_are_refused_at_every_route_and_never_one_of_them_taken() {
    let ground = Ground::new().await;
    let good = format!("Bearer {}", ground.admin);
    let own = basic(
        &ground.management.client_id,
        &ground.management.client_secret,
    );
    for route in &ROUTES {
        let path = route.path.replace(['{', '}'], "");
        for one in [&good, &own] {
            for two in [
                format!("{one},{one}"),
                format!("{one}, {one}"),
                format!("{one},Bearer x"),
                format!("Basic eA==,{one}"),
                format!(",{one}"),
                format!("{one},"),
            ] {
                let request = ground.to(route.method, &path);
                let response = request.header("authorization", &two).send().await;
                let status = bad_request(route.dialect);
                assert_eq!(response.status, status, "{route:?}: {}", response.body);
                let named = "Authorization was sent two times";
                assert!(response.body.contains(named), "{}", response.body);
            }
        }
    }
    assert!(ground.recorder.take().is_empty());
}

#[tokio::test]
async fn two_idempotency_keys_are_told_and_are_not_one_key_with_a_comma() {
    let ground = Ground::new().await;
    let native = json!({
        "app_name": "One", "client_display_name": "One", "redirect_uris": ["https://a.example.com/cb"],
    });
    let openid = json!({"name": "Two", "redirect_uri": "https://a.example.com/cb"});
    for (path, header, content, dialect) in [
        (
            "/v1/applications",
            "Idempotency-Key",
            native,
            Dialect::Native,
        ),
        (
            "/platform/v1/apps",
            "Idempotency-Key",
            openid,
            Dialect::OpenIdApps,
        ),
        (
            "/admin/v1/Apps",
            "opc-retry-token",
            scim(&json!({})),
            Dialect::Scim,
        ),
    ] {
        let send = |key: &str| {
            ground
                .to("POST", path)
                .json(&content)
                .header(&header.to_ascii_lowercase(), key)
                .send()
        };
        for two in ["one,two", "one,one", "one,", ","] {
            let response = send(two).await;
            assert_eq!(response.status, bad_request(dialect), "{}", response.body);
            let named = format!("{header} must not hold a comma");
            assert!(response.body.contains(&named), "{}", response.body);
        }
        let one = format!("one-{}", path.len());
        assert_eq!(send(&one).await.status, 201);
    }
}

#[tokio::test]
async fn a_clients_own_credentials_at_a_management_route_are_told_where_a_token_is_to_be_had() {
    let ground = Ground::new().await;
    let own = basic(
        &ground.management.client_id,
        &ground.management.client_secret,
    );
    for route in &ROUTES {
        let Access::Scope(..) = route.access else {
            continue;
        };
        let path = route.path.replace(['{', '}'], "");
        for sent in [own.as_str(), "basic eA==", "Basic"] {
            let request = ground.to(route.method, &path);
            let response = request.header("authorization", sent).send().await;
            assert_eq!(response.status, 401, "{route:?}: {}", response.body);
            // RFC 6750 §3.1: no error code where no token was sent.
            let challenge = response.header("www-authenticate");
            assert_eq!(challenge, Some("Bearer realm=\"roster\""), "{route:?}");
            let endpoint = match route.dialect {
                Dialect::OpenIdApps => "/oauth/service/token as service_id and service_secret",
                _ => "/oauth2/token with grant_type=client_credentials",
            };
            for words in [endpoint, "send a Bearer token here"] {
                assert!(response.body.contains(words), "{}", response.body);
            }
        }
    }
}

#[tokio::test]
async fn an_access_token_at_an_oauth_endpoint_is_told_what_to_send_instead() {
    let ground = Ground::new().await;
    for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"] {
        for sent in [&*format!("Bearer {}", ground.admin), "bearer x", "DPoP x"] {
            let request = ground
                .to("POST", path)
                .form("grant_type=client_credentials&token=x")
                .header("authorization", sent);
            let response = request.send().await;
            assert_eq!(response.status, 401, "{path}: {}", response.body);
            let told = body(&response);
            assert_eq!(told["error"], "invalid_client");
            let text = told["error_description"].as_str().unwrap();
            assert!(!text.contains("wrong secret"), "{text}");
            assert!(text.contains("Authorization: Basic"), "{text}");
            let challenge = response.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Basic "), "{challenge}");
        }
    }
}
