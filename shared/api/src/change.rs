//! Changes: read, edit, write under the version that was read; a lost race is tried again, unless
//! `If-Match` fixed the version.

use data_encoding::BASE64URL_NOPAD;
use domain::{
    App, AppProfile, Client, ClientId, ClientSettings, RightsNeeded, Secret, StoredSecret,
    Timestamp, app, client::MIN_MANAGEMENT_EXPIRY, ended_secrets::MAX_ENDED, stored_secret,
};
use table::{ChangeError, Principal, SecretsChange, Unique};

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
    let if_match = IfMatch::of(call)?;
    for _ in 0..TRIES {
        let old = find::app(registry, call).await?;
        if_match.check(old.version)?;
        let AppChange { profile, client } = edit(&old)?;
        let needed = RightsNeeded::to_change_profile(&old.profile, &profile)
            .and(RightsNeeded::to_change(&old, &old.default_client, &client));
        caller.require_all(registry, &needed).await?;
        // The dialect has checked its own members; this is the whole new state, whoever wrote it.
        app::check(&profile, &client, old.management).or(())?;
        let secrets = secrets_change(registry, &old, &old.default_client, &client)?;
        let by = caller.client_id.as_str();
        let new = old.clone().changed(profile, client, by, registry.now());
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
    let if_match = IfMatch::of(call)?;
    for _ in 0..TRIES {
        let old = find::client(registry, call).await?;
        if_match.check(old.client.version)?;
        let settings = edit(&old)?;
        let needed = RightsNeeded::to_change(&old.app, &old.client, &settings);
        caller.require_all(registry, &needed).await?;
        app::check(&old.app.profile, &settings, old.app.management).or(())?;
        let (secret, secrets) = secrets_change(registry, &old.app, &old.client, &settings)?;
        let id = write_id(registry)?;
        let client_version = old.client.version;
        let by = caller.client_id.as_str();
        let client = old.client.changed(settings, by, registry.now());
        let (new, written) = if client.default {
            let app = old.app.clone().with_default_client(client.clone());
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
        ChangeError::Taken(unique) => taken(unique),
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
    if new.can_manage() {
        return Ok(());
    }
    Err(ApiError::Conflict {
        code: "management-application",
        detail: format!(
            "The management application's default client must keep a secret, the grant client_credentials, every management scope, tokens of the format jwt and a token life of at least {MIN_MANAGEMENT_EXPIRY} seconds."
        ),
    })
}

/// Fails when a management application's default client would have no secret left that lasts.
pub fn keeps_a_lasting_secret(
    owner: &Principal,
    all: &[StoredSecret],
    now: Timestamp,
) -> Result<(), ApiError> {
    if !(owner.app.management && owner.client.default) || stored_secret::one_lasts(all, now) {
        return Ok(());
    }
    Err(ApiError::Conflict {
        code: "last-secret",
        detail: "The management application's default client must keep a secret that does not expire; issue one that lasts first.".into(),
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

/// The tokens of as many secrets of a client as are remembered have been ended in the last hour.
pub fn too_many_ended() -> ApiError {
    ApiError::Conflict {
        code: "too-many-ended",
        detail: format!(
            "The tokens of {MAX_ENDED} secrets of this client were ended in the last hour; wait, or repeat this without tokens=end and deactivate the client for an hour."
        ),
    }
}

/// Another app has what only one may have.
pub fn taken(unique: Unique) -> ApiError {
    let (code, detail) = match unique {
        Unique::Name => (
            "display-name-taken",
            "Another application has this display name; choose another.",
        ),
        Unique::Audience => (
            "audience-taken",
            "Another application is the resource server of this audience; choose another, or change that application first.",
        ),
        Unique::Subdomain => (
            "subdomain-taken",
            "Another application has this subdomain; choose another, or change that application first.",
        ),
    };
    ApiError::Conflict {
        code,
        detail: detail.into(),
    }
}

/// What a write is known by when its answer was lost and it is sent again.
pub fn write_id(registry: &Registry) -> Result<String, ApiError> {
    Ok(BASE64URL_NOPAD.encode(&registry.random::<9>()?))
}
