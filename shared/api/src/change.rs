//! Changes: read, edit, write under the version that was read; a lost race is tried again, unless
//! `If-Match` fixed the version.

use data_encoding::BASE64URL_NOPAD;
use domain::{
    App, AppProfile, Client, ClientId, ClientSettings, GrantType, RightsNeeded, Secret,
    StoredSecret, app, scopes,
};
use table::{ChangeError, Principal, SecretsChange};

use crate::{ApiError, Call, Registry, find, precondition::IfMatch};

/// How often a change that lost a race is made anew.
pub const TRIES: u32 = 3;

/// What an app becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppChange {
    /// Its own part.
    pub profile: AppProfile,
    /// Its default client's.
    pub client: ClientSettings,
}

/// What became of a change.
#[derive(Debug)]
pub struct Changed<T> {
    /// The new state.
    pub now: T,
    /// The secret of a client that has one from now on.
    pub secret: Option<Secret>,
}

/// The failure of a write that was tried as often as it may be.
pub fn lost_race(if_match: &IfMatch) -> ApiError {
    if if_match.allows_retry() {
        ApiError::Unavailable("other writes kept coming between".into())
    } else {
        ApiError::PreconditionFailed
    }
}

/// Changes the app that the path names, and its default client, as `edit` says.
pub async fn change_app(
    registry: &Registry,
    call: &Call,
    edit: impl Fn(&App) -> Result<AppChange, ApiError>,
) -> Result<Changed<App>, ApiError> {
    let caller = call.caller()?;
    let if_match = IfMatch::of(call);
    for _ in 0..TRIES {
        let old = find::app(registry, call).await?;
        if_match.check(old.version)?;
        let AppChange { profile, client } = edit(&old)?;
        let old_settings = &old.default_client.settings;
        let needed = RightsNeeded::for_profile(&old.profile, &profile)
            .and(RightsNeeded::for_settings(old_settings, &client));
        caller.require_all(needed)?;
        // The dialect has checked its own members; this is the whole new state, whoever wrote it.
        app::check(&profile, &client, old.management).or(())?;
        let secrets = secrets_change(registry, &old, &old.default_client, &client)?;
        let new = old.clone().changed(profile, client, registry.now());
        let id = write_id(registry)?;
        match registry.table.update_app(&old, &new, &secrets.1, &id).await {
            Ok(()) => {
                return Ok(Changed {
                    now: new,
                    secret: secrets.0,
                });
            }
            Err(ChangeError::Stale) if if_match.allows_retry() => {}
            Err(e) => return Err(refused(e, "application")),
        }
    }
    Err(lost_race(&if_match))
}

/// Changes the client that the path names, as `edit` says.
pub async fn change_client(
    registry: &Registry,
    call: &Call,
    edit: impl Fn(&Principal) -> Result<ClientSettings, ApiError>,
) -> Result<Changed<Principal>, ApiError> {
    let caller = call.caller()?;
    let if_match = IfMatch::of(call);
    for _ in 0..TRIES {
        let old = find::client(registry, call).await?;
        if_match.check(old.client.version)?;
        let settings = edit(&old)?;
        caller.require_all(RightsNeeded::for_settings(&old.client.settings, &settings))?;
        app::check(&old.app.profile, &settings, old.app.management).or(())?;
        let (secret, secrets) = secrets_change(registry, &old.app, &old.client, &settings)?;
        let id = write_id(registry)?;
        let now = registry.now();
        let client_version = old.client.version;
        let client = old.client.changed(settings, now);
        let (new, written) = if client.default {
            let app = old.app.clone().with_default_client(client.clone(), now);
            let written = registry
                .table
                .update_app(&old.app, &app, &secrets, &id)
                .await;
            (Principal { app, client }, written)
        } else {
            let table = &registry.table;
            let written = table
                .update_client(client_version, &client, &secrets, &id)
                .await;
            let app = old.app;
            (Principal { app, client }, written)
        };
        match written {
            Ok(()) => return Ok(Changed { now: new, secret }),
            // The app's own members may have moved the version; the client's still decides If-Match.
            Err(ChangeError::Stale) => {}
            Err(e) => return Err(refused(e, "client")),
        }
    }
    // Each try met If-Match when it read; of another version of the client nothing is known.
    Err(lost_race(&IfMatch::Any))
}

/// A failed write as the caller hears of it.
pub fn refused(e: ChangeError, what: &'static str) -> ApiError {
    match e {
        ChangeError::Missing => ApiError::NotFound(what),
        ChangeError::Stale => ApiError::PreconditionFailed,
        ChangeError::NameTaken => name_taken(),
        ChangeError::TooMany => ApiError::Conflict {
            code: "too-many-clients",
            detail: "The application has as many clients as it may have; delete one that is no longer used, or register another application.".into(),
        },
        ChangeError::Table(e) => e.into(),
        ChangeError::Replay(_) => ApiError::internal("a replay where no key was given"),
    }
}

/// A new secret of `client`, and its stored form.
pub fn new_secret(
    registry: &Registry,
    client: &ClientId,
) -> Result<(Secret, StoredSecret), ApiError> {
    let secret = Secret::generate(registry.random()?);
    let pepper = registry.master()?.pepper();
    let stored = StoredSecret::new(&secret, &pepper, client, registry.now());
    Ok((secret, stored))
}

/// A new client's first secret, unless it authenticates without one.
pub fn first_secret(
    registry: &Registry,
    client: &Client,
) -> Result<Option<(Secret, StoredSecret)>, ApiError> {
    if !client.settings.token_endpoint_auth_method.uses_secret() {
        return Ok(None);
    }
    new_secret(registry, &client.client_id).map(Some)
}

/// The client that a tenant is managed with can't give up what it manages with: nobody could give it back.
fn keeps_managing(new: &ClientSettings) -> Result<(), ApiError> {
    let mut all = scopes::MANAGEMENT.iter();
    let scoped = all.all(|name| new.scopes.iter().any(|s| s.as_str() == *name));
    let granted = new.grant_types.contains(&GrantType::ClientCredentials);
    if scoped && granted && new.token_endpoint_auth_method.uses_secret() {
        return Ok(());
    }
    Err(ApiError::Conflict {
        code: "management-application",
        detail: "The management application's default client must keep a secret, the grant client_credentials and every management scope.".into(),
    })
}

/// A client that comes to use secrets gets one; one that ceases to loses them.
fn secrets_change(
    registry: &Registry,
    app: &App,
    old: &Client,
    new: &ClientSettings,
) -> Result<(Option<Secret>, SecretsChange), ApiError> {
    if app.management && old.default {
        keeps_managing(new)?;
    }
    let before = old.settings.token_endpoint_auth_method.uses_secret();
    let after = new.token_endpoint_auth_method.uses_secret();
    Ok(match (before, after) {
        (false, true) => {
            let (secret, stored) = new_secret(registry, &old.client_id)?;
            (Some(secret), SecretsChange::First(stored))
        }
        (true, false) => (None, SecretsChange::Clear),
        _ => (None, SecretsChange::Keep),
    })
}

/// Another app has the name that is to be unique.
pub fn name_taken() -> ApiError {
    ApiError::Conflict {
        code: "display-name-taken",
        detail: "Another application has this display name; choose another.".into(),
    }
}

/// What a write is known by when its answer was lost and it is sent again.
pub fn write_id(registry: &Registry) -> Result<String, ApiError> {
    Ok(BASE64URL_NOPAD.encode(&registry.random::<9>()?))
}
