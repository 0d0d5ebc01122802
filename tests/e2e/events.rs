//! The raw events of `events/`: each says what it is, and is answered as its name promises.

use std::{env, fs, path::Path};

use api::{Registry, Response, event::Answer, lambda, operations, routes};
use create_tenant::Credentials;
use data_encoding::{BASE64, HEXLOWER};
use lambda_http::aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use testkit::TestApp;

/// Where the events are.
fn directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../events"))
}

/// The text of an event: `create-app/201-native`, say.
pub(crate) fn text(name: &str) -> String {
    let path = directory().join(format!("{name}.json"));
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every event: operation and name.
pub(crate) fn names() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for operation in fs::read_dir(directory()).unwrap() {
        let operation = operation.unwrap();
        for file in fs::read_dir(operation.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".json").unwrap().to_owned();
            found.push((operation.file_name().into_string().unwrap(), name));
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

/// What the placeholders of an event stand for.
pub(crate) struct Filling(pub(crate) Vec<(&'static str, String)>);

impl Filling {
    /// The management client's credentials.
    pub(crate) fn of(management: &Credentials) -> Self {
        let pair = format!("{}:{}", management.client_id, management.client_secret);
        Self(vec![
            ("{{basic}}", BASE64.encode(pair.as_bytes())),
            ("{{management_id}}", management.client_id.to_string()),
            ("{{management_secret}}", management.client_secret.clone()),
        ])
    }

    /// The event with all of them filled.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (placeholder, value) in &self.0 {
            filled = filled.replace(placeholder, value);
        }
        assert!(!filled.contains("{{"), "{filled}");
        filled
    }
}

/// Sends an event to the handler of its operation, in this process.
pub(crate) async fn answer(registry: &Registry, operation: &str, event: &str) -> Response {
    let event = serde_json::from_str(event).unwrap();
    let handlers = local::operations::all();
    // Boxed, as its type is too deep for the compiler otherwise.
    Box::pin(lambda::answer(registry, &handlers[operation], event)).await
}

/// Writes an answer into the directory that `ANSWERS` names, for tests/sam to compare with Lambda's.
fn keep(operation: &str, name: &str, response: &Response) {
    if let Some(directory) = env::var_os("ANSWERS") {
        let directory = Path::new(&directory).join(operation);
        fs::create_dir_all(&directory).unwrap();
        let text = serde_json::to_string_pretty(&Answer(response.clone())).unwrap();
        fs::write(directory.join(format!("{name}.json")), text).unwrap();
    }
}

fn body(response: &Response) -> Value {
    serde_json::from_str(&response.body).unwrap()
}

/// A registry, the token of its management client, and what else the events name.
pub(crate) struct Seeded {
    pub(crate) app: TestApp,
    pub(crate) filling: Filling,
}

impl Seeded {
    /// With the app `seeded`, its default client, a further client with two secrets, and a granted role.
    pub(crate) async fn new() -> Self {
        let app = TestApp::new().await;
        let mut filling = Filling::of(&app.management);
        filling.0.push(("{{token}}", app.admin.clone()));
        let mut seeded = Self { app, filling };
        let made = seeded
            .make("create-app/201-native", |event| {
                let body = event["body"].as_str().unwrap();
                let mut body: Value = serde_json::from_str(body).unwrap();
                body["app_code_name"] = json!("seeded");
                body["client_scopes"] = json!(["apps:read", "apps:edit", "apps:access"]);
                event["body"] = json!(body.to_string());
            })
            .await;
        seeded.name("{{app_id}}", &made["app_id"]);
        seeded.name("{{default_client_id}}", &made["client_id"]);
        let client = domain::ClientId::parse(made["client_id"].as_str().unwrap()).unwrap();
        let all = &domain::scopes::MANAGEMENT;
        let token = seeded.app.token(&client, all).await;
        seeded.filling.0.push(("{{app_token}}", token));
        let made = seeded.make("create-client/201-further", |_| {}).await;
        seeded.name("{{client_id}}", &made["client_id"]);
        let made = seeded.make("issue-secret/201-further", |_| {}).await;
        seeded.name("{{secret_id}}", &made["secret_id"]);
        let app_id = seeded.filling.fill("{{app_id}}");
        let other = seeded.make("create-app/201-native", |_| {}).await;
        seeded.name("{{granted_app_id}}", &other["app_id"]);
        let granted = seeded
            .make("create-grant/201-me", |event| {
                let body = event["body"].as_str().unwrap();
                event["body"] = json!(body.replace(&app_id, other["app_id"].as_str().unwrap()));
            })
            .await;
        seeded.name("{{grant_id}}", &granted["id"]);
        seeded
    }

    /// Sends an event, its placeholders filled, to its operation: which is held to what it is granted.
    pub(crate) async fn send(&self, operation: &str, event: &str) -> Response {
        let event = self.filling.fill(event);
        let name = operations::by_name(operation).unwrap().name;
        let mut registry = self.app.registry.clone();
        // As in a function that has not seen the caller yet.
        registry.callers = std::sync::Arc::default();
        let answered = answer(&registry, operation, &event);
        self.app.recorder.as_operation(name, answered).await
    }

    /// Sends a request, written `POST /v1/applications`, as the event that the gateway makes of it; the
    /// JSON of the answer, if it has any.
    pub(crate) async fn ask(
        &self,
        line: &str,
        kind: &str,
        authorization: &str,
        body: &Value,
    ) -> Value {
        let answered = self.respond(line, kind, authorization, body).await;
        serde_json::from_str(&answered.body).unwrap_or(Value::Null)
    }

    /// The same; the whole answer.
    pub(crate) async fn respond(
        &self,
        line: &str,
        kind: &str,
        authorization: &str,
        body: &Value,
    ) -> Response {
        let (method, path) = line.split_once(' ').unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (route, parameters) = routes::resolve(method, path).unwrap();
        let text = body
            .as_str()
            .map_or_else(|| body.to_string(), str::to_owned);
        // The same request has the same key, so a repeated one is a retry.
        let key = digest(&SHA256, format!("{line}\n{text}").as_bytes());
        let mut headers =
            json!({"content-type": kind, "idempotency-key": HEXLOWER.encode(key.as_ref())});
        if !authorization.is_empty() {
            headers["authorization"] = json!(authorization);
        }
        let event = json!({
            "version": "2.0", "routeKey": route.key(), "rawPath": path, "rawQueryString": query,
            "headers": headers,
            "pathParameters": parameters.into_iter().collect::<std::collections::HashMap<_, _>>(),
            "requestContext": {"routeKey": route.key(), "domainName": "roster.test", "requestId": "1",
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "::1"}},
            "body": text, "isBase64Encoded": false,
        });
        self.send(route.operation, &event.to_string()).await
    }

    fn name(&mut self, placeholder: &'static str, value: &Value) {
        let value = value
            .as_str()
            .unwrap_or_else(|| panic!("{placeholder}: {value}"));
        self.filling.0.push((placeholder, value.to_owned()));
    }

    /// Sends an event that makes something; what it made.
    async fn make(&self, name: &str, change: impl FnOnce(&mut Value)) -> Value {
        // Lists are in the order of creation, which is by chance within a millisecond.
        self.app.clock.advance(1);
        let mut event: Value = serde_json::from_str(&self.filling.fill(&text(name))).unwrap();
        change(&mut event);
        let operation = name.split('/').next().unwrap();
        let made = answer(&self.app.registry, operation, &event.to_string()).await;
        assert_eq!(made.status, 201, "{name}: {made:?}");
        let body = body(&made);
        // In the native dialect it is in `result`, in SCIM it is the body.
        body.get("result").unwrap_or(&body).clone()
    }
}

#[tokio::test]
async fn every_event_is_answered_as_its_name_says() {
    for (operation, name) in names() {
        let seeded = Seeded::new().await;
        let event = text(&format!("{operation}/{name}"));
        let response = seeded.send(&operation, &event).await;
        keep(&operation, &name, &response);
        let promised: u16 = name.split('-').next().unwrap().parse().unwrap();
        assert_eq!(
            response.status, promised,
            "{operation}/{name}: {response:?}"
        );
        // As AWS's own type reads it, which asks for a member that the gateway does not.
        let mut written = serde_json::to_value(Answer(response.clone())).unwrap();
        written["cookies"] = json!([]);
        let taken: ApiGatewayV2httpResponse = serde_json::from_value(written).unwrap();
        assert_eq!(taken.status_code, i64::from(promised));
        assert_eq!(taken.body.unwrap(), Body::Text(response.body.clone()));
        assert!(!taken.is_base64_encoded && taken.cookies.is_empty());
        let headers = &taken.headers;
        assert_eq!(headers.len(), response.headers.len());
        assert_eq!(
            headers["x-request-id"], "JKJaXmPLvHcESHA=",
            "{operation}/{name}"
        );
        if promised != 204 {
            let media_type = headers["content-type"].to_str().unwrap();
            assert!(
                media_type.ends_with("json"),
                "{operation}/{name}: {media_type}"
            );
            assert!(body(&response).is_object(), "{operation}/{name}");
        }
        if promised == 401 {
            assert!(
                headers.contains_key("www-authenticate"),
                "{operation}/{name}"
            );
        }
    }
}

/// An event that contradicts itself would prove nothing.
#[test]
fn every_event_is_one_that_the_gateway_sends() {
    for (operation, name) in names() {
        let event: Value = serde_json::from_str(&text(&format!("{operation}/{name}"))).unwrap();
        let context = &event["requestContext"];
        let (method, path) = (&context["http"]["method"], &event["rawPath"]);
        let found = routes::resolve(method.as_str().unwrap(), path.as_str().unwrap());
        // The gateway knows no HEAD of a GET, and names no path where it has no route.
        let found = found.filter(|_| method != "HEAD");
        let (route, parameters) = found.unwrap_or((&routes::NOWHERE, Vec::new()));
        assert_eq!(route.operation, operation, "{name}");
        assert_eq!(event["version"], "2.0", "{operation}/{name}");
        assert_eq!(event["routeKey"], route.key(), "{operation}/{name}");
        assert_eq!(context["routeKey"], route.key(), "{operation}/{name}");
        assert_eq!(&context["http"]["path"], path, "{operation}/{name}");
        let given = event["pathParameters"].as_object().into_iter().flatten();
        let given: Vec<_> = given
            .map(|(n, v)| (n.clone(), v.as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(given, parameters, "{operation}/{name}");
        for header in event["headers"].as_object().unwrap().keys() {
            assert_eq!(*header, header.to_lowercase(), "{operation}/{name}");
        }
        assert_eq!(
            event["headers"]["host"], context["domainName"],
            "{operation}/{name}"
        );
    }
}
