//! DynamoDB and Secrets Manager over HTTP: the embedded engine and one secret.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use engine::Engine;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The only secret there is.
pub(super) const SECRET_ARN: &str =
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:roster-master-AbCdEf";

/// A running AWS.
pub(super) struct Aws {
    /// Its endpoint, for both services.
    pub(super) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    secret: Mutex<String>,
    calls: Mutex<Vec<String>>,
    /// What was asked for, as it was sent.
    bodies: Mutex<Vec<Bytes>>,
}

impl Aws {
    /// Serves on a free port until the test ends.
    pub(super) async fn serve(engine: Engine, secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            engine,
            secret: Mutex::new(secret.to_owned()),
            calls: Mutex::default(),
            bodies: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let shared = Arc::clone(&serving);
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { Ok::<_, Infallible>(answer(&shared, request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, shared }
    }

    /// Puts another text into the secret, as an operator does.
    pub(super) fn put_secret(&self, text: &str) {
        text.clone_into(&mut self.shared.secret.lock().unwrap());
    }

    /// Whether a request so far had `text` in its body.
    pub(super) fn was_asked(&self, text: &str) -> bool {
        let bodies = self.shared.bodies.lock().unwrap();
        let text = text.as_bytes();
        let mut parts = bodies.iter().flat_map(|body| body.windows(text.len()));
        parts.any(|part| part == text)
    }

    /// Every request so far: its operation and what was sent with it.
    pub(super) fn requests(&self) -> Vec<(String, Value)> {
        let bodies = self.shared.bodies.lock().unwrap();
        let bodies = bodies
            .iter()
            .map(|body| serde_json::from_slice(body).unwrap());
        self.calls().into_iter().zip(bodies).collect()
    }

    /// The operations called so far, in order.
    pub(super) fn calls(&self) -> Vec<String> {
        self.shared.calls.lock().unwrap().clone()
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let header = |name| {
        request
            .headers()
            .get(name)
            .map(|v| v.to_str().unwrap().to_owned())
    };
    let signed = header("authorization").unwrap_or_default();
    assert!(signed.starts_with("AWS4-HMAC-SHA256 "), "{signed}");
    let target = header("x-amz-target").unwrap();
    let (service, operation) = target.split_once('.').unwrap();
    shared.calls.lock().unwrap().push(operation.to_owned());
    let operation = operation.to_owned();
    let dynamodb = service == "DynamoDB_20120810";
    let body = request.into_body().collect().await.unwrap().to_bytes();
    shared.bodies.lock().unwrap().push(body.clone());
    let (status, body) = if dynamodb {
        shared
            .engine
            .answer(&operation, body.to_vec())
            .await
            .unwrap()
    } else {
        let asked: Value = serde_json::from_slice(&body).unwrap();
        let secret = shared.secret.lock().unwrap().clone();
        let (status, body) = secrets_manager(&operation, &asked, &secret);
        (status, body.to_string().into_bytes())
    };
    let version = if dynamodb { "1.0" } else { "1.1" };
    Response::builder()
        .status(status)
        .header("content-type", format!("application/x-amz-json-{version}"))
        .body(Full::from(body))
        .unwrap()
}

fn secrets_manager(operation: &str, asked: &Value, secret: &str) -> (u16, Value) {
    if operation != "GetSecretValue" || asked["SecretId"] != SECRET_ARN {
        return (400, json!({"__type": "ResourceNotFoundException"}));
    }
    let body = json!({
        "ARN": SECRET_ARN,
        "Name": "roster-master",
        "SecretString": secret,
        "VersionId": "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1_767_323_045.0,
    });
    (200, body)
}
