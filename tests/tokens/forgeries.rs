//! Forged tokens at every management route, and another tenant's ids.

use api::{
    claims::{Audience, Claims},
    routes::{Access, ROUTES, Route},
};
use domain::{ClientId, TenantId, scopes};
use testkit::{ISSUER, Value, body, json};

use crate::{
    keys::{ClientKey, b64},
    setup::{World, text},
};

fn management_routes() -> impl Iterator<Item = &'static Route> {
    let needs_token = |route: &&Route| matches!(route.access, Access::Scope(..));
    ROUTES.iter().filter(needs_token)
}

/// A path of the route with these ids.
fn path(route: &Route, app: &str, client: &str, secret: &str) -> String {
    let path = route
        .path
        .replace("{app}", app)
        .replace("{client_id}", client);
    path.replace("{secret_id}", secret)
}

async fn send(world: &World, route: &Route, path: &str, token: &str) -> api::Response {
    let bearer = format!("Bearer {token}");
    let kind = match route.method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    let sent = match (route.path, route.operation) {
        ("/admin/v1/AppStatusChanger/{app}", _) => {
            r#"{"active": true, "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"]}"#
        }
        (_, "change-status") => r#"{"active": true}"#,
        (_, "update-resources") => r#"{"resource_ids": []}"#,
        _ => "{}",
    };
    let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
    world.send(route.method, path, &headers, sent).await
}

/// Every forgery, by name.
async fn forgeries(world: &World) -> Vec<(String, String)> {
    let id = &world.app.management.client_id;
    let good = world.app.claims(ISSUER, id, &scopes::MANAGEMENT);
    let claims = json!(good).to_string();
    let real = world.app.admin.clone();
    let (head, rest) = real.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    let keys = body(&world.get("/oauth2/jwks", "").await);
    let (kid, public) = (text(&keys["keys"][0]["kid"]), keys["keys"][0].clone());
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid});
    let with = |member: &str, value: Value| {
        let mut header = header.clone();
        header[member] = value;
        header
    };
    let stranger = ClientKey::ec();
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, token: String| all.push((what.to_owned(), token));
    add("another key, same kid", stranger.sign(&header, &claims));
    for alg in ["none", "nonE", "None", ""] {
        add(
            alg,
            ClientKey::Nothing.sign(&with("alg", json!(alg)), &claims),
        );
        add(
            alg,
            format!(
                "{}.{rest}",
                b64(with("alg", json!(alg)).to_string().as_bytes())
            ),
        );
    }
    let hs = with("alg", json!("HS256"));
    for secret in [
        public.to_string().into_bytes(),
        text(&public["x"]).into_bytes(),
        b"".into(),
    ] {
        add(
            "HS256 with the public key",
            ClientKey::Mac(secret).sign(&hs, &claims),
        );
    }
    for (member, value) in [
        ("kid", json!("../../keys/1")),
        ("kid", json!("KEY#1")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!("\u{0}")),
        ("kid", json!(null)),
        ("jwk", stranger.public("k")),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AA"])),
        ("crit", json!(["exp"])),
        ("typ", json!("JWT")),
        ("typ", json!(null)),
    ] {
        add(member, stranger.sign(&with(member, value), &claims));
    }
    for cut in [1, 2, 10, signature.len()] {
        add("truncated", real[..real.len() - cut].to_owned());
    }
    add("doubled dots", format!("{head}..{payload}..{signature}"));
    add("dots", "...".into());
    add("no signature", format!("{head}.{payload}."));
    add("twice", format!("{real}.{real}"));
    add(
        "another payload",
        format!("{head}.{}.{signature}", b64(b"{}")),
    );
    add("millions of dots", ".".repeat(100_000));
    all.extend(well_signed(world, &good).await);
    all
}

/// Tokens that our own key signed, and that still are none for here.
async fn well_signed(world: &World, good: &Claims) -> Vec<(String, String)> {
    let now = world.registry.now();
    let audience = |aud| Claims {
        aud,
        ..good.clone()
    };
    let issuer = |iss: String| Claims {
        iss,
        ..good.clone()
    };
    let times = |iat: i64, exp: i64| Claims {
        iat: now.plus(iat),
        exp: now.plus(exp),
        ..good.clone()
    };
    let nobody = Claims {
        client_id: ClientId::parse("nobody").unwrap(),
        ..good.clone()
    };
    let elsewhere = Audience::One("https://api.example".into());
    let mut all = Vec::new();
    for (what, claims) in [
        ("another issuer", issuer("https://evil.example".into())),
        ("a longer issuer", issuer(format!("{ISSUER}.evil.example"))),
        (
            "another tenant's issuer",
            issuer(format!("{ISSUER}/t/acme")),
        ),
        ("another audience", audience(elsewhere)),
        ("no audience", audience(Audience::Many(vec![]))),
        ("expired", times(-3600, 0)),
        ("not yet issued", times(61, 100)),
        ("lives too long", times(0, 3601)),
        ("an unknown client", nobody),
    ] {
        all.push((what.into(), world.app.sign(&claims).await));
    }
    let keys = &world.app.registry.keys;
    let typ = keys.sign("JWT", good, now).await.unwrap();
    all.push(("another typ".into(), typ));
    all
}

#[tokio::test]
async fn every_route_refuses_every_forgery_alike() {
    let world = World::new().await;
    let app = world.register("Victim", |_| {}).await;
    let forged = forgeries(&world).await;
    let mut routes = 0;
    // The real token first and last: that it is known to be good helps none that is made from it.
    let real = format!("/v1/applications/{}", app.app.app_id);
    assert_eq!(world.get(&real, &world.app.admin).await.status, 200);
    for route in management_routes() {
        let path = path(
            route,
            &app.app.app_id.to_string(),
            app.client_id.as_str(),
            "abcdefghij",
        );
        for (what, token) in &forged {
            let answer = send(&world, route, &path, token).await;
            assert_eq!(answer.status, 401, "{what} at {route:?}: {}", answer.body);
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Bearer "), "{what}: {challenge}");
        }
        routes += 1;
    }
    assert!(routes >= 29, "{routes}");
    assert_eq!(world.get(&real, &world.app.admin).await.status, 200);
}

// CVE-2025-64431: ids of another tenant were readable.
#[tokio::test]
async fn another_tenants_ids_are_answered_like_unknown_ones() {
    let world = World::new().await;
    let acme = TenantId::parse("acme").unwrap();
    world.app.tenant("acme").await;
    let theirs = world.register_in(acme, "Theirs", |_| {}).await;
    let further = world.client(&theirs.app).await;
    let ours = world.register("Ours", |_| {}).await;
    let own = world.token_of(&ours).await;
    let mut compared = 0;
    for route in management_routes().filter(|route| route.path.contains('{')) {
        for token in [&world.app.admin, &own] {
            for client in [&theirs.client_id, &further.client_id] {
                let secret = domain::Secret::parse(&theirs.secret).unwrap().id();
                let known = theirs.app.app_id.to_string();
                let mut unknown_app = known.clone();
                unknown_app.replace_range(30..36, "abcdef");
                let unknown_client = client.as_str().replacen(
                    &known.replace('-', ""),
                    &unknown_app.replace('-', ""),
                    1,
                );
                let there = path(route, &known, client.as_str(), secret.as_str());
                let nowhere = path(route, &unknown_app, &unknown_client, "abcdefghij");
                let (a, b) = (
                    send(&world, route, &there, token).await,
                    send(&world, route, &nowhere, token).await,
                );
                assert_eq!((a.status, &a.body), (b.status, &b.body), "{route:?}");
                assert!(matches!(a.status, 403 | 404), "{route:?}: {}", a.body);
                compared += 1;
            }
        }
    }
    assert!(compared > 80, "{compared}");
}
