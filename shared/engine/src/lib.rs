//! `DynamoDB` inside the process, as an HTTP client of the AWS SDK.
//!
//! The SDK is not told that it talks to anything but `DynamoDB`: it builds and retries its requests as
//! always, and this crate answers them from an embedded engine on SQLite, with no socket
//! and no second process. An [`Observer`] sees every call and may fail it.

mod answers;
mod dispatch;
mod file;
mod journal;
mod observe;
#[cfg(test)]
mod tests;
mod tokens;

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
use crate::file::DataFile;
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
    /// SQLite's journal is not where it should be.
    #[error("the database's journal cannot be opened: {0}")]
    Journal(std::io::Error),
}

/// An embedded `DynamoDB`. Clones share the same tables.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    /// What makes commits durable and is remembered, where there is a file.
    file: Option<Arc<DataFile>>,
    observer: Option<Arc<dyn Observer>>,
}

impl Engine {
    /// An empty database in memory.
    pub fn memory() -> Result<Self, EngineError> {
        Ok(Self {
            database: Database::memory()?,
            file: None,
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
        let database = Database::new(text)?;
        // As after an import: SQLite syncs for checkpoints only, the journal for commits.
        database.disable_bulk_loading()?;
        let file = DataFile::of(path).map_err(EngineError::Journal)?;
        Ok(Self {
            database,
            file: Some(Arc::new(file)),
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

    /// The same database, its calls reported to nobody.
    #[must_use]
    pub fn unobserved(&self) -> Self {
        Self {
            observer: None,
            ..self.clone()
        }
    }

    /// Answers one request that came by another way than the SDK's HTTP client: status and JSON body.
    ///
    /// `operation` is without the service's prefix: `GetItem`. An observer sees the call, and may fail it.
    pub async fn answer(
        &self,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), ConnectorError> {
        let connector = Connector {
            engine: self.clone(),
            read_timeout: None,
        };
        let answer = connector.ask(operation.to_owned(), SdkBody::from(body));
        let answer = answer.await?;
        Ok((answer.status, answer.body))
    }

    /// Asks the engine past the SDK and every observer, in `DynamoDB`'s own JSON. A refusal is an
    /// answer with a `__type`.
    pub fn ask(&self, operation: &str, request: &serde_json::Value) -> serde_json::Value {
        if let Some(file) = &self.file
            && dispatch::writes(operation)
        {
            file.forget();
        }
        let request = request.to_string();
        let answer = dispatch::execute(&self.database, operation, request.as_bytes(), None);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Answers one request, once what it wrote and read is durable.
    async fn execute(&self, operation: &str, body: &SdkBody) -> Result<Answer, ConnectorError> {
        let body = in_memory(body)?;
        let Some(file) = &self.file else {
            return Ok(dispatch::execute(&self.database, operation, body, None));
        };
        let done = file.execute(&self.database, operation, body).await;
        done.map_err(|e| ConnectorError::other(e.into(), None))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("on_disk", &self.file.is_some())
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
        respond(self.ask(operation, request.into_body()).await?)
    }

    async fn ask(&self, operation: String, body: SdkBody) -> Result<Answer, ConnectorError> {
        match &self.engine.observer {
            None => self.engine.execute(&operation, &body).await,
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
    ) -> Result<Answer, ConnectorError> {
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
        Ok(received?)
    }

    async fn pass(
        &self,
        request: &Request,
    ) -> Result<(Option<Answer>, Result<Answer, Failure>), ConnectorError> {
        let body = SdkBody::from(request.measured_body());
        let answer = self.engine.execute(&request.operation, &body).await?;
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
