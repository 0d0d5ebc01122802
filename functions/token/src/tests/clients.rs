//! Who a client is, and how it proves it.

use domain::{ClientId, ClientType, Jwks, TokenEndpointAuthMethod as Method};

use super::*;

/// A client of this method, with its secret if it has one.
async fn of_method(app: &TestApp, method: Method) -> Registered {
    let change = |app: &mut CreateApp| {
        app.client.token_endpoint_auth_method = method;
        if method == Method::None {
            app.client.client_type = ClientType::Native;
        }
        if method == Method::PrivateKeyJwt {
            let key = json!({"kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"});
            app.client.jwks = Some(Jwks::parse(json!({ "keys": [key] })).unwrap());
        }
    };
    app.register(method.as_str(), change).await
}

// better-auth#8616: a client registered for one method was accepted with another.
#[tokio::test]
async fn a_client_authenticates_by_its_registered_method_and_right_secret_only() {
    let app = TestApp::new().await;
    for registered in [
        Method::ClientSecretBasic,
        Method::ClientSecretPost,
        Method::PrivateKeyJwt,
        Method::None,
    ] {
        let client = of_method(&app, registered).await;
        let id = client.client_id();
        let right = if client.secret.is_empty() {
            stray_secret()
        } else {
            client.secret.clone()
        };
        for presented in [
            "client_secret_basic",
            "client_secret_post",
            "none",
            "private_key_jwt",
        ] {
            for (secret, is_right) in [(right.clone(), true), (stray_secret(), false)] {
                let request = match presented {
                    "client_secret_basic" => {
                        post(&app, GRANT).header("authorization", &basic(id, &secret))
                    }
                    "client_secret_post" => post(
                        &app,
                        &format!("{GRANT}&client_id={id}&client_secret={secret}"),
                    ),
                    "none" => post(&app, &format!("{GRANT}&client_id={id}")),
                    _ => post(
                        &app,
                        &format!(
                            "{GRANT}&client_id={id}&client_assertion=a.b.c&client_assertion_type=\
                         urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
                        ),
                    ),
                };
                let response = request.send().await;
                let why = format!("{} by {presented}, right: {is_right}", registered.as_str());
                let holds =
                    is_right && registered.uses_secret() && registered.as_str() == presented;
                if holds {
                    assert_eq!(response.status, 200, "{why}");
                } else {
                    // Who shows nothing is told so, whoever it is; of what is shown, nothing is told.
                    let nothing = format!("The request names a client and proves nothing: {HOW}");
                    let told = if presented == "none" {
                        &*nothing
                    } else {
                        INVALID_CLIENT
                    };
                    assert_error(&response, 401, "invalid_client", told, &why);
                }
            }
        }
    }
}

#[tokio::test]
async fn basic_credentials_may_be_percent_encoded_and_repeat_the_client_id() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let every = |text: &str| {
        let bytes: Vec<_> = text.bytes().map(|b| format!("%{b:02x}")).collect();
        bytes.concat()
    };
    let id = client.client_id().as_str();
    for (id_sent, secret, more) in [
        (id.to_owned(), client.secret.clone(), String::new()),
        (every(id), every(&client.secret), String::new()),
        (
            id.replace('.', "%2E"),
            client.secret.replace('_', "%5f"),
            String::new(),
        ),
        (
            id.to_owned(),
            client.secret.clone(),
            format!("&client_id={id}"),
        ),
    ] {
        let header = basic(&id_sent, &secret);
        for header in [header.clone(), header.replacen("Basic", "basic", 1)] {
            let request = post(&app, &format!("{GRANT}{more}")).header("authorization", &header);
            assert_eq!(request.send().await.status, 200, "{id_sent}{more}");
        }
    }
}

#[tokio::test]
async fn a_malformed_secret_or_id_is_refused_without_a_read() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let (id, secret) = (client.client_id().to_string(), client.secret.clone());
    let mut typo = secret.clone();
    typo.replace_range(
        20..21,
        if secret.as_bytes()[20] == b'a' {
            "b"
        } else {
            "a"
        },
    );
    for (id, secret) in [
        (id.clone(), String::new()),
        (id.clone(), "secret".into()),
        (id.clone(), secret[..secret.len() - 1].into()),
        (id.clone(), format!("{secret}a")),
        (id.clone(), secret.to_uppercase()),
        (id.clone(), typo),
        (id.clone(), "x".repeat(5000)),
        (id.clone(), "rsec_\u{e9}".into()),
        ("a b".into(), secret.clone()),
        ("a/../b".into(), secret.clone()),
        ("x".repeat(129), secret.clone()),
        (String::new(), secret),
    ] {
        let header = basic(&id, &secret);
        let response = post(&app, GRANT)
            .header("authorization", &header)
            .send()
            .await;
        let why = format!("{id} {secret}");
        assert_error(&response, 401, "invalid_client", INVALID_CLIENT, &why);
        assert!(app.recorder.take().is_empty(), "{why}");
    }
}

#[tokio::test]
async fn a_malformed_authorization_header_is_refused_without_a_read() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let good = basic(client.client_id(), &client.secret);
    for header in [
        "Basic".to_owned(),
        "Basic ".into(),
        "Basic !!!".into(),
        "Basic YQ".into(),
        "Basic YQ==".into(),
        "Basic /w==".into(),
    ] {
        let response = post(&app, GRANT)
            .header("authorization", &header)
            .send()
            .await;
        assert_error(&response, 401, "invalid_client", UNREADABLE, &header);
        assert!(app.recorder.take().is_empty());
    }
    let another_scheme =
        &format!("This endpoint takes the client's own credentials and no access token: {HOW}");
    for header in [
        format!("Bearer {}", app.admin),
        good.replacen("Basic", "Digest", 1),
        good.replacen(' ', "", 1),
    ] {
        let response = post(&app, GRANT)
            .header("authorization", &header)
            .send()
            .await;
        assert_error(&response, 401, "invalid_client", another_scheme, &header);
        assert!(app.recorder.take().is_empty());
    }
    let two = post(&app, GRANT).header("authorization", &format!("{good},{good}"));
    let told = "Authorization was sent two times, or holds a comma, which stands between two; send it one time";
    assert_error(&two.send().await, 400, "invalid_request", told, "two");
    assert!(app.recorder.take().is_empty());
}

#[tokio::test]
async fn an_unknown_client_or_secret_is_answered_like_a_wrong_one() {
    let app = TestApp::new().await;
    let (client, other) = (client(&app).await, app.register("Other", |_| ()).await);
    let id = client.client_id().as_str();
    let further = ClientId::generate(&client.app.app_id, 7, [7; 5]);
    let never_made = id.replacen(&id[..1], if id.starts_with('0') { "1" } else { "0" }, 1);
    for (id, secret, reads) in [
        (id, stray_secret(), 1),
        (id, other.secret.clone(), 1),
        (other.client_id().as_str(), client.secret.clone(), 1),
        (never_made.as_str(), client.secret.clone(), 1),
        // One that could have been chosen, one of a further client, and some that nobody can have.
        ("chosen_name", client.secret.clone(), 2),
        (further.as_str(), client.secret.clone(), 1),
        (&client.id(), client.secret.clone(), 0),
        (&id.replace(".0", ".1"), client.secret.clone(), 0),
        (&id.to_uppercase(), client.secret.clone(), 0),
    ] {
        app.recorder.take();
        let request = post(&app, GRANT).header("authorization", &basic(id, &secret));
        let response = request.send().await;
        assert_error(&response, 401, "invalid_client", INVALID_CLIENT, id);
        assert_eq!(app.recorder.take().len(), reads, "{id}");
    }
}

#[tokio::test]
async fn a_client_of_an_app_that_is_switched_off_gets_nothing() {
    let app = TestApp::new().await;
    let off = app.register("Off", |app| app.active = false).await;
    let response = by_basic(&app, &off, GRANT).send().await;
    assert_error(&response, 401, "invalid_client", INVALID_CLIENT, "off");
}

#[tokio::test]
async fn no_credentials_at_all_are_invalid_client() {
    let app = TestApp::new().await;
    for form in [
        GRANT.to_owned(),
        format!("{GRANT}&client_secret={}", stray_secret()),
    ] {
        let response = post(&app, &form).send().await;
        let told = format!("The request has no client credentials: {HOW}");
        assert_error(&response, 401, "invalid_client", &told, &form);
        assert!(app.recorder.take().is_empty());
    }
}

#[tokio::test]
async fn credentials_in_header_and_body_at_once_are_refused() {
    let app = TestApp::new().await;
    let (client, other) = (client(&app).await, app.register("Other", |_| ()).await);
    let id = client.client_id();
    for more in [
        format!("&client_id={id}&client_secret={}", client.secret),
        format!("&client_secret={}", client.secret),
        format!("&client_secret={}", stray_secret()),
        format!("&client_id={}", other.client_id()),
    ] {
        let response = by_basic(&app, &client, &format!("{GRANT}{more}"))
            .send()
            .await;
        assert_error(
            &response,
            400,
            "invalid_request",
            "Authenticate in one way: the Authorization header, a secret in the body or an assertion.",
            &more,
        );
    }
    assert!(app.recorder.take().is_empty());
}

#[tokio::test]
async fn credentials_in_the_query_string_count_for_nothing() {
    let app = TestApp::new().await;
    let client = of_method(&app, Method::ClientSecretPost).await;
    let query = format!(
        "{GRANT}&client_id={}&client_secret={}",
        client.client_id(),
        client.secret
    );
    let path = format!("/oauth2/token?{query}");
    let request = app.request(crate::handle, "POST", &path).form(GRANT);
    let response = request.send().await;
    let told = format!("The request has no client credentials: {HOW}");
    assert_error(&response, 401, "invalid_client", &told, "query");
    let request = post(&app, &query);
    assert_eq!(request.send().await.status, 200);
}
