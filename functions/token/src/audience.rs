//! Whom a token is for, and what that lets it carry (RFC 8707 §2).

use api::{ApiError, Registry, claims::Audience};
use domain::{Client, Scope, resource_server::carried};
use table::{MAX_AUDIENCES, Principal};

/// The resources asked for (RFC 8707 §2), else the issuer.
pub(crate) fn asked(
    resources: &[String],
    client: &Client,
    issuer: &str,
) -> Result<Audience, ApiError> {
    if resources.is_empty() {
        return Ok(Audience::One(issuer.to_owned()));
    }
    let mut names: Vec<String> = Vec::new();
    for resource in resources {
        let known = client.settings.resources.iter();
        if resource != issuer && !known.into_iter().any(|r| r.as_str() == resource) {
            return Err(ApiError::oauth(
                "invalid_target",
                "A requested resource is unknown or not among the client's resources.",
            ));
        }
        if !names.contains(resource) {
            names.push(resource.clone());
        }
        if names.len() > MAX_AUDIENCES {
            return Err(ApiError::oauth(
                "invalid_target",
                format!(
                    "A token is for at most {MAX_AUDIENCES} resources; ask for several tokens."
                ),
            ));
        }
    }
    Ok(Audience::new(names))
}

/// Of the scopes that a client holds, those that a token of this audience may carry: all of them when it
/// is for the issuer alone, else none of Roster's own and only what the registered resource servers
/// among the audiences offer now. A token that is also for the issuer is in the others' hands too.
pub(crate) async fn may_carry(
    registry: &Registry,
    principal: &Principal,
    held: &[Scope],
    audience: &Audience,
    issuer: &str,
) -> Result<Vec<Scope>, ApiError> {
    if audience.only() == Some(issuer) {
        return Ok(held.to_vec());
    }
    let resources = principal.client.settings.resources.iter();
    let others: Vec<_> = resources
        .filter(|r| r.as_str() != issuer && audience.contains(r.as_str()))
        .collect();
    let tenant = &principal.app.tenant_id;
    let apps = registry.table.resource_servers(tenant, &others).await?;
    if apps.iter().any(|app| !app.status.active) {
        return Err(ApiError::oauth(
            "invalid_target",
            "A requested resource is switched off; its administrator can activate it.",
        ));
    }
    let servers = apps
        .iter()
        .filter_map(|app| app.profile.resource_server.as_ref());
    Ok(carried(held, &servers.collect::<Vec<_>>()))
}
