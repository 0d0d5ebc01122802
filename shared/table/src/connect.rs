//! The SDK client: one HTTP stack on ring, short time budgets, retries only of what is safe.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use aws_config::{
    BehaviorVersion, SdkConfig,
    environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider},
    meta::region::ProvideRegion,
    retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::{Client, config::SharedCredentialsProvider};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use thiserror::Error;

use crate::{
    budgets::{ATTEMPT, OPERATION},
    https::Https,
};

/// Amazon's own roots: every AWS endpoint chains to one of them, and reading the operating system's
/// store is most of the SDK's start-up time.
pub(crate) const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

/// The TLS set-up was refused.
#[derive(Debug, Error)]
#[error("the certificate bundle can't be used: {0}")]
pub struct TlsError(pub(crate) String);

/// Region, credentials and endpoints from the environment, with Roster's HTTP stack and budgets.
///
/// Lambda gives them there and nowhere else. The SDK's own loader would link every other source too
/// (STS, instance metadata, profile files), and ask them while it starts.
///
/// `ca_bundle`: PEM certificates to trust instead of Amazon's, for proxies and tests.
pub async fn aws(ca_bundle: Option<Vec<u8>>) -> Result<SdkConfig, TlsError> {
    let http = Https::new(ca_bundle.as_deref().unwrap_or(AMAZON_ROOTS))?;
    let credentials = EnvironmentVariableCredentialsProvider::new();
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new().region().await)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .service_config(Endpoints)
        .http_client(http)
        .retry_config(retries())
        .timeout_config(budgets())
        // Every answer is small and has its read timeout.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build())
}

/// `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`: another address of the services.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        get(&format!("{}_{service}", key.env())).or_else(|| get(key.env()))
    }
}

/// Time budgets of one call.
pub fn budgets() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(ATTEMPT)
        .read_timeout(ATTEMPT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// Retries of one call: jittered, and few enough for the budget.
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
}

/// The table's client.
pub fn client(config: &SdkConfig) -> Client {
    Client::new(config)
}

/// A client on an engine in this process: region and credentials are of no account, and nothing is signed.
///
/// Its retry budget is its own. The SDK's default one is the process's: what one test's faults use up
/// would be missing in the next.
pub fn embedded(http: impl aws_sdk_dynamodb::config::HttpClient + 'static) -> Client {
    use aws_sdk_dynamodb::config::{Config, Region, retry::RetryPartition};
    static MADE: AtomicU64 = AtomicU64::new(0);
    let budget = format!("embedded-{}", MADE.fetch_add(1, Ordering::Relaxed));
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .endpoint_url("http://embedded.invalid")
            .allow_no_auth()
            .retry_config(retries())
            .retry_partition(RetryPartition::new(budget))
            .timeout_config(budgets())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(http)
            .build(),
    )
}
