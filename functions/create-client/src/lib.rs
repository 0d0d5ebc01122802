//! Makes a further client of an app, whose rights go beyond the app's only with the scopes for that.
//!
//! One read of the app, one of the caller as it is now, one transaction, in which the app's clients are counted.

use api::{
    ApiError, Call, Registry, Response, both,
    change::{first_secret, refused},
    find,
    idempotency::Ticket,
    precondition::IfMatch,
};
use domain::{Client, ClientId, RightsNeeded, app};
use table::{ChangeError, Made, Principal};

/// Answers 201 with the client and its secret, shown this once.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let named = call.dialect().app_of_client(&call)?;
    let app = find::app_of(&registry, &call, named.as_deref()).await?;
    let headers = both(IfMatch::of(&call), Ticket::of(&call));
    let settings = call.dialect().create_client(&call, &app);
    let (settings, (if_match, ticket)) = both(settings, headers)?;
    // The client is an item of its own, so the app's version is asked of this read, and not of the write.
    if_match.check(app.version)?;
    let caller = call.caller()?;
    let needed = RightsNeeded::to_add_client(&app, &settings);
    caller.require_all(&registry, &needed).await?;
    app::check(&app.profile, &settings, app.management).or(())?;

    let id = ClientId::generate(&app.app_id, registry.unix_ms(), registry.random()?);
    let by = caller.client_id.as_str();
    let client = Client::register(id.clone(), &app.app_id, settings, by, registry.now());
    let (secret, stored) = first_secret(&registry, &client)?.unzip();
    let made = Principal { app, client };
    let response = call
        .dialect()
        .client_created(&call, &made, secret.as_ref())?;

    let record = ticket.as_ref().map(|ticket| {
        let made = Made {
            app_id: made.app.app_id,
            client_id: Some(id),
            secret_id: None,
        };
        ticket.record(&registry, &response, made)
    });
    let (table, tenant) = (&registry.table, &made.app.tenant_id);
    let record = record.transpose()?;
    let most = registry.limits.clients_per_app;
    match table
        .create_client(tenant, &made.client, stored.as_ref(), record.as_ref(), most)
        .await
    {
        Ok(()) => Ok(response),
        Err(ChangeError::Replay(kept)) => match ticket {
            Some(ticket) => ticket.replay(&registry, &kept).await,
            None => Err(refused(ChangeError::Replay(kept), "client")),
        },
        Err(e) => Err(refused(e, "client")),
    }
}

#[cfg(test)]
mod tests;
