//! Access tokens that must open nothing: what a request may carry instead of a good one.

use api::{
    claims::{Audience, Claims, MAX_LIFETIME, TYP},
    jws,
    system::system_random,
};
use data_encoding::BASE64URL_NOPAD;
use domain::{ClientId, TenantId, scopes};
use ring::{
    hmac,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};

use crate::{ISSUER, TestApp};

/// An `Authorization` header that must be answered by 401.
#[derive(Debug, Clone)]
pub struct BadToken {
    /// What is wrong with it.
    pub why: String,
    /// The header's value; `None` for no header.
    pub authorization: Option<String>,
}

/// The table, filled row by row.
#[derive(Default)]
struct Rows(Vec<BadToken>);

impl Rows {
    fn header(&mut self, why: &str, value: impl Into<String>) {
        self.0.push(BadToken {
            why: why.into(),
            authorization: Some(value.into()),
        });
    }

    fn token(&mut self, why: &str, token: &str) {
        self.header(why, format!("Bearer {token}"));
    }
}

fn to(name: &str) -> Audience {
    Audience::One(name.into())
}

const OTHER_TENANT: &str = "https://roster.test/t/other";

/// What is wrong, and what makes good claims so.
type BadClaims = (&'static str, fn(&mut Claims));

const BAD_CLAIMS: [BadClaims; 14] = [
    ("expired this second", |c| {
        (c.exp, c.iat) = (c.iat, c.iat.plus(-MAX_LIFETIME));
    }),
    ("expired long ago", |c| {
        (c.exp, c.iat) = (c.iat.plus(-86_400), c.iat.plus(-90_000));
    }),
    ("not yet valid", |c| {
        (c.exp, c.iat) = (c.iat.plus(600), c.iat.plus(61));
    }),
    ("valid for too long", |c| c.exp = c.exp.plus(1)),
    ("of another issuer", |c| {
        c.iss = "https://evil.example".into();
    }),
    ("of an issuer with a slash", |c| c.iss.push('/')),
    ("of an issuer that only starts alike", |c| {
        c.iss.push_str(".evil.example");
    }),
    ("of the first tenant by its long name", |c| {
        c.iss.push_str("/t/default");
    }),
    ("of another tenant's issuer", |c| {
        (c.iss, c.aud) = (OTHER_TENANT.into(), to(OTHER_TENANT));
    }),
    ("of another tenant's issuer, for this one", |c| {
        c.iss = OTHER_TENANT.into();
    }),
    ("for a resource server", |c| {
        c.aud = to("https://api.example.com");
    }),
    ("for another tenant", |c| c.aud = to(OTHER_TENANT)),
    ("for nobody", |c| c.aud = Audience::Many(Vec::new())),
    ("for a name that only starts alike", |c| {
        c.aud = to(&format!("{ISSUER}.evil.example"));
    }),
];

impl TestApp {
    /// Every kind of bad token, each of the management client and with every scope.
    pub async fn bad_tokens(&self) -> Vec<BadToken> {
        let mut rows = Rows::default();
        rows.0.push(BadToken {
            why: "no header".into(),
            authorization: None,
        });
        self.malformed(&mut rows);
        self.of_bad_claims(&mut rows).await;
        self.of_wrong_types(&mut rows).await;
        self.of_dead_callers(&mut rows).await;
        self.forged(&mut rows).await;
        rows.0
    }

    fn good_claims(&self) -> Claims {
        self.claims(ISSUER, &self.management.client_id, &scopes::MANAGEMENT)
    }

    fn malformed(&self, rows: &mut Rows) {
        let good = &self.admin;
        for (why, value) in [
            ("no token", "Bearer".to_owned()),
            ("an empty token", "Bearer ".into()),
            ("no scheme", good.clone()),
            ("another scheme", format!("Basic {good}")),
            ("two spaces", format!("Bearer  {good}")),
            ("two tokens", format!("Bearer {good} {good}")),
            ("a word", "Bearer token".into()),
            ("dots", "Bearer ..".into()),
            ("more dots", format!("Bearer {}", ".".repeat(9000))),
            ("padded base64", format!("Bearer {good}==")),
        ] {
            rows.header(why, value);
        }
        for cut in [1, 2, 40, good.len() / 2, good.len() - 1] {
            let why = format!("{cut} characters cut off its end");
            rows.token(&why, good.get(..good.len() - cut).unwrap());
        }
        rows.token("no first character", good.get(1..).unwrap());
        rows.token("one more character", &format!("{good}A"));
        rows.token("a fourth part", &format!("{good}.AAAA"));
    }

    /// Signed by the registry's own key, so that only the claims can be at fault.
    async fn of_bad_claims(&self, rows: &mut Rows) {
        for (why, bend) in BAD_CLAIMS {
            let mut claims = self.good_claims();
            bend(&mut claims);
            rows.token(why, &self.sign(&claims).await);
        }
    }

    async fn of_wrong_types(&self, rows: &mut Rows) {
        let (keys, now) = (&self.registry.keys, self.registry.now());
        let good = serde_json::to_value(self.good_claims()).unwrap();
        for typ in ["JWT", "", "id+jwt", "client-assertion+jwt"] {
            let token = keys.sign(typ, &good, now).await.unwrap();
            rows.token(&format!("of the type {typ:?}"), &token);
        }
        let later = now.plus(600).unix();
        for (name, wrong) in [
            ("exp", json!(later.to_string())),
            ("exp", Value::Null),
            ("iat", json!(now.unix().to_string())),
            ("aud", json!(1)),
            ("iss", json!([ISSUER])),
            ("scope", json!(scopes::MANAGEMENT)),
            ("client_id", json!("not a client id")),
        ] {
            let mut bent = good.clone();
            let members = bent.as_object_mut().unwrap();
            members.insert(name.into(), wrong.clone());
            let token = keys.sign(TYP, &bent, now).await.unwrap();
            rows.token(&format!("with {name} {wrong}"), &token);
            bent.as_object_mut().unwrap().remove(name);
            let token = keys.sign(TYP, &bent, now).await.unwrap();
            rows.token(&format!("without {name}"), &token);
        }
    }

    async fn of_dead_callers(&self, rows: &mut Rows) {
        let off = self.register("Switched off", |app| app.active = false);
        let off = off.await.app.default_client.client_id;
        for (why, client) in [
            ("of an app that is switched off", off),
            (
                "of a client that never was",
                ClientId::parse("nobody").unwrap(),
            ),
            (
                "of a client that its app does not have",
                ClientId::generate(&self.management.client_id.app_id().unwrap(), 7, [7; 5]),
            ),
        ] {
            rows.token(why, &self.token(&client, &scopes::MANAGEMENT).await);
        }
        // A client of one tenant in a token of another's issuer.
        let b = TenantId::parse("b").unwrap();
        let theirs = self.tenant(b.as_str()).await.client_id;
        rows.token(
            "of another tenant's client",
            &self.token(&theirs, &scopes::MANAGEMENT).await,
        );
        let ours = &self.management.client_id;
        rows.token(
            "of our client with another tenant's issuer",
            &self.token_in(&b, ours, &scopes::MANAGEMENT).await,
        );
    }

    async fn forged(&self, rows: &mut Rows) {
        let jwks = self.registry.keys.jwks(self.registry.now()).await.unwrap();
        let jwk = jwks.pointer("/keys/0").unwrap();
        let member = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap();
        let kid = member("kid");
        let claims = self.good_claims();
        let payload = BASE64URL_NOPAD.encode(&serde_json::to_vec(&claims).unwrap());
        let ours = self.admin.rsplit('.').next().unwrap();
        let part = |header: &Value| BASE64URL_NOPAD.encode(header.to_string().as_bytes());

        let other = other_key();
        let signed = |kid: &str| jws::sign(&other, kid, TYP, &claims).unwrap();
        rows.token("signed by another key under our kid", &signed(kid));
        rows.token("signed by another key under its own kid", &signed("other"));
        for alg in ["none", "None", "nonE", "HS256", "RS256", "ES384"] {
            let header = part(&json!({"alg": alg, "typ": TYP, "kid": kid}));
            for signature in ["", ours] {
                let token = format!("{header}.{payload}.{signature}");
                rows.token(&format!("alg {alg}, signature {signature:.3}"), &token);
            }
        }
        // What an HMAC key may be taken from when a verifier confuses algorithms.
        let point = [
            [4].as_slice(),
            &BASE64URL_NOPAD.decode(member("x").as_bytes()).unwrap(),
            &BASE64URL_NOPAD.decode(member("y").as_bytes()).unwrap(),
        ]
        .concat();
        for (what, key) in [("point", point), ("JWK", jwk.to_string().into_bytes())] {
            let header = part(&json!({"alg": "HS256", "typ": TYP, "kid": kid}));
            let text = format!("{header}.{payload}");
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes());
            let tag = BASE64URL_NOPAD.encode(tag.as_ref());
            rows.token(
                &format!("HS256 with our public {what}"),
                &format!("{text}.{tag}"),
            );
        }
        for (name, value) in [
            ("jwk", jwk.clone()),
            ("jku", json!("https://evil.example/jwks")),
            ("x5u", json!("https://evil.example/x5u")),
            ("crit", json!(["exp"])),
        ] {
            let mut header = json!({"alg": "ES256", "typ": TYP, "kid": kid});
            header.as_object_mut().unwrap().insert(name.into(), value);
            let token = format!("{}.{payload}.{ours}", part(&header));
            rows.token(&format!("with {name} in its header"), &token);
        }
        let more = Claims {
            jti: "another".into(),
            ..claims.clone()
        };
        let more = BASE64URL_NOPAD.encode(&serde_json::to_vec(&more).unwrap());
        let header = self.admin.split('.').next().unwrap();
        rows.token(
            "another payload under our signature",
            &format!("{header}.{more}.{ours}"),
        );
        let zeros = BASE64URL_NOPAD.encode(&[0; 64]);
        rows.token(
            "a signature of zeros",
            &format!("{header}.{payload}.{zeros}"),
        );
    }
}

fn other_key() -> EcdsaKeyPair {
    let (alg, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, system_random());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref(), &random).unwrap()
}
