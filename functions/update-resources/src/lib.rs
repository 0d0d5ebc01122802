//! Sets the resources that a client may ask for (RFC 8707): of the client in the path, or of the
//! default client of the app in the path.

use api::{
    ApiError, Call, Registry, Response,
    change::{AppChange, change_app, change_client},
};

/// Answers 200 with the client, or the app, as it is now.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let resources = call.dialect().resources(&call)?;
    if call.request.path_parameter("client_id").is_empty() {
        let edit = |app: &domain::App| {
            let mut client = app.default_client.settings.clone();
            client.resources.clone_from(&resources);
            let profile = app.profile.clone();
            Ok(AppChange { profile, client })
        };
        let changed = change_app(&registry, &call, edit).await?;
        return call.dialect().app_changed(&call, &changed.now, None);
    }
    let edit = |now: &table::Principal| {
        let mut settings = now.client.settings.clone();
        settings.resources.clone_from(&resources);
        Ok(settings)
    };
    let changed = change_client(&registry, &call, edit).await?;
    call.dialect().client_changed(&call, &changed.now, None)
}

#[cfg(test)]
mod tests;
