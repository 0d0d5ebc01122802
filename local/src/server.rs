//! HTTP/1.1 in front of the handlers, in the place of API Gateway.

use std::{collections::HashMap, convert::Infallible, pin::pin, sync::Arc, time::Duration};

use api::{
    ApiError, Call, Handler, Registry, Request, Response,
    dispatch::{dispatch, refuse},
    nowhere::{self, Heads, Nowhere},
    request::{MAX_BODY, joined},
    routes,
};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    header::{self, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, time::timeout};

use crate::limits::{Limits, Places, Timed};

/// API Gateway's own limit for the request line and headers; more is 431.
const MAX_HEAD: usize = 10 * 1024;
/// What requests under way get after a signal to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// What connections share.
#[derive(Debug)]
pub struct Service {
    registry: Registry,
    handlers: HashMap<&'static str, Handler>,
    limits: Limits,
}

impl Service {
    /// Serves `registry` with these handlers, within these limits.
    pub const fn new(
        registry: Registry,
        handlers: HashMap<&'static str, Handler>,
        limits: Limits,
    ) -> Self {
        Self {
            registry,
            handlers,
            limits,
        }
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> hyper::Response<Full<Bytes>> {
        // RFC 9112 §6.1: whoever sent a length besides is not to be trusted with a second request, and
        // hyper does not tell whether one was sent.
        let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        let id = self
            .registry
            .random::<12>()
            .map_or_else(|_| "none".to_owned(), |bytes| HEXLOWER.encode(&bytes));
        let mut response = into_http(self.respond(request, id).await);
        if chunked {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }

    async fn respond(&self, request: hyper::Request<Incoming>, id: String) -> Response {
        if head_length(&request) > MAX_HEAD {
            tracing::info!(request_id = id, status = 431, "refused");
            let long = Response::empty(431).with("connection", "close");
            return long.with("x-request-id", id);
        }
        let (head, body) = request.into_parts();
        let (method, path) = (head.method.as_str(), head.uri.path());
        let mut request = Request {
            route: &routes::NOWHERE,
            path: nowhere::parameters(method, path),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: HashMap::new(),
            body: Vec::new(),
            host: "localhost".into(),
            id,
        };
        let found = routes::resolve(method, path);
        let handler = found
            .as_ref()
            .and_then(|(route, _)| self.handlers.get(route.operation));
        let (Some((route, path)), Some(handler)) = (found, handler) else {
            return dispatch(&self.registry, &Handler::new(stray), request).await;
        };
        let Ok(Some(body)) = timeout(self.limits.body, read_body(body)).await else {
            let why = "it was cut off, or took too long to come";
            let cut = ApiError::Malformed(why.into());
            return refuse(route, &request.id, &cut).with("connection", "close");
        };
        let whole = body.len() <= MAX_BODY;
        request.route = route;
        request.path = path;
        request.headers = headers(&head.headers);
        request.body = body;
        let response = dispatch(&self.registry, handler, request).await;
        if whole {
            response
        } else {
            // The rest of the body is not read, so the connection can't go on.
            response.with("connection", "close")
        }
    }
}

/// Answers a request whose path or method leads nowhere.
async fn stray(_registry: Registry, call: Call) -> Result<Response, ApiError> {
    let stray = Nowhere::of(&call.request).ok_or_else(|| ApiError::internal("it has a route"))?;
    Ok(stray.answer(Heads::All))
}

/// Bytes of the request line and headers; hyper's own limit is one of its buffer, and looser.
fn head_length(request: &hyper::Request<Incoming>) -> usize {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |t| t.as_str().len());
    let lines = request.headers().iter();
    let lines = lines.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    request.method().as_str().len() + target + "  HTTP/1.1\r\n".len() + lines.sum::<usize>()
}

/// Headers as API Gateway gives them: lower-case names, repeated ones joined.
fn headers(map: &hyper::HeaderMap) -> HashMap<String, String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    joined(
        map.iter()
            .map(|(name, value)| (name.to_string(), text(value))),
    )
}

/// The body, or the first bytes of one that is too long; `None` when it broke off.
async fn read_body(mut body: Incoming) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    loop {
        match body.frame().await {
            None => return Some(read),
            Some(Err(_)) => return None,
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    read.extend_from_slice(data);
                }
                if read.len() > MAX_BODY {
                    return Some(read);
                }
            }
        }
    }
}

fn into_http(response: Response) -> hyper::Response<Full<Bytes>> {
    let mut http = hyper::Response::new(Full::new(Bytes::from(response.body)));
    // Every status of ours is a valid one.
    *http.status_mut() = hyper::StatusCode::from_u16(response.status)
        .unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            http.headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    http
}

/// Serves connections until `stop` is done, then lets requests under way finish.
pub async fn serve(listener: TcpListener, service: Service, stop: impl Future<Output = ()>) {
    let limits = service.limits;
    let places = Places::new(limits);
    let service = Arc::new(service);
    let graceful = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(e) => {
                // Out of file descriptors, say: give connections time to end.
                tracing::warn!(error = %e, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some((stream, place)) = places.take(stream) else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let service = Arc::clone(&service);
        let connection = builder.serve_connection(
            TokioIo::new(Timed::new(stream, limits.answer)),
            service_fn(move |request| {
                let service = Arc::clone(&service);
                async move { Ok::<_, Infallible>(service.answer(request).await) }
            }),
        );
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(e) = watched.await {
                tracing::debug!(error = %e, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}
