//! `DynamoDB` inside the process, as an HTTP client of the AWS SDK.
//!
//! The SDK is not told that it talks to anything but `DynamoDB`: it builds, signs and retries its
//! requests as always, and this crate answers them from an embedded engine on SQLite, with no socket
//! and no second process. An [`Observer`] sees every call and may fail it.

mod dispatch;
mod observe;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};

use crate::dispatch::Answer;
pub use crate::observe::{Call, Capacity, Failure, Intercept, Observer, Request, error_body};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine takes its path as text.
    #[error("the database path is not UTF-8: {0:?}")]
    Path(PathBuf),
    /// The engine refused, for instance because the file is not a database of its own.
    #[error("the database cannot be opened: {0}")]
    Open(#[from] DynoxideError),
}

/// An embedded `DynamoDB`. Clones share the same tables.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    /// A commit to a file waits for the disk, so it must leave the async threads.
    on_disk: bool,
    observer: Option<Arc<dyn Observer>>,
}

impl Engine {
    /// An empty database in memory.
    pub fn memory() -> Result<Self, EngineError> {
        Ok(Self {
            database: Database::memory()?,
            on_disk: false,
            observer: None,
        })
    }

    /// The database in the SQLite file at `path`, which is created if absent.
    ///
    /// A write is synced to disk before it is answered.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        let text = path
            .to_str()
            .ok_or_else(|| EngineError::Path(path.to_owned()))?;
        Ok(Self {
            database: Database::new(text)?,
            on_disk: true,
            observer: None,
        })
    }

    /// The HTTP client to give to the SDK's configuration. It honours the read timeout for delays.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// The same database, with every call of its HTTP client reported to `observer`.
    ///
    /// Replaces an earlier observer; clones and clients taken before are not affected.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Answers one request that came by another way than the SDK's HTTP client: status and JSON body.
    ///
    /// `operation` is without the service's prefix: `GetItem`. Observers do not see the call.
    pub async fn answer(
        &self,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), ConnectorError> {
        let answer = self.execute(operation, SdkBody::from(body)).await?;
        Ok((answer.status, answer.body))
    }

    /// Asks the engine past the SDK and every observer, in `DynamoDB`'s own JSON. A refusal is an
    /// answer with a `__type`.
    pub fn ask(&self, operation: &str, request: &serde_json::Value) -> serde_json::Value {
        let answer = dispatch::execute(&self.database, operation, request.to_string().as_bytes());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Answers one request, on another thread if it may wait for the disk.
    async fn execute(&self, operation: &str, body: SdkBody) -> Result<Answer, ConnectorError> {
        if !self.on_disk {
            return Ok(dispatch::execute(
                &self.database,
                operation,
                in_memory(&body)?,
            ));
        }
        let (database, operation) = (self.database.clone(), operation.to_owned());
        tokio::task::spawn_blocking(move || {
            Ok(dispatch::execute(&database, &operation, in_memory(&body)?))
        })
        .await
        .map_err(|join| ConnectorError::other(join.into(), None))?
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("on_disk", &self.on_disk)
            .field("observer", &self.observer)
            .finish_non_exhaustive()
    }
}

impl HttpClient for Engine {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            engine: self.clone(),
            read_timeout: settings.read_timeout(),
        })
    }
}

/// The engine under one set of timeouts.
#[derive(Clone, Debug)]
struct Connector {
    engine: Engine,
    read_timeout: Option<Duration>,
}

impl Connector {
    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let operation = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.strip_prefix("DynamoDB_20120810."))
            .ok_or_else(|| ConnectorError::user("not a request to DynamoDB".into()))?
            .to_owned();
        let body = request.into_body();
        match &self.engine.observer {
            None => respond(self.engine.execute(&operation, body).await?),
            Some(observer) => {
                let request = Request::parse(operation, in_memory(&body)?)?;
                self.observed(observer.as_ref(), request).await
            }
        }
    }

    /// Lets the observer decide what happens to a request, and reports what did.
    async fn observed(
        &self,
        observer: &dyn Observer,
        request: Request,
    ) -> Result<HttpResponse, ConnectorError> {
        // What the engine answered, if it was asked, and what the SDK is to receive.
        let (executed, received) = match observer.before(&request) {
            Intercept::Pass => self.pass(&request).await?,
            Intercept::Delay(delay) => match self.wait(delay).await {
                Ok(()) => self.pass(&request).await?,
                Err(failure) => (None, Err(failure)),
            },
            Intercept::Answer { status, body } => (None, Ok(Answer::injected(status, &body))),
            Intercept::ExecuteThenDelay(delay) => {
                let (executed, answer) = self.pass(&request).await?;
                (executed, self.wait(delay).await.and(answer))
            }
            Intercept::Garbage { status, body } => (None, Ok(Answer { status, body })),
            Intercept::ExecuteThenTruncate => {
                let (executed, answer) = self.pass(&request).await?;
                (executed, answer.map(Answer::cut_in_half))
            }
            Intercept::ExecuteThenAnswer { status, body } => {
                let (executed, _) = self.pass(&request).await?;
                (executed, Ok(Answer::injected(status, &body)))
            }
            Intercept::Fail(failure) => (None, Err(failure)),
            Intercept::ExecuteThenFail(failure) => {
                let (executed, _) = self.pass(&request).await?;
                (executed, Err(failure))
            }
        };
        observer.after(&request.into_call(executed.as_ref(), received.as_ref().ok()));
        respond(received?)
    }

    async fn pass(
        &self,
        request: &Request,
    ) -> Result<(Option<Answer>, Result<Answer, Failure>), ConnectorError> {
        let body = SdkBody::from(request.measured_body());
        let answer = self.engine.execute(&request.operation, body).await?;
        Ok((Some(answer.clone()), Ok(answer)))
    }

    /// Sleeps, but no longer than the SDK would wait for an answer.
    async fn wait(&self, delay: Duration) -> Result<(), Failure> {
        match self.read_timeout {
            Some(limit) if limit < delay => {
                tokio::time::sleep(limit).await;
                Err(Failure::Timeout)
            }
            _ => {
                tokio::time::sleep(delay).await;
                Ok(())
            }
        }
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

/// The bytes of a body. Those of `DynamoDB` requests never stream.
fn in_memory(body: &SdkBody) -> Result<&[u8], ConnectorError> {
    body.bytes()
        .ok_or_else(|| ConnectorError::user("the request body is a stream".into()))
}

fn respond(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = answer
        .status
        .try_into()
        .map_err(|error| ConnectorError::user(Box::new(error)))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
