//! What a path names: `{app}` is an app id or a code name (which holds no `-`, so neither passes for
//! the other), `{client_id}` a client. What a caller may not see is absent.

use domain::{App, AppId, ClientId, CodeName};
use table::{Credentials, Principal};

use crate::{ApiError, Call, Registry};

/// What a path names an app by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppRef {
    /// Its id.
    Id(AppId),
    /// Its code name.
    CodeName(CodeName),
}

impl AppRef {
    /// From a path parameter; `None` when it can name no app.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = AppId::parse(text) {
            return Some(Self::Id(id));
        }
        CodeName::named(text).ok().map(Self::CodeName)
    }

    fn names(&self, app: &App) -> bool {
        match self {
            Self::Id(id) => app.app_id == *id,
            Self::CodeName(name) => app.code_name == *name,
        }
    }
}

fn no_app() -> ApiError {
    ApiError::NotFound("application")
}

fn no_client() -> ApiError {
    ApiError::NotFound("client")
}

/// The id of the app that the path names, else of the caller's own. Round trips: none, one by code name.
pub async fn app_id(registry: &Registry, call: &Call) -> Result<AppId, ApiError> {
    app_id_of(registry, call, named_app(call)).await
}

/// The id of the app that `named` is the id or the code name of; of the caller's own when there is no name.
pub async fn app_id_of(
    registry: &Registry,
    call: &Call,
    named: Option<&str>,
) -> Result<AppId, ApiError> {
    match named {
        None => Ok(call.caller()?.app_id),
        Some(named) => named_app_id(registry, call, named).await,
    }
}

/// What the path names an app by, on a route that takes one. An empty name is a name, and of no app.
pub fn named_app(call: &Call) -> Option<&str> {
    let takes_one = call.request.route.path.contains("{app}");
    takes_one.then(|| call.request.path_parameter("app"))
}

async fn named_app_id(registry: &Registry, call: &Call, named: &str) -> Result<AppId, ApiError> {
    let caller = call.caller()?;
    let id = match AppRef::parse(named).ok_or_else(no_app)? {
        AppRef::Id(id) => id,
        AppRef::CodeName(name) => {
            let id = registry.table.app_id_of(&caller.tenant_id, &name).await?;
            id.ok_or_else(no_app)?
        }
    };
    if caller.management || caller.app_id == id {
        Ok(id)
    } else {
        Err(no_app())
    }
}

/// The app that the path names, else the caller's own. Round trips: one by id, two by code name.
pub async fn app(registry: &Registry, call: &Call) -> Result<App, ApiError> {
    app_of(registry, call, named_app(call)).await
}

/// The app that `named` is the id or the code name of, else the caller's own. Round trips: the same.
pub async fn app_of(
    registry: &Registry,
    call: &Call,
    named: Option<&str>,
) -> Result<App, ApiError> {
    let id = app_id_of(registry, call, named).await?;
    let app = registry.table.app(call.tenant()?, &id).await?;
    app.ok_or_else(no_app)
}

/// The client that the path names, with its app. One round trip.
pub async fn client(registry: &Registry, call: &Call) -> Result<Principal, ApiError> {
    let found = registry.table.principal(&client_id(call)?).await?;
    let found = found.ok_or_else(no_client)?;
    visible(call, &found)?;
    Ok(found)
}

/// The same with its secrets' digests.
pub async fn credentials(registry: &Registry, call: &Call) -> Result<Credentials, ApiError> {
    let found = registry.table.credentials(&client_id(call)?).await?;
    let found = found.ok_or_else(no_client)?;
    visible(call, &found.principal)?;
    Ok(found)
}

/// The default client, with its secrets' digests, of the app of this id or code name.
pub async fn default_credentials(
    registry: &Registry,
    call: &Call,
    named: &str,
) -> Result<Credentials, ApiError> {
    let id = named_app_id(registry, call, named).await?;
    let found = registry.table.default_credentials(&id).await?;
    let found = found.ok_or_else(no_app)?;
    if call.caller()?.reaches(&found.principal.app) {
        Ok(found)
    } else {
        Err(no_app())
    }
}

fn client_id(call: &Call) -> Result<ClientId, ApiError> {
    ClientId::parse(call.request.path_parameter("client_id")).map_err(|_| no_client())
}

/// Fails unless the caller may see the client and the path's app, if it has one, is the client's.
fn visible(call: &Call, found: &Principal) -> Result<(), ApiError> {
    let fits = named_app(call)
        .is_none_or(|named| AppRef::parse(named).is_some_and(|named| named.names(&found.app)));
    if fits && call.caller()?.reaches(&found.app) {
        Ok(())
    } else {
        Err(no_client())
    }
}
