//! The SDK's operations, run by the SDK's own orchestrator, without its generated client.
//!
//! That client brings the endpoint rules of every partition, parsed from JSON in each INIT, and builds
//! each operation anew at each call; both cost more than the call itself (ADR 9). Serializers, parsers,
//! retries, time budgets, signing, clock skew, checks of lengths and the giving up of broken connections
//! are the SDK's as before.

mod request;

use std::borrow::Cow;

use aws_config::{BehaviorVersion, Region};
use aws_runtime::{
    auth::sigv4::{SCHEME_ID, SigV4AuthScheme},
    service_clock_skew::ServiceClockSkewInterceptor,
};
use aws_smithy_runtime::client::{
    auth::no_auth::{NO_AUTH_SCHEME_ID, NoAuthScheme},
    defaults::{DefaultPluginParams, default_plugins},
    http::connection_poisoning::ConnectionPoisoningInterceptor,
    identity::{IdentityCache, no_auth::NoAuthIdentityResolver},
    orchestrator::{AuthSchemeAndEndpointOrchestrationV2, endpoints::StaticUriEndpointResolver},
    retries::{RetryPartition, classifiers::HttpStatusCodeClassifier},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        auth::{AuthSchemeId, SharedAuthScheme, static_resolver::StaticAuthSchemeOptionResolver},
        http::HttpClient,
        identity::{Identity, IdentityFuture, ResolveIdentity, SharedIdentityResolver},
        interceptors::SharedInterceptor,
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
        runtime_plugin::{RuntimePlugins, StaticRuntimePlugin},
        stalled_stream_protection::StalledStreamProtectionConfig,
    },
};
use aws_smithy_types::{
    config_bag::{ConfigBag, Layer},
    timeout::TimeoutConfig,
};
use aws_types::{SigningName, region::SigningRegion};

pub(crate) use self::request::*;
use crate::connect::{budgets, retries};

/// A service as the SDK's operations reach it. Cheap to clone; clones share connections and the retry
/// budget.
#[derive(Debug, Clone)]
pub struct Sdk {
    plugins: RuntimePlugins,
}

/// Where a service is, and who calls it.
pub(crate) struct Service {
    /// By this name requests are signed.
    pub(crate) name: &'static str,
    /// Part of what is signed.
    pub(crate) region: Region,
    /// Its address.
    pub(crate) endpoint: String,
    /// Signs requests; without, they are not signed.
    pub(crate) identity: Option<Identity>,
    /// Services of one budget stop retrying together.
    pub(crate) retry_budget: Cow<'static, str>,
}

impl Sdk {
    pub(crate) fn new(service: Service, http: impl HttpClient + 'static) -> Result<Self, BoxError> {
        let mut config = Layer::new("roster");
        config
            .store_put(SigningName::from_static(service.name))
            .store_put(SigningRegion::from(service.region.clone()))
            .store_put(service.region)
            .store_put(retries())
            .store_put(RetryPartition::new(service.retry_budget.clone()))
            .store_put(budgets())
            // Every answer is small and has its read timeout.
            .store_put(StalledStreamProtectionConfig::disabled())
            .store_put(AuthSchemeAndEndpointOrchestrationV2);
        let components = RuntimeComponentsBuilder::new("roster")
            .with_http_client(Some(http))
            .with_endpoint_resolver(Some(StaticUriEndpointResolver::uri(service.endpoint)))
            .with_identity_cache(Some(IdentityCache::no_cache()))
            .with_retry_classifier(HttpStatusCodeClassifier::default())
            .with_interceptor(SharedInterceptor::permanent(
                ConnectionPoisoningInterceptor::new(),
            ))
            .with_interceptor(ServiceClockSkewInterceptor::new());
        let components = match service.identity {
            Some(identity) => authenticated(
                components,
                SCHEME_ID,
                SharedAuthScheme::new(SigV4AuthScheme::new()),
                SharedIdentityResolver::new(Fixed(identity)),
            ),
            None => authenticated(
                components,
                NO_AUTH_SCHEME_ID,
                SharedAuthScheme::new(NoAuthScheme::new()),
                SharedIdentityResolver::new(NoAuthIdentityResolver::new()),
            ),
        };
        // What the SDK brings by itself and ours, merged once instead of at each call. Of its settings
        // none is left out: each is one of ours above.
        let defaults = DefaultPluginParams::new()
            .with_retry_partition_name(service.retry_budget)
            .with_behavior_version(BehaviorVersion::latest())
            .with_is_aws_sdk(true);
        let components = RuntimePlugins::new()
            .with_client_plugins(default_plugins(defaults))
            .with_client_plugin(StaticRuntimePlugin::new().with_runtime_components(components))
            .apply_client_configuration(&mut ConfigBag::base())?;
        let plugin = StaticRuntimePlugin::new()
            .with_config(config.freeze())
            .with_runtime_components(components);
        Ok(Self {
            plugins: RuntimePlugins::new().with_client_plugin(plugin),
        })
    }

    /// The same service, waited for as long as it takes: for tests against an engine that may be slow.
    #[must_use]
    pub fn without_budgets(self) -> Self {
        let mut config = Layer::new("without budgets");
        config.store_put(TimeoutConfig::disabled());
        let plugin = StaticRuntimePlugin::new().with_config(config.freeze());
        Self {
            plugins: self.plugins.with_client_plugin(plugin),
        }
    }
}

fn authenticated(
    components: RuntimeComponentsBuilder,
    scheme_id: AuthSchemeId,
    scheme: SharedAuthScheme,
    identity: SharedIdentityResolver,
) -> RuntimeComponentsBuilder {
    let only = StaticAuthSchemeOptionResolver::new(vec![scheme_id.clone()]);
    components
        .with_auth_scheme_option_resolver(Some(only))
        .with_auth_scheme(scheme)
        .with_identity_resolver(scheme_id, identity)
}

/// Credentials that do not change while the process lives: Lambda's are in its environment.
#[derive(Debug)]
struct Fixed(Identity);

impl ResolveIdentity for Fixed {
    fn resolve_identity<'a>(
        &'a self,
        _: &'a RuntimeComponents,
        _: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::ready(Ok(self.0.clone()))
    }
}
