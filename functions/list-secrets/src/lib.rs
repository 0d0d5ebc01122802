//! Lists what is kept of a client's secrets, or answers that of one, never a secret: enough to tell whether one
//! is safe to delete. Retired ones are left out.

use api::{ApiError, Call, Registry, Response, find};

/// Answers 200 with every secret that is not retired, oldest first, or with the one that the path names.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let mut secrets = find::credentials(&registry, &call).await?.secrets;
    secrets.retain(|secret| secret.retired_at.is_none());
    if call.request.route.path.ends_with("{secret_id}") {
        let named = call.request.path_parameter("secret_id");
        let found = secrets.iter().find(|secret| secret.id.as_str() == named);
        let found = found.ok_or(ApiError::NotFound("secret"))?;
        return call.dialect().secret(&call, found);
    }
    secrets.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    call.dialect().secrets(&call, &secrets)
}

#[cfg(test)]
mod tests;
