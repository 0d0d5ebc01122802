//! The Lambda Runtime API: it hands out events, takes the answers and notes when.
//!
//! Without Nagle's delay, and with each answer in one piece: either would be measured as the function's.

use std::{
    convert::Infallible,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use api::system::SystemClock;
use bytes::Bytes;
use domain::Clock;
use http_body_util::{BodyExt, Collected, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
};

use crate::Outcome;

const BASE: &str = "/2018-06-01/runtime/";
/// Nothing that is measured takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of an event.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The function's answer.
    pub(crate) body: Bytes,
    /// From the moment that the event left until the answer was here.
    pub(crate) took: Duration,
}

/// A running Runtime API, for one function.
pub(crate) struct RuntimeApi {
    /// Host and port, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub(crate) address: String,
    events: mpsc::UnboundedSender<Bytes>,
    ready: mpsc::UnboundedReceiver<Instant>,
    answers: mpsc::UnboundedReceiver<Answer>,
}

/// A path below [`BASE`], its body, and when the event left.
struct Answer {
    path: String,
    body: Bytes,
    took: Duration,
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Bytes>>,
    left: std::sync::Mutex<Instant>,
    ready: mpsc::UnboundedSender<Instant>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl RuntimeApi {
    /// Serves on a free port until the function is gone.
    pub(crate) async fn serve() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (events, handed) = mpsc::unbounded_channel();
        let (asked, ready) = mpsc::unbounded_channel();
        let (became, answers) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            events: Mutex::new(handed),
            left: std::sync::Mutex::new(Instant::now()),
            ready: asked,
            answers: became,
        });
        tokio::spawn(async move {
            // A function opens one connection, perhaps another one after an error.
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { Ok::<_, Infallible>(answer(&shared, request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self {
            address,
            events,
            ready,
            answers,
        })
    }

    /// When the function asked for its next event.
    pub(crate) async fn ready(&mut self) -> Outcome<Instant> {
        let asked = tokio::time::timeout(PATIENCE, self.ready.recv()).await;
        asked?.ok_or_else(|| "the function ended".into())
    }

    /// Hands out an event and waits for what becomes of it.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Outcome<Invocation> {
        self.events.send(event)?;
        let answer = tokio::time::timeout(PATIENCE, self.answers.recv()).await?;
        let Answer { path, body, took } = answer.ok_or("the function ended")?;
        if path.ends_with("/response") {
            Ok(Invocation { body, took })
        } else {
            Err(format!("{path}: {}", String::from_utf8_lossy(&body)).into())
        }
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let now = Instant::now();
    let path = request.uri().path().to_owned();
    let path = path.strip_prefix(BASE).unwrap_or(&path);
    if path == "invocation/next" {
        let _ = shared.ready.send(now);
        let event = shared.events.lock().await.recv().await;
        return next(shared, event.unwrap_or_default());
    }
    let body = request.into_body().collect().await;
    let took = shared
        .left
        .lock()
        .map_or_else(|e| e.into_inner().elapsed(), |left| left.elapsed());
    let _ = shared.answers.send(Answer {
        path: path.to_owned(),
        body: body.map(Collected::to_bytes).unwrap_or_default(),
        took,
    });
    let mut accepted = Response::new(Full::from(r#"{"status":"OK"}"#));
    *accepted.status_mut() = hyper::StatusCode::ACCEPTED;
    accepted
}

fn next(shared: &Shared, event: Bytes) -> Response<Full<Bytes>> {
    let deadline = SystemClock.unix_ms() + 5_000;
    let mut response = Response::new(Full::from(event));
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "application/json"),
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:measured",
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-6721a2b3-4c5d6e7f8091a2b3c4d5e6f7",
        ),
    ] {
        headers.insert(name, hyper::header::HeaderValue::from_static(value));
    }
    headers.insert("lambda-runtime-deadline-ms", deadline.into());
    if let Ok(mut left) = shared.left.lock() {
        *left = Instant::now();
    }
    response
}
