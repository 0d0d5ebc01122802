//! Registers an app with its default client.
//!
//! One read of the caller as it is now; one transaction when the code name is free, a second with a postfixed
//! name when it is taken.

use api::{
    ApiError, Call, Registry, Response, both,
    change::{first_secret, taken},
    dialect::AppCreated,
    idempotency::Ticket,
};
use domain::{App, AppId, CodeName, RightsNeeded, app::Registration};
use table::{CreateAppError, Made};

/// How many code names are tried; a postfix is one of 36⁸, so a second collision is chance itself.
const TRIES: usize = 4;

/// Answers 201 with the app and its secret, shown this once.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let (command, ticket) = both(call.dialect().create_app(&call), Ticket::of(&call))?;
    let caller = call.caller()?;
    let needed = RightsNeeded::to_register(&command);
    caller.require_all(&registry, &needed).await?;
    let how = Registration {
        app_id: AppId::generate(registry.unix_ms(), registry.random()?),
        tenant_id: caller.tenant_id.clone(),
        by: caller.client_id.to_string(),
        at: registry.now(),
        management: false,
    };
    let mut code_name = command.first_code_name(random(&registry)?);
    for _ in 0..TRIES {
        let app = App::register(command.clone(), code_name.clone(), &how);
        let (secret, stored) = first_secret(&registry, &app.default_client)?.unzip();
        let created = AppCreated { app, secret };
        let response = call.dialect().app_created(&call, &created)?;
        let record = ticket
            .as_ref()
            .map(|t| t.record(&registry, &response, made(&created.app)));
        let record = record.transpose()?;
        let (table, app) = (&registry.table, &created.app);
        match (
            table
                .create_app(app, stored.as_ref(), record.as_ref())
                .await,
            &ticket,
        ) {
            (Ok(()), _) => return Ok(response),
            (Err(CreateAppError::Replay(kept)), Some(ticket)) => {
                return ticket.replay(&registry, &kept).await;
            }
            (Err(CreateAppError::CodeNameTaken), _) => {
                code_name = command
                    .next_code_name(random(&registry)?)
                    .ok_or_else(|| code_name_taken(&code_name))?;
            }
            (Err(CreateAppError::Taken(unique)), _) => return Err(taken(unique)),
            (Err(CreateAppError::ClientIdTaken), _) => return Err(client_id_taken()),
            (Err(CreateAppError::Table(e)), _) => return Err(e.into()),
            (Err(e @ CreateAppError::Replay(_)), None) => {
                return Err(ApiError::internal(e.to_string()));
            }
        }
    }
    Err(ApiError::Unavailable("no free code name was found".into()))
}

fn random(registry: &Registry) -> Result<u64, ApiError> {
    Ok(u64::from_be_bytes(registry.random()?))
}

const fn made(app: &App) -> Made {
    Made {
        app_id: app.app_id,
        client_id: None,
        secret_id: None,
    }
}

fn client_id_taken() -> ApiError {
    ApiError::Conflict {
        code: "client-id-taken",
        detail: "The chosen client id is taken.".into(),
    }
}

fn code_name_taken(code_name: &CodeName) -> ApiError {
    ApiError::Conflict {
        code: "code-name-taken",
        detail: format!("The code name {code_name} is taken."),
    }
}

#[cfg(test)]
mod tests;
