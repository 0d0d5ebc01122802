//! No secret, token or digest leaves by any way but the one answer that shows it. Alone in its file:
//! while another thread makes the first use of a log line, a subscriber of this one may miss it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't be set up has failed"
)]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use api::{Response, lambda};
use testkit::{Hidden, TestApp, Value, basic, body, json};
use tracing::Subscriber;

/// Log lines, as a formatter writes them.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Every line so far.
    fn take(&self) -> Vec<Value> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = std::mem::take(&mut *all);
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// What the flows below answered.
#[derive(Default)]
struct Seen {
    hidden: Hidden,
    /// Answers that may show a secret or a token.
    once: Vec<Response>,
    /// Answers that may not.
    reads: Vec<Response>,
}

fn native() -> Value {
    json!({
        "app_name": "My app", "client_display_name": "c", "redirect_uris": ["https://a.example/cb"],
    })
}

async fn creates(app: &TestApp, seen: &mut Seen) -> Vec<(String, String, String)> {
    let mut made = Vec::new();
    for (path, request) in [
        ("/v1/applications", native()),
        // A second name, so that the refusal of the first is logged too.
        ("/v1/applications", native()),
        (
            "/platform/v1/apps",
            json!({"name": "My app", "redirect_uri": "https://a.example/cb", "trusted": "true"}),
        ),
    ] {
        let response = app.request(create_app::handle, "POST", path).json(&request);
        let response = response.send().await;
        assert_eq!(response.status, 201);
        let shown = body(&response);
        let app = shown.get("result").or(shown.get("data")).unwrap();
        let text = |name: &str| app[name].as_str().unwrap().to_owned();
        seen.hidden.secret(&text("client_secret"));
        made.push((text("app_id"), text("client_id"), text("client_secret")));
        seen.once.push(response);
    }
    // Asked again with its key, an answer is kept to be given again, its secret sealed.
    for _ in 0..2 {
        let request = app.request(create_app::handle, "POST", "/v1/applications");
        let request = request.header("idempotency-key", "key-1").json(&native());
        let response = request.send().await;
        let shown = body(&response);
        let secret = shown["result"]["client_secret"].as_str().unwrap();
        seen.hidden.secret(secret);
        seen.once.push(response);
    }
    let mut taken = native();
    taken["app_code_name"] = json!("myapp");
    let response = app.request(create_app::handle, "POST", "/v1/applications");
    seen.reads.push(response.json(&taken).send().await);
    made
}

/// A token for each app, and refusals with its secret where it does not belong.
async fn tokens(app: &TestApp, made: &[(String, String, String)], seen: &mut Seen) {
    let form = "grant_type=client_credentials";
    let post = |form: &str| {
        app.request(token::handle, "POST", "/oauth2/token")
            .form(form)
    };
    for (_, id, secret) in made {
        let header = basic(id, secret);
        seen.hidden
            .text("credentials", header.strip_prefix("Basic ").unwrap());
        let response = post(form).header("authorization", &header).send().await;
        assert_eq!(response.status, 200);
        let token = body(&response)["access_token"].as_str().unwrap().to_owned();
        seen.hidden.token(&token);
        seen.once.push(response);
        for (request, status) in [
            (
                post(&format!("{form}&client_id={id}&client_secret={secret}")),
                401,
            ),
            (
                post(&format!("{form}&client_id={id}&client_secret={secret}"))
                    .header("authorization", &header),
                400,
            ),
            (
                post(&format!("{form}&{secret}=1&{secret}=1")).header("authorization", &header),
                400,
            ),
            (
                post(form).header("authorization", &basic(id, &secret.to_uppercase())),
                401,
            ),
            (post(form).header("authorization", &basic(secret, id)), 401),
            (
                post(form).header("authorization", &format!("Bearer {token}")),
                401,
            ),
        ] {
            let response = request.send().await;
            assert_eq!(response.status, status);
            // A name that a caller made up may come back to that caller, cut short.
            if status != 400 || !response.body.contains("repeated") {
                seen.reads.push(response);
            }
        }
    }
}

async fn reads(app: &TestApp, made: &[(String, String, String)], seen: &mut Seen) {
    for (app_id, client_id, _) in made {
        for path in [
            format!("/v1/applications/{app_id}"),
            format!("/platform/v1/apps/{app_id}"),
        ] {
            let response = app.request(get_app::handle, "GET", &path).send().await;
            assert_eq!(response.status, 200);
            seen.reads.push(response);
        }
        let path = format!("/v1/applications?client_id={client_id}");
        seen.reads
            .push(app.request(list_apps::handle, "GET", &path).send().await);
    }
    for path in [
        "/v1/applications",
        "/platform/v1/apps",
        "/v1/applications?limit=1",
    ] {
        let response = app.request(list_apps::handle, "GET", path).send().await;
        assert_eq!(response.status, 200);
        seen.reads.push(response);
    }
    // Tokens where they don't belong.
    let path = format!("/v1/applications/{}", app.admin);
    seen.reads
        .push(app.request(get_app::handle, "GET", &path).send().await);
    let path = "/v1/applications/x";
    let bent = format!("{}x", app.admin);
    let request = app.request(get_app::handle, "GET", path).token(&bent);
    seen.reads.push(request.send().await);
    for path in ["/oauth2/jwks", "/.well-known/openid-configuration"] {
        seen.reads
            .push(app.request(discovery::handle, "GET", path).send().await);
    }
}

/// Goes through every flow while `subscriber` listens, and looks for what must not be seen in every
/// answer and record. Gives back what log lines must not show.
async fn run(subscriber: impl Subscriber + Send + Sync) -> Hidden {
    let guard = tracing::subscriber::set_default(subscriber);
    let app = TestApp::new().await;
    let mut seen = Seen::default();
    seen.hidden.secret(&app.management.client_secret);
    seen.hidden.token(&app.admin);
    for _ in 0..2 {
        seen.hidden.secret(&app.tenant("b").await.client_secret);
    }
    let made = creates(&app, &mut seen).await;
    tokens(&app, &made, &mut seen).await;
    reads(&app, &made, &mut seen).await;
    app.clock.advance(301);
    reads(&app, &[], &mut seen).await;
    drop(guard);

    // Before the table's own are among them: records hold no secret and no token in plain.
    let calls = app.recorder.take();
    for call in &calls {
        let record = format!("{} {}", call.request, call.response);
        seen.hidden.assert_absent("a record", &record);
    }
    let known = seen.hidden.len();
    seen.hidden.stored(&calls);
    assert!(seen.hidden.len() > known + 20);
    for response in &seen.reads {
        let shown = format!("{} {:?}", response.body, response.headers);
        seen.hidden.assert_absent("a read", &shown);
    }
    for response in &seen.once {
        assert_eq!(response.header("cache-control").unwrap(), "no-store");
    }
    for response in seen.reads.iter().chain(&seen.once) {
        let shown = format!("{response:?}");
        seen.hidden.assert_absent("Debug of an answer", &shown);
    }
    let shown = format!("{:?}", app.registry);
    seen.hidden.assert_absent("Debug of Registry", &shown);
    seen.hidden
}

#[tokio::test]
async fn no_secret_token_or_digest_is_logged_or_read() {
    let lines = Lines::default();
    let writer = || {
        let lines = lines.clone();
        move || lines.clone()
    };

    // As functions log.
    let hidden = run(lambda::subscriber(writer())).await;
    let logged = lines.take();
    assert!(logged.len() > 20);
    for line in logged {
        hidden.assert_absent("a log line", &line.to_string());
        // Without both, Lambda takes a line for INFO.
        assert!(line["timestamp"].is_string() && line["level"].is_string());
        assert!(
            line["level"] != "DEBUG" && line["level"] != "TRACE",
            "{line}"
        );
    }

    // Every line that there is, but the SDK's own at the lowest level: it prints answers whole.
    let everything = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(writer())
        .finish();
    let hidden = run(everything).await;
    let (mut ours, mut sdk) = (0, 0);
    for line in lines.take() {
        let is_sdk = line["target"].as_str().unwrap().starts_with("aws_");
        if is_sdk && line["level"] == "TRACE" {
            continue;
        }
        *if is_sdk { &mut sdk } else { &mut ours } += 1;
        hidden.assert_absent("a log line", &line.to_string());
    }
    assert!(ours > 20 && sdk > 100, "{ours} {sdk}");
}
