//! The SDK client: one HTTP stack on ring, short time budgets, retries only of what is safe.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use thiserror::Error;

use crate::budgets::{ATTEMPT, OPERATION};

/// Amazon's own roots: every AWS endpoint chains to one of them, and reading the operating system's
/// store is most of the SDK's start-up time.
const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

/// The TLS set-up was refused.
#[derive(Debug, Error)]
#[error("the certificate bundle can't be used: {0}")]
pub struct TlsError(String);

/// Region, credentials and endpoint from the environment, with Roster's HTTP stack and budgets.
///
/// `ca_bundle`: PEM certificates to trust instead of Amazon's, for proxies and tests.
pub async fn aws(ca_bundle: Option<Vec<u8>>) -> Result<SdkConfig, TlsError> {
    let roots = ca_bundle.unwrap_or_else(|| AMAZON_ROOTS.to_vec());
    let tls = TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(roots))
        .build()
        .map_err(|e| TlsError(e.to_string()))?;
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    Ok(aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(retries())
        .timeout_config(budgets())
        .load()
        .await)
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

/// A client on an engine in this process: region and credentials are of no account.
///
/// Its retry budget is its own. The SDK's default one is the process's: what one test's faults use up
/// would be missing in the next.
pub fn embedded(http: impl aws_sdk_dynamodb::config::HttpClient + 'static) -> Client {
    use aws_sdk_dynamodb::config::{Config, Credentials, Region, retry::RetryPartition};
    static MADE: AtomicU64 = AtomicU64::new(0);
    let budget = format!("embedded-{}", MADE.fetch_add(1, Ordering::Relaxed));
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .endpoint_url("http://embedded.invalid")
            .credentials_provider(Credentials::new("local", "local", None, None, "embedded"))
            .retry_config(retries())
            .retry_partition(RetryPartition::new(budget))
            .timeout_config(budgets())
            .http_client(http)
            .build(),
    )
}
