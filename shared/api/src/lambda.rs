//! A Lambda function's life: settings, SDK, keys in INIT; then one event after the other.
//!
//! The event is taken as API Gateway sends it (HTTP API, payload format 2.0) instead of through
//! `lambda_http`'s conversion, which rebuilds a URI that we never read and panics on some of them.

use std::{sync::Arc, time::Duration};

use data_encoding::BASE64;
use domain::{Clock, Master, Timestamp};
use lambda_http::{
    Error, LambdaEvent,
    aws_lambda_events::{
        apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
        encodings::Body,
    },
    http::{HeaderMap, HeaderName, HeaderValue},
    lambda_runtime, service_fn,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use table::{SigningKeys, Table, TableError, connect::Aws};
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt};

use crate::{
    ApiError, Call, Handler, Registry, Request, Response, Settings, dispatch, routes,
    settings::{MASTER_SECRET_ARN, SettingsError},
    system::{SystemClock, SystemEntropy},
};

/// What INIT spends at most on a connection and the keys; the first call tries again.
const PRELOAD: Duration = Duration::from_millis(300);

/// Serves an operation that needs no master secret.
pub async fn serve<F, Fut>(handle: F) -> Result<(), Error>
where
    F: Fn(Registry, Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    run(without_master().await?, Handler::new(handle)).await
}

/// Serves an operation that derives keys from the master secret.
pub async fn serve_with_master<F, Fut>(handle: F) -> Result<(), Error>
where
    F: Fn(Registry, Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    run(with_master().await?, Handler::new(handle)).await
}

/// Serves an operation that has no route: an operator or a schedule invokes it with a JSON payload.
///
/// An error becomes the invocation's error, with the same code and detail that a route would answer.
pub async fn serve_invocations<F, Fut, In, Out>(handle: F) -> Result<(), Error>
where
    F: Fn(Registry, In) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Out, ApiError>> + Send + 'static,
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + Send + 'static,
{
    run_invocations(without_master().await?, handle).await
}

/// The same for an operation that derives keys from the master secret.
pub async fn serve_invocations_with_master<F, Fut, In, Out>(handle: F) -> Result<(), Error>
where
    F: Fn(Registry, In) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Out, ApiError>> + Send + 'static,
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + Send + 'static,
{
    run_invocations(with_master().await?, handle).await
}

async fn run_invocations<F, Fut, In, Out>(registry: Registry, handle: F) -> Result<(), Error>
where
    F: Fn(Registry, In) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Out, ApiError>> + Send + 'static,
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + Send + 'static,
{
    lambda_runtime::run(service_fn(move |event: LambdaEvent<In>| {
        let done = handle(registry.clone(), event.payload);
        async move {
            done.await.map_err(|e| {
                tracing::error!(error = ?e, "failed");
                Error::from(format!("{}: {}", e.code(), e.detail()))
            })
        }
    }))
    .await
}

/// INIT of an operation that needs no master secret.
async fn without_master() -> Result<Registry, Error> {
    let (settings, _, table) = init().await?;
    let keys = preload(table.signing_keys()).await;
    Ok(registry(settings, table, None, keys))
}

/// INIT of an operation that does. It asks both services at once, since each has a connection to open.
async fn with_master() -> Result<Registry, Error> {
    let (settings, aws, table) = init().await?;
    let (master, keys) = tokio::join!(
        read_master(&settings, &aws),
        preload(table.sealed_signing_keys())
    );
    Ok(registry(settings, table, Some(master?), keys))
}

/// What every INIT begins with: the log, the settings, the way to the table.
async fn init() -> Result<(Settings, Aws, Table), Error> {
    subscriber(std::io::stdout).init();
    // `main` ends with the error's Debug form; the log has it in words.
    let begun = begin().await;
    begun.inspect_err(|e| tracing::error!(error = %e, "INIT failed"))
}

async fn begin() -> Result<(Settings, Aws, Table), Error> {
    let settings = Settings::from_env()?;
    let aws = Aws::from_env(ca_bundle(&settings)?).await?;
    let table = Table::new(aws.dynamodb()?, &settings.table_name);
    Ok((settings, aws, table))
}

/// What writes a function's log lines. No setting raises the level: at TRACE the SDK prints whole
/// answers of the table, and those hold digests.
pub fn subscriber<W>(writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Each line has its time: Lambda takes one without for INFO, whatever level it names.
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(writer)
        .finish()
}

fn ca_bundle(settings: &Settings) -> Result<Option<Vec<u8>>, SettingsError> {
    let read = |path: &String| {
        std::fs::read(path)
            .map_err(|e| SettingsError::Invalid(crate::settings::CA_BUNDLE, e.to_string()))
    };
    settings.ca_bundle.as_ref().map(read).transpose()
}

fn registry(
    settings: Settings,
    table: Table,
    master: Option<Arc<Master>>,
    keys: Option<(SigningKeys, Timestamp)>,
) -> Registry {
    let registry = Registry::new(
        table,
        master,
        settings.issuer,
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
    );
    if let Some((keys, read_at)) = keys {
        registry.keys.know(keys, read_at);
    }
    registry
}

/// The master secret, from Secrets Manager, so that no environment variable shows it.
async fn read_master(settings: &Settings, aws: &Aws) -> Result<Arc<Master>, Error> {
    let read = ask_for_master(settings, aws).await;
    read.inspect_err(|e| tracing::error!(error = %e, "INIT failed"))
}

async fn ask_for_master(settings: &Settings, aws: &Aws) -> Result<Arc<Master>, Error> {
    let id = settings
        .master_secret
        .as_ref()
        .ok_or(SettingsError::Missing(MASTER_SECRET_ARN))?;
    let invalid = |why: String| SettingsError::Invalid(MASTER_SECRET_ARN, why);
    let text = aws.secret(id).await?;
    let text = text.ok_or_else(|| invalid("the secret holds no text".into()))?;
    let master = Master::parse(&text).map_err(|e| invalid(format!("the secret {e}")))?;
    Ok(Arc::new(master))
}

/// Reads the keys, and so opens the connection that the first call uses; with them, when they were asked
/// for.
async fn preload(
    read: impl Future<Output = Result<SigningKeys, TableError>>,
) -> Option<(SigningKeys, Timestamp)> {
    let asked_at = SystemClock.now();
    match tokio::time::timeout(PRELOAD, read).await {
        Ok(Ok(keys)) => return Some((keys, asked_at)),
        Ok(Err(e)) => tracing::warn!(error = ?e, "preloading failed; the first call tries again"),
        Err(_) => tracing::warn!("preloading took too long; the first call tries again"),
    }
    None
}

async fn run(registry: Registry, handler: Handler) -> Result<(), Error> {
    lambda_runtime::run(service_fn(
        move |event: LambdaEvent<ApiGatewayV2httpRequest>| {
            let (registry, handler) = (registry.clone(), handler.clone());
            async move { Ok::<_, Error>(answer(&registry, &handler, event.payload).await) }
        },
    ))
    .await
}

/// Answers one API Gateway event.
pub async fn answer(
    registry: &Registry,
    handler: &Handler,
    event: ApiGatewayV2httpRequest,
) -> ApiGatewayV2httpResponse {
    into_event_response(match request(event) {
        Ok(request) => dispatch(registry, handler, request).await,
        Err(response) => response,
    })
}

/// The request that an event carries.
fn request(event: ApiGatewayV2httpRequest) -> Result<Request, Response> {
    let context = event.request_context;
    let key = context.route_key.or(event.route_key).unwrap_or_default();
    let Some(route) = routes::by_key(&key) else {
        return Err(Response::json(404, &json!({"message": "Not Found"})));
    };
    let body = event.body.unwrap_or_default();
    let body = if event.is_base64_encoded {
        BASE64
            .decode(body.as_bytes())
            .map_err(|_| Response::json(400, &json!({"message": "the body is not valid base64"})))?
    } else {
        body.into_bytes()
    };
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers = std::collections::HashMap::new();
    for (name, value) in &event.headers {
        let joined = headers.entry(name.as_str().to_owned());
        joined
            .and_modify(|known: &mut String| {
                known.push(',');
                known.push_str(&text(value));
            })
            .or_insert_with(|| text(value));
    }
    Ok(Request {
        route,
        path: event.path_parameters.into_iter().collect(),
        query: event.raw_query_string.unwrap_or_default(),
        headers,
        body,
        host: context.domain_name.unwrap_or_default(),
        id: context.request_id.unwrap_or_default(),
    })
}

fn into_event_response(response: Response) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::new();
    for (name, value) in response.headers {
        // A value with a control character can't come from us; it is left out rather than fatal.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let mut event = ApiGatewayV2httpResponse::default();
    event.status_code = response.status.into();
    event.headers = headers;
    event.body = Some(Body::Text(response.body));
    event
}
