//! A Lambda function's life: settings, SDK, keys in INIT; then one event after the other.

use std::{pin::Pin, sync::Arc, time::Duration};

use domain::{Clock, Master, Timestamp};
use lambda_http::{Error, LambdaEvent, lambda_runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use table::{SigningKeys, Table, TableError, connect::Aws};
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt};

use crate::{
    ApiError, Call, Handler, Registry, Response, Settings, dispatch,
    event::{Answer, Event},
    master_secret::{MasterSecret, MasterSource},
    registry::REFUSAL_STEP,
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

/// Serves an operation that derives keys from the master secret and signs no token.
pub async fn serve_with_master<F, Fut>(handle: F) -> Result<(), Error>
where
    F: Fn(Registry, Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    run(with_master().await?, Handler::new(handle)).await
}

/// Serves an operation that derives keys from the master secret and signs tokens.
pub async fn serve_signer_with_master<F, Fut>(handle: F) -> Result<(), Error>
where
    F: Fn(Registry, Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    run(signer().await?, Handler::new(handle)).await
}

/// Serves an operation that has no route: an operator or a schedule invokes it with a JSON payload.
///
/// An error becomes the invocation's error, with the same code and detail that a route would answer. It verifies
/// no token: its role may not read the signing keys, and INIT does not.
pub async fn serve_invocations<F, Fut, In, Out>(handle: F) -> Result<(), Error>
where
    F: Fn(Registry, In) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Out, ApiError>> + Send + 'static,
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + Send + 'static,
{
    let (settings, _, table) = init().await?;
    run_invocations(registry(settings, table, None), handle).await
}

/// The same for an operation that derives keys from the master secret and makes signing keys.
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
    let registry = registry(settings, table, None);
    know(&registry, keys).await;
    Ok(registry)
}

/// INIT of an operation that derives keys from the master secret. It asks both services at once, since each
/// has a connection to open.
async fn with_master() -> Result<Registry, Error> {
    let (settings, aws, table) = init().await?;
    let (master, keys) = tokio::join!(read_master(&settings, &aws), preload(table.signing_keys()));
    let registry = registry(settings, table, Some(master?));
    know(&registry, keys).await;
    Ok(registry)
}

/// INIT of an operation that signs tokens: it reads the private halves, too, and asks for all at once.
async fn signer() -> Result<Registry, Error> {
    let (settings, aws, table) = init().await?;
    let (master, keys, halves) = tokio::join!(
        read_master(&settings, &aws),
        preload(table.signing_keys()),
        preload(table.signing_key_halves())
    );
    let registry = registry(settings, table, Some(master?));
    know(&registry, keys).await;
    if let Some((halves, read_at)) = halves {
        registry.keys.know_private(halves, read_at).await;
    }
    Ok(registry)
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

fn registry(settings: Settings, table: Table, master: Option<MasterSecret>) -> Registry {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    Registry::new(table, None, settings.issuer, clock, entropy)
        .trusting(master, settings.key_set_roots)
        .limited_to(settings.limits)
        .refusing_in_steps_of(REFUSAL_STEP)
}

/// Gives the registry the keys that were read for it, if they were.
async fn know(registry: &Registry, keys: Option<(SigningKeys, Timestamp)>) {
    if let Some((keys, read_at)) = keys {
        registry.keys.know(keys, read_at).await;
    }
}

/// The master secret in Secrets Manager, so that no environment variable shows it.
struct SecretsManager {
    aws: Aws,
    id: String,
}

impl MasterSource for SecretsManager {
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Master, String>> + Send + '_>> {
        Box::pin(async {
            let text = self.aws.secret(&self.id).await.map_err(|e| e.to_string())?;
            let text = text.ok_or("the secret holds no text")?;
            Master::parse(&text).map_err(|e| format!("the secret {e}"))
        })
    }
}

/// The master secret, and the way to read it again.
async fn read_master(settings: &Settings, aws: &Aws) -> Result<MasterSecret, Error> {
    let read = ask_for_master(settings, aws).await;
    read.inspect_err(|e| tracing::error!(error = %e, "INIT failed"))
}

async fn ask_for_master(settings: &Settings, aws: &Aws) -> Result<MasterSecret, Error> {
    let id = settings.master_secret.clone();
    let source = SecretsManager {
        aws: aws.clone(),
        id: id.ok_or(SettingsError::Missing(MASTER_SECRET_ARN))?,
    };
    let read_at = SystemClock.now();
    let master = source.read().await;
    let master = master.map_err(|why| SettingsError::Invalid(MASTER_SECRET_ARN, why))?;
    let source = Arc::new(source);
    Ok(MasterSecret::read_from(source, Arc::new(master), read_at))
}

/// Reads the keys, and so opens the connection that the first call uses; with them, when they were asked
/// for.
async fn preload<T>(read: impl Future<Output = Result<T, TableError>>) -> Option<(T, Timestamp)> {
    let asked_at = SystemClock.now();
    match tokio::time::timeout(PRELOAD, read).await {
        Ok(Ok(keys)) => return Some((keys, asked_at)),
        Ok(Err(e)) => tracing::warn!(error = ?e, "preloading failed; the first call tries again"),
        Err(_) => tracing::warn!("preloading took too long; the first call tries again"),
    }
    None
}

async fn run(registry: Registry, handler: Handler) -> Result<(), Error> {
    // Taken whole and read here: the runtime would keep the path to each member that it reads, for the error
    // that a mistake in it would be.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (registry, handler) = (registry.clone(), handler.clone());
        async move {
            let event = serde_json::from_str(event.payload.get())?;
            Ok::<_, Error>(Answer(answer(&registry, &handler, event).await))
        }
    }))
    .await
}

/// Answers one API Gateway event.
pub async fn answer(registry: &Registry, handler: &Handler, event: Event) -> Response {
    match event.try_into() {
        Ok(request) => dispatch(registry, handler, request).await,
        Err(response) => response,
    }
}
