//! The way to AWS: one HTTP stack on ring, short time budgets, retries only of what is safe.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use aws_config::{
    environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider},
    meta::region::ProvideRegion,
    retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::config::{HttpClient, ProvideCredentials, Region, SharedHttpClient};
use aws_smithy_runtime_api::client::identity::Identity;
use thiserror::Error;

use crate::{
    budgets::{ATTEMPT, OPERATION},
    https::Https,
    sdk::{GetSecretValueInput, Request, Sdk, Service},
};

/// Amazon's own roots: every AWS endpoint chains to one of them, and reading the operating system's
/// store is most of the SDK's start-up time.
pub(crate) const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

/// Why nothing leads to AWS.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The TLS set-up was refused.
    #[error("the certificate bundle can't be used: {0}")]
    Tls(String),
    /// Lambda sets it; elsewhere it must be exported.
    #[error("AWS_REGION is not set")]
    Region,
    /// Lambda sets them; elsewhere they must be exported.
    #[error("no credentials in the environment: {0}")]
    Credentials(String),
    /// The SDK refused its set-up.
    #[error("the SDK can't be set up: {0}")]
    Sdk(String),
}

/// Region, credentials and connections, from the environment.
///
/// Lambda gives them there and nowhere else. The SDK's own loader would link every other source too
/// (STS, instance metadata, profile files), and ask them while it starts.
#[derive(Debug, Clone)]
pub struct Aws {
    region: Region,
    identity: Identity,
    http: Https,
}

impl Aws {
    /// `ca_bundle`: PEM certificates to trust instead of Amazon's, for proxies and tests.
    pub async fn from_env(ca_bundle: Option<Vec<u8>>) -> Result<Self, ConnectError> {
        let http = Https::new(ca_bundle.as_deref().unwrap_or(AMAZON_ROOTS))?;
        let region = EnvironmentVariableRegionProvider::new().region().await;
        let credentials = EnvironmentVariableCredentialsProvider::new();
        let credentials = credentials.provide_credentials().await;
        Ok(Self {
            region: region.ok_or(ConnectError::Region)?,
            identity: credentials
                .map_err(|e| ConnectError::Credentials(e.to_string()))?
                .into(),
            http,
        })
    }

    /// `DynamoDB`.
    pub fn dynamodb(&self) -> Result<Sdk, ConnectError> {
        self.service("dynamodb", "DYNAMODB")
    }

    /// The text of a secret in Secrets Manager.
    pub async fn secret(&self, id: &str) -> Result<Option<String>, SecretError> {
        let answer = GetSecretValueInput::builder()
            .secret_id(id)
            .send_to(&self.service("secretsmanager", "SECRETS_MANAGER")?)
            .await
            .map_err(aws_sdk_secretsmanager::Error::from)?;
        Ok(answer.secret_string)
    }

    /// The same connections, for another client of the SDK.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.http.clone())
    }

    fn service(&self, name: &'static str, variable: &str) -> Result<Sdk, ConnectError> {
        let service = Service {
            name,
            endpoint: endpoint(name, variable, self.region.as_ref()),
            region: self.region.clone(),
            identity: Some(self.identity.clone()),
            retry_budget: name.into(),
        };
        Sdk::new(service, self.http.clone()).map_err(|e| ConnectError::Sdk(e.to_string()))
    }
}

/// Why a secret could not be read.
#[derive(Debug, Error)]
pub enum SecretError {
    /// Nothing leads to it.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Secrets Manager refused or did not answer.
    #[error(transparent)]
    Refused(#[from] aws_sdk_secretsmanager::Error),
}

/// `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`, else the service's address in the region.
fn endpoint(name: &str, variable: &str, region: &str) -> String {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    get(&format!("AWS_ENDPOINT_URL_{variable}"))
        .or_else(|| get("AWS_ENDPOINT_URL"))
        .unwrap_or_else(|| format!("https://{name}.{region}.{}", domain_of(region)))
}

/// The domain of a region's partition, of those whose certificates are Amazon's (`partitions.json` of
/// the SDKs). In another one the endpoint's URL must be set.
fn domain_of(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else if region.starts_with("eusc-") {
        "amazonaws.eu"
    } else {
        "amazonaws.com"
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

/// An engine in this process: region and credentials are of no account, and nothing is signed.
///
/// Its retry budget is its own: what one test's faults use up would else be missing in the next.
pub fn embedded(http: impl HttpClient + 'static) -> Result<Sdk, ConnectError> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let budget = format!("embedded-{}", MADE.fetch_add(1, Ordering::Relaxed));
    let service = Service {
        name: "dynamodb",
        endpoint: "http://embedded.invalid".into(),
        region: Region::from_static("local"),
        identity: None,
        retry_budget: budget.into(),
    };
    Sdk::new(service, http).map_err(|e| ConnectError::Sdk(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn endpoints_lie_in_their_region() {
        for (name, region, expected) in [
            (
                "dynamodb",
                "eu-central-1",
                "https://dynamodb.eu-central-1.amazonaws.com",
            ),
            (
                "secretsmanager",
                "us-gov-west-1",
                "https://secretsmanager.us-gov-west-1.amazonaws.com",
            ),
            (
                "dynamodb",
                "cn-north-1",
                "https://dynamodb.cn-north-1.amazonaws.com.cn",
            ),
            (
                "dynamodb",
                "eusc-de-east-1",
                "https://dynamodb.eusc-de-east-1.amazonaws.eu",
            ),
        ] {
            assert_eq!(endpoint(name, "NEVER_SET", region), expected);
        }
    }
}
