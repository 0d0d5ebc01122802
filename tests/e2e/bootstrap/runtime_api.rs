//! The Lambda Runtime API: it hands out events and takes what becomes of them.

use std::{convert::Infallible, sync::Arc, time::Duration};

use api::system::SystemClock;
use bytes::Bytes;
use domain::Clock;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, Notify, mpsc},
};

const BASE: &str = "/2018-06-01/runtime/";

/// What a function reported: `…/response`, `…/error` or `init/error`, and its body.
#[derive(Debug)]
pub(super) struct Outcome {
    path: String,
    body: Value,
}

/// A running Runtime API.
pub(super) struct RuntimeApi {
    /// Host and port, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub(super) address: String,
    events: mpsc::UnboundedSender<String>,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
    shared: Arc<Shared>,
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<String>>,
    outcomes: mpsc::UnboundedSender<Outcome>,
    /// Told when a function asks for an event.
    asked: Notify,
}

impl RuntimeApi {
    /// Serves on a free port until the test ends.
    pub(super) async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, handed) = mpsc::unbounded_channel();
        let (became, outcomes) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            events: Mutex::new(handed),
            outcomes: became,
            asked: Notify::new(),
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
        Self {
            address,
            events,
            outcomes,
            shared,
        }
    }

    /// Waits until a function asks for an event, which ends its INIT; whether it did.
    pub(super) async fn was_asked(&self) -> bool {
        let asked = self.shared.asked.notified();
        tokio::time::timeout(Duration::from_secs(20), asked)
            .await
            .is_ok()
    }

    /// Hands out an event; the function's answer, if it gives one and no error.
    pub(super) async fn invoke(&mut self, event: String) -> Result<Value, Option<Outcome>> {
        self.events.send(event).unwrap();
        let outcome = tokio::time::timeout(Duration::from_secs(20), self.outcomes.recv()).await;
        match outcome.ok().flatten() {
            Some(outcome) if outcome.path.ends_with("/response") => Ok(outcome.body),
            other => Err(other),
        }
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let what = path.strip_prefix(BASE).unwrap_or_else(|| panic!("{path}"));
    if what == "invocation/next" {
        shared.asked.notify_one();
        // Waits, as Lambda freezes a function until there is work.
        let Some(event) = shared.events.lock().await.recv().await else {
            return Response::new(Full::default());
        };
        let deadline = SystemClock.unix_ms() + 5_000;
        return Response::builder()
            .header(
                "lambda-runtime-aws-request-id",
                "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            )
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-central-1:123456789012:function:create-app",
            )
            .header(
                "lambda-runtime-trace-id",
                "Root=1-6721a2b3-4c5d6e7f8091a2b3c4d5e6f7",
            )
            .header("content-type", "application/json")
            .body(Full::from(event))
            .unwrap();
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let _ = shared.outcomes.send(Outcome {
        path: what.to_owned(),
        body,
    });
    let accepted = Full::from(r#"{"status":"OK"}"#);
    Response::builder().status(202).body(accepted).unwrap()
}
