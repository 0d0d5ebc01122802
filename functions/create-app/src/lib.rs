//! Registers an app with its default client.
//!
//! One transaction when the code name is free, a second with a postfixed name when it is taken.

use api::{ApiError, Call, Registry, Response, dialect::AppCreated};
use domain::{App, AppId, CodeName, CreateApp, Secret, StoredSecret, app::Registration, scopes};
use table::CreateAppError;

/// How many code names are tried; a postfix is one of 36⁸, so a second collision is chance itself.
const TRIES: usize = 4;

/// Answers 201 with the app and its secret, shown this once.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let command = call.dialect().create_app(&call)?;
    let caller = call.caller()?;
    if command.widens_rights() {
        caller.require(scopes::TRUST)?;
    }
    let registration = Registration {
        app_id: AppId::generate(registry.unix_ms(), registry.random()?),
        tenant_id: caller.tenant_id.clone(),
        by: caller.client_id.to_string(),
        at: registry.now(),
        management: false,
    };
    let created = register(&registry, command, &registration).await?;
    call.dialect().app_created(&call, &created)
}

async fn register(
    registry: &Registry,
    command: CreateApp,
    how: &Registration,
) -> Result<AppCreated, ApiError> {
    let mut code_name = command.first_code_name(random(registry)?);
    for _ in 0..TRIES {
        let app = App::register(command.clone(), code_name.clone(), how);
        let (secret, stored) = new_secret(registry, &app)?.unzip();
        match registry.table.create_app(&app, stored.as_ref()).await {
            Ok(()) => return Ok(AppCreated { app, secret }),
            Err(CreateAppError::Table(e)) => return Err(e.into()),
            Err(CreateAppError::CodeNameTaken) => {
                code_name = command
                    .next_code_name(random(registry)?)
                    .ok_or_else(|| taken(&code_name))?;
            }
        }
    }
    Err(ApiError::Unavailable("no free code name was found".into()))
}

fn random(registry: &Registry) -> Result<u64, ApiError> {
    Ok(u64::from_be_bytes(registry.random()?))
}

/// The default client's first secret, unless it authenticates without one.
fn new_secret(registry: &Registry, app: &App) -> Result<Option<(Secret, StoredSecret)>, ApiError> {
    let client = &app.default_client;
    if !client.settings.token_endpoint_auth_method.uses_secret() {
        return Ok(None);
    }
    let secret = Secret::generate(registry.random()?);
    let pepper = registry.master()?.pepper();
    let stored = StoredSecret::new(&secret, &pepper, &client.client_id, app.created_at);
    Ok(Some((secret, stored)))
}

fn taken(code_name: &CodeName) -> ApiError {
    ApiError::Conflict {
        code: "code-name-taken",
        detail: format!(
            "The code name {code_name} is taken; choose another, or leave app_code_name out to have one made."
        ),
    }
}
