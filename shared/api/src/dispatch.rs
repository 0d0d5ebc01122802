//! The one way from a request to a response: authorize, handle within the deadline, put errors into
//! the route's words, log one line.

use std::{future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use futures_util::FutureExt;
use table::budgets;

use crate::{ApiError, Call, Registry, Request, Response, Route, caller, request::MAX_BODY};

type Answer = Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send>>;

/// An operation's handler, boxed so that a table can hold them all.
#[derive(Clone)]
pub struct Handler(Arc<dyn Fn(Registry, Call) -> Answer + Send + Sync>);

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handler(..)")
    }
}

impl Handler {
    /// From an operation's `handle`.
    pub fn new<F, Fut>(handle: F) -> Self
    where
        F: Fn(Registry, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        Self(Arc::new(move |registry, call| {
            Box::pin(handle(registry, call))
        }))
    }
}

/// Answers `request`. Never fails: a mistake of ours, a panic included, is a documented 500.
pub async fn dispatch(registry: &Registry, handler: &Handler, request: Request) -> Response {
    let started = registry.unix_ms();
    let (route, id) = (request.route, request.id.clone());
    let work = handle(registry.clone(), handler.clone(), request);
    let answered = AssertUnwindSafe(tokio::time::timeout(budgets::REQUEST, work))
        .catch_unwind()
        .await;
    let result = match answered {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(ApiError::Unavailable("the deadline passed".into())),
        Err(_) => Err(ApiError::internal("a handler panicked")),
    };
    let failure = result.as_ref().err().cloned();
    let response = result.unwrap_or_else(|e| in_words_of(route, &id, &e));
    let ms = registry.unix_ms().saturating_sub(started);
    log(
        route.operation,
        &route.key(),
        &id,
        response.status,
        ms,
        failure.as_ref(),
    );
    response.with("x-request-id", id)
}

/// Refuses a request of `route` that a server could not read whole: it is answered and logged as any other.
pub fn refuse(route: &Route, id: &str, error: &ApiError) -> Response {
    let response = in_words_of(route, id, error);
    log(
        route.operation,
        &route.key(),
        id,
        response.status,
        0,
        Some(error),
    );
    response.with("x-request-id", id)
}

fn in_words_of(route: &Route, id: &str, error: &ApiError) -> Response {
    let mut response = route.dialect.error(error, id);
    if let Some(challenge) = error.challenge() {
        response = response.with("www-authenticate", challenge);
    }
    if let ApiError::Unavailable(_) = error {
        response = response.with("retry-after", "1");
    }
    response
}

async fn handle(
    registry: Registry,
    handler: Handler,
    request: Request,
) -> Result<Response, ApiError> {
    if request.body.len() > MAX_BODY {
        return Err(ApiError::TooLarge);
    }
    // RFC 9110 §8.4.1, §15.5.16: what was compressed is small, and what it grows to has no bound.
    let coding = request.header("content-encoding").unwrap_or("identity");
    if !coding.eq_ignore_ascii_case("identity") {
        let wanted = "it is, without Content-Encoding";
        return Err(ApiError::UnsupportedMediaType(wanted));
    }
    request.check_authorization()?;
    let caller = caller::authorize(&registry, &request).await?;
    request.route.dialect.check_query(&request)?;
    let base = registry.base(&request);
    let call = Call {
        request,
        caller,
        base,
    };
    let response = (handler.0)(registry, call).await?;
    if response.fits() {
        return Ok(response);
    }
    Err(ApiError::internal("an answer is longer than Lambda takes"))
}

/// One line a request. Paths are the route's pattern: what callers sent is not logged.
fn log(
    operation: &str,
    route: &str,
    request_id: &str,
    status: u16,
    ms: u64,
    failure: Option<&ApiError>,
) {
    match failure {
        Some(ApiError::Internal(why)) => {
            tracing::error!(operation, route, request_id, status, ms, why, "failed");
        }
        Some(ApiError::Unavailable(why)) => {
            tracing::warn!(operation, route, request_id, status, ms, why, "unavailable");
        }
        Some(e) => {
            let code = e.code();
            tracing::info!(operation, route, request_id, status, ms, code, "refused");
        }
        None => tracing::info!(operation, route, request_id, status, ms, "answered"),
    }
}
