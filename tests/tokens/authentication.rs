//! Client authentication (RFC 6749 §2.3) and the errors of the token endpoint (§5.2).

use domain::{ClientType, GrantType, Jwks, TokenEndpointAuthMethod as Method};
use testkit::{ISSUER, json};

use crate::{
    keys::ClientKey,
    setup::{GRANT, TOKEN, World, basic, error},
};

const ALL: [Method; 4] = [
    Method::ClientSecretBasic,
    Method::ClientSecretPost,
    Method::PrivateKeyJwt,
    Method::None,
];

// better-auth#8616: registered for one method, accepted with another.
#[tokio::test]
async fn a_client_proves_itself_by_its_registered_method_alone() {
    let world = World::new().await;
    let (key, stranger) = (ClientKey::ec(), ClientKey::ec());
    let mut jti = 0;
    for registered in ALL {
        let client = world
            .register(registered.as_str(), |settings| {
                settings.token_endpoint_auth_method = registered;
                settings.client_type = ClientType::Native;
                // Each has everything that any method takes.
                let keys = json!({"keys": [key.public("k")]});
                settings.jwks = Some(Jwks::parse(keys).unwrap());
            })
            .await;
        let id = client.client_id.as_str();
        let other = domain::Secret::generate([9; 39]);
        for presented in ALL {
            for right in [true, false] {
                let secret = if right {
                    client.secret.as_str()
                } else {
                    other.expose()
                };
                let header = basic(id, secret);
                let now = world.registry.now().unix();
                jti += 1;
                let claims = json!({
                    "iss": id, "sub": id, "aud": ISSUER, "exp": now + 60, "jti": jti.to_string(),
                });
                let signer = if right { &key } else { &stranger };
                let assertion = signer.sign(&json!({"alg": "ES256"}), &claims.to_string());
                let answer = match presented {
                    Method::ClientSecretBasic => world.form(TOKEN, &header, &[GRANT]).await,
                    Method::ClientSecretPost => {
                        let form = [GRANT, ("client_id", id), ("client_secret", secret)];
                        world.form(TOKEN, "", &form).await
                    }
                    Method::PrivateKeyJwt => {
                        let form = [
                            GRANT,
                            ("client_assertion_type", api::assertion::TYPE),
                            ("client_assertion", &assertion),
                        ];
                        world.form(TOKEN, "", &form).await
                    }
                    Method::None => world.form(TOKEN, "", &[GRANT, ("client_id", id)]).await,
                };
                let what = format!("{registered:?} {presented:?} {right} {}", answer.body);
                if registered == presented && right && registered != Method::None {
                    assert_eq!(answer.status, 200, "{what}");
                } else {
                    assert_eq!(error(&answer), (401, "invalid_client".into()), "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_error_of_rfc_6749_has_its_case() {
    let world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let coder = world
        .register("Coder", |s| s.grant_types = vec![GrantType::RefreshToken])
        .await;
    let good = client.basic();
    for (status, code, auth, form) in [
        (400, "invalid_request", &good, vec![]),
        (400, "invalid_request", &good, vec![("grant_type", "")]),
        (400, "invalid_request", &good, vec![GRANT, GRANT]),
        (
            400,
            "invalid_request",
            &good,
            vec![GRANT, ("scope", "a"), ("scope", "a")],
        ),
        (
            400,
            "invalid_request",
            &good,
            vec![GRANT, ("client_secret", "x")],
        ),
        (
            400,
            "invalid_request",
            &good,
            vec![GRANT, ("client_id", "another")],
        ),
        (401, "invalid_client", &String::new(), vec![GRANT]),
        (401, "invalid_client", &"Bearer x".into(), vec![GRANT]),
        (
            401,
            "invalid_client",
            &basic("nobody", &client.secret),
            vec![GRANT],
        ),
        (
            401,
            "invalid_client",
            &basic("a b", &client.secret),
            vec![GRANT],
        ),
        (
            400,
            "unsupported_grant_type",
            &good,
            vec![("grant_type", "password")],
        ),
        (
            400,
            "unsupported_grant_type",
            &good,
            vec![("grant_type", "CLIENT_CREDENTIALS")],
        ),
        (400, "unauthorized_client", &coder.basic(), vec![GRANT]),
        (
            400,
            "invalid_scope",
            &good,
            vec![GRANT, ("scope", "apps:read apps:create")],
        ),
        (
            400,
            "invalid_scope",
            &good,
            vec![GRANT, ("scope", "apps:read\tapps:edit")],
        ),
        (
            400,
            "invalid_target",
            &good,
            vec![GRANT, ("resource", "https://other.example")],
        ),
        (
            400,
            "invalid_target",
            &good,
            vec![GRANT, ("resource", ISSUER), ("resource", "x")],
        ),
    ] {
        let answer = world.form(TOKEN, auth, &form).await;
        assert_eq!(error(&answer), (status, code.into()), "{form:?}");
    }
    let json = [
        ("authorization", good.as_str()),
        ("content-type", "application/json"),
    ];
    let answer = world.send("POST", TOKEN, &json, "{}").await;
    assert_eq!(error(&answer), (400, "invalid_request".into()));
}

#[tokio::test]
async fn the_other_endpoints_authenticate_alike() {
    let world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let token = world.token_of(&client).await;
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        for (auth, form, expected) in [
            (client.basic(), vec![], (400, "invalid_request")),
            (
                String::new(),
                vec![("token", token.as_str())],
                (401, "invalid_client"),
            ),
            (
                basic(client.client_id.as_str(), "x"),
                vec![("token", &token)],
                (401, "invalid_client"),
            ),
            (
                format!("Bearer {token}"),
                vec![("token", &token)],
                (401, "invalid_client"),
            ),
            (
                client.basic(),
                vec![("token", "a"), ("token", "b")],
                (400, "invalid_request"),
            ),
        ] {
            let answer = world.form(path, &auth, &form).await;
            assert_eq!(
                error(&answer),
                (expected.0, expected.1.into()),
                "{path} {form:?}"
            );
        }
    }
    assert_eq!(world.introspect(&client, &token).await["active"], true);
}
