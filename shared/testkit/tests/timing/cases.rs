//! Every way in which a client's authentication is refused for who it is or what it showed.

use std::collections::HashMap;

use api::{Handler, Request, assertion, dispatch, routes, system::system_random};
use data_encoding::BASE64URL_NOPAD;
use domain::{
    App, AppId, Client, ClientId, Jwks, Secret, StoredSecret,
    TokenEndpointAuthMethod::{ClientSecretPost, PrivateKeyJwt},
};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use table::Secrets;
use testkit::{ISSUER, Registered, TestApp, Value, basic, json};

/// The endpoints at which clients authenticate, and what they are asked.
pub(crate) const ENDPOINTS: [(&str, &str); 3] = [
    ("/oauth2/token", "grant_type=client_credentials"),
    ("/oauth2/introspect", "token=x"),
    ("/oauth2/revoke", "token=x"),
];

/// Cases of one kind differ in what the caller does not know; kinds differ in what it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The made id of an app's default client.
    Default,
    /// The made id of a further client.
    Further,
    /// A chosen id.
    Chosen,
    /// An assertion.
    Assertion,
}

pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    basic: Option<String>,
    form: String,
}

impl Case {
    /// The request to one of [`ENDPOINTS`].
    pub(crate) fn request(&self, (path, form): (&str, &str)) -> Request {
        let (route, _) = routes::resolve("POST", path).unwrap();
        let media = "application/x-www-form-urlencoded";
        let mut headers = HashMap::from([("content-type".into(), media.into())]);
        headers.extend(self.basic.clone().map(|b| ("authorization".into(), b)));
        Request {
            route,
            path: Vec::new(),
            query: String::new(),
            headers,
            body: format!("{form}{}", self.form).into_bytes(),
            host: "roster.test".into(),
            id: "request-1".into(),
        }
    }
}

/// What answers at an endpoint.
pub(crate) fn handler(path: &str) -> Handler {
    match path {
        "/oauth2/introspect" => Handler::new(introspect::handle),
        "/oauth2/revoke" => Handler::new(revoke::handle),
        _ => Handler::new(token::handle),
    }
}

pub(crate) struct Ground {
    pub(crate) app: TestApp,
    pub(crate) cases: Vec<Case>,
}

/// The secret of every client here.
fn right() -> Secret {
    Secret::generate([3; 39])
}

/// Another one of the same id.
fn wrong() -> Secret {
    let mut random = [4; 39];
    random[..7].copy_from_slice(&[3; 7]);
    Secret::generate(random)
}

/// One of an id that no client has.
fn stray() -> Secret {
    Secret::generate([9; 39])
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let mut ground = Self {
            app: TestApp::new().await,
            cases: Vec::new(),
        };
        ground.default_clients().await;
        ground.further_clients().await;
        ground.chosen_clients().await;
        ground.assertions().await;
        ground.app.recorder.take();
        ground
    }

    fn by_secret(&mut self, kind: Kind, name: &'static str, id: &ClientId, secret: &Secret) {
        self.cases.push(Case {
            kind,
            name,
            basic: Some(basic(id, secret.expose())),
            form: String::new(),
        });
    }

    async fn default_clients(&mut self) {
        let (known, post) = (self.app.register("Known", |_| ()).await, {
            let post = |app: &mut domain::CreateApp| {
                app.client.token_endpoint_auth_method = ClientSecretPost;
            };
            self.app.register("Other", post).await
        });
        let off = self.app.register("Off", |_| ()).await;
        let gone = self.app.register("Gone", |_| ()).await;
        for registered in [&known, &post, &off, &gone] {
            self.used(&registered.app.default_client).await;
        }
        self.app.switch(&off.app, false).await;
        self.delete(&gone.app).await;
        let nobody = ClientId::default_of(&AppId::generate(7, [7; 10]));
        for (name, id, secret) in [
            ("unknown", &nobody, stray()),
            ("wrong secret", known.client_id(), wrong()),
            ("unknown secret id", known.client_id(), stray()),
            ("off, right secret", off.client_id(), right()),
            ("other method, right secret", post.client_id(), right()),
            ("deleted app, right secret", gone.client_id(), right()),
        ] {
            self.by_secret(Kind::Default, name, id, &secret);
        }
    }

    async fn further_clients(&mut self) {
        let known = self.app.register("Further", |_| ()).await;
        let gone = self.app.register("Furthest", |_| ()).await;
        let client = self.app.register_client(&known.app, "Known", |_| ()).await;
        let deleted = self.app.register_client(&gone.app, "Gone", |_| ()).await;
        for client in [
            &known.app.default_client,
            &gone.app.default_client,
            &client.client,
            &deleted.client,
        ] {
            self.used(client).await;
        }
        self.delete(&gone.app).await;
        let unknown = |app: &AppId| ClientId::generate(app, 7, [7; 5]);
        for (name, id, secret) in [
            ("unknown", unknown(&AppId::generate(7, [7; 10])), stray()),
            (
                "unknown, of a live app",
                unknown(&known.app.app_id),
                stray(),
            ),
            ("wrong secret", client.id().clone(), wrong()),
            ("unknown secret id", client.id().clone(), stray()),
            ("deleted app, right secret", deleted.id().clone(), right()),
        ] {
            self.by_secret(Kind::Further, name, &id, &secret);
        }
    }

    async fn chosen_clients(&mut self) {
        let chosen = |id| ClientId::chosen(id).unwrap();
        let mut made = Vec::new();
        for id in ["chosen_known", "chosen_off_1", "chosen_gone1"] {
            let named = |app: &mut domain::CreateApp| app.client_id = Some(chosen(id));
            let registered = self.app.register(id, named).await;
            self.used(&registered.app.default_client).await;
            made.push(registered.app);
        }
        self.app.switch(&made[1], false).await;
        self.delete(&made[2]).await;
        for (name, id, secret) in [
            ("unknown", "chosen_never", stray()),
            ("wrong secret", "chosen_known", wrong()),
            ("unknown secret id", "chosen_known", stray()),
            ("off, right secret", "chosen_off_1", right()),
            ("deleted app, right secret", "chosen_gone1", right()),
        ] {
            self.by_secret(Kind::Chosen, name, &chosen(id), &secret);
        }
    }

    async fn assertions(&mut self) {
        let (key, stranger) = (Key::new(), Key::new());
        let known = self.signer("Signer", &key).await;
        let off = self.signer("Signer off", &key).await;
        let gone = self.signer("Signer gone", &key).await;
        let secret = self.app.register("By secret", |_| ()).await;
        self.used(&secret.app.default_client).await;
        self.app.switch(&off.app, false).await;
        self.delete(&gone.app).await;
        let nobody = ClientId::default_of(&AppId::generate(7, [7; 10]));
        for (name, id, key, kid) in [
            ("unknown", &nobody, &key, "key"),
            ("wrong signature", known.client_id(), &stranger, "key"),
            ("unknown kid", known.client_id(), &key, "yek"),
            ("off, right signature", off.client_id(), &key, "key"),
            ("by secret only", secret.client_id(), &key, "key"),
            (
                "deleted app, right signature",
                gone.client_id(),
                &key,
                "key",
            ),
        ] {
            let now = self.app.registry.now().unix();
            let claims = json!({"iss": id, "sub": id, "aud": ISSUER, "exp": now + 300, "jti": "1"});
            let signed = key.sign(&json!({"alg": "ES256", "kid": kid}), &claims);
            let kind = form_urlencoded(assertion::TYPE);
            self.cases.push(Case {
                kind: Kind::Assertion,
                name,
                basic: None,
                form: format!("&client_assertion_type={kind}&client_assertion={signed}"),
            });
        }
    }

    async fn signer(&self, name: &str, key: &Key) -> Registered {
        let keys = Jwks::parse(json!({ "keys": [key.public("key")] })).unwrap();
        let signs = |app: &mut domain::CreateApp| {
            app.client.token_endpoint_auth_method = PrivateKeyJwt;
            app.client.jwks = Some(keys);
        };
        self.app.register(name, signs).await
    }

    async fn delete(&self, app: &App) {
        let now = self.app.registry.now();
        self.app.registry.table.delete_app(app, now).await.unwrap();
    }

    /// Gives a client [`right`] in place of its secret, and uses it, as most clients have.
    async fn used(&self, client: &Client) {
        let registry = &self.app.registry;
        let read = registry.table.credentials(&client.client_id).await;
        let read = read.unwrap().unwrap();
        let (now, pepper) = (registry.now(), registry.master().unwrap().pepper());
        let secret = StoredSecret::new(&right(), &pepper, &client.client_id, now);
        let id = secret.id.clone();
        let secrets = Secrets {
            all: vec![secret],
            ended: read.ended_secrets.at(now),
        };
        let table = &registry.table;
        table.save_secrets(&read, &secrets, None).await.unwrap();
        table.note_use(client, &id, now.day()).await.unwrap();
    }

    /// Answers a case; it is refused.
    pub(crate) async fn refused(&self, case: &Case, endpoint: (&str, &str)) {
        let (handler, request) = (handler(endpoint.0), case.request(endpoint));
        let answer = dispatch(&self.app.registry, &handler, request).await;
        let refused: Value = serde_json::from_str(&answer.body).unwrap();
        let expected = (401, &json!("invalid_client"));
        assert_eq!(
            (answer.status, &refused["error"]),
            expected,
            "{}",
            case.name
        );
    }
}

/// A colon is the one character of an assertion's type that a form encodes.
fn form_urlencoded(text: &str) -> String {
    text.replace(':', "%3A")
}

/// A client's key.
struct Key(EcdsaKeyPair);

impl Key {
    fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, system_random());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
    }

    fn public(&self, kid: &str) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        let text = |bytes| BASE64URL_NOPAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": text(x), "y": text(y)})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
        let signed = format!("{}.{}", text(header), text(claims));
        let signature = self.0.sign(&system_random(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}
