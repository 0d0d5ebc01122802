//! Makes a tenant with its management application and answers its credentials, once.
//!
//! Has no route: an operator invokes it with IAM, the local server at its first start. For a tenant
//! that exists it issues a fresh management secret and ends the old ones: the way back in.

use api::{ApiError, Registry, change::new_secret};
use domain::{
    App, AppId, AppProfile, ClientId, ClientSettings, CodeName, CodeNameChoice, CreateApp,
    GrantType, Name, Scope, Secret, TenantId, TokenEndpointAuthMethod, app::Registration, scopes,
};
use serde::{Deserialize, Serialize};
use table::{CreateTenantError, Tenant};

const CODE_NAME: &str = "management";

/// What an operator asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// The tenant's id; the deployment's first tenant when left out.
    pub tenant_id: Option<TenantId>,
}

/// The management client's credentials. `Debug` leaves the secret out.
#[derive(Serialize)]
pub struct Credentials {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its management client.
    pub client_id: ClientId,
    /// That client's secret, shown this once.
    pub client_secret: String,
    /// The public roots of the key set, for the setting `KEY_SET_ROOTS`; no secret.
    pub key_set_roots: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Makes the tenant, or a fresh secret for it.
pub async fn handle(registry: Registry, asked: CreateTenant) -> Result<Credentials, ApiError> {
    registry
        .keys
        .ensure(registry.now(), registry.entropy())
        .await?;
    let tenant_id = asked.tenant_id.unwrap_or_else(TenantId::first);
    match registry.table.tenant(&tenant_id).await? {
        Some(tenant) => fresh_secret(&registry, &tenant).await,
        None => create(&registry, tenant_id).await,
    }
}

async fn create(registry: &Registry, tenant_id: TenantId) -> Result<Credentials, ApiError> {
    let how = Registration {
        app_id: AppId::generate(registry.unix_ms(), registry.random()?),
        tenant_id: tenant_id.clone(),
        by: "operator".into(),
        at: registry.now(),
        management: true,
    };
    let code_name = CodeName::explicit(CODE_NAME).map_err(|e| ApiError::internal(e.to_string()))?;
    let app = App::register(management_app(code_name.clone())?, code_name, &how);
    let client_id = app.default_client.client_id.clone();
    let (secret, stored) = new_secret(registry, &client_id)?;
    match registry.table.create_tenant(&app, &stored).await {
        Ok(()) => credentials(registry, tenant_id, client_id, &secret),
        Err(CreateTenantError::Exists) => Err(ApiError::Conflict {
            code: "tenant-exists",
            detail: "Another call made this tenant just now; call again for a fresh secret.".into(),
        }),
        Err(CreateTenantError::Table(e)) => Err(e.into()),
    }
}

async fn fresh_secret(registry: &Registry, tenant: &Tenant) -> Result<Credentials, ApiError> {
    let app_id = tenant.management_app_id;
    let client_id = ClientId::default_of(&app_id);
    let (secret, stored) = new_secret(registry, &client_id)?;
    if registry.table.reset_secrets(&app_id, &stored).await? {
        credentials(registry, tenant.tenant_id.clone(), client_id, &secret)
    } else {
        Err(ApiError::internal(
            "the tenant has no management application",
        ))
    }
}

fn credentials(
    registry: &Registry,
    tenant_id: TenantId,
    client_id: ClientId,
    secret: &Secret,
) -> Result<Credentials, ApiError> {
    Ok(Credentials {
        tenant_id,
        client_id,
        client_secret: secret.expose().to_owned(),
        key_set_roots: registry.keys.roots()?,
    })
}

fn management_app(code_name: CodeName) -> Result<CreateApp, ApiError> {
    let name = Name::parse("Management").map_err(|e| ApiError::internal(e.to_string()))?;
    let all = scopes::MANAGEMENT
        .iter()
        .filter_map(|s| Scope::parse(s).ok());
    Ok(CreateApp {
        code_name: CodeNameChoice::Explicit(code_name),
        profile: AppProfile::named(name.clone()),
        client: ClientSettings {
            grant_types: vec![GrantType::ClientCredentials],
            scopes: all.collect(),
            ..ClientSettings::named(name, TokenEndpointAuthMethod::ClientSecretBasic)
        },
        active: true,
        names_rights: true,
        client_id: None,
        unique_name: false,
    })
}

#[cfg(test)]
mod tests;
