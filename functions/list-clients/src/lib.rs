//! Lists an app's clients, the default one first, then in the order of creation; one query a page.

use api::{ApiError, Call, Registry, Response, dialect::CursorKey, find};

/// Answers 200 with one page.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let key = CursorKey(registry.keys.cursor_key(registry.now()).await?);
    let wanted = call.dialect().list_clients(&call, &key)?;
    let app_id = find::app_id_of(&registry, &call, wanted.app.as_deref()).await?;
    let (table, after) = (&registry.table, wanted.after.as_ref());
    let page = table
        .clients_page(call.tenant()?, &app_id, after, wanted.limit)
        .await?;
    let page = page.ok_or(ApiError::NotFound("application"))?;
    call.dialect().clients(&call, &page, &key)
}

#[cfg(test)]
mod tests;
