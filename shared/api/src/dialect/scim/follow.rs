//! What follows from `clientType` when a PATCH changes it alone.

use domain::{App, DefaultRights, TokenEndpointAuthMethod};
use serde_json::{Map, Value, json};

use super::read::Kind;

/// After a PATCH: what follows from `clientType`, where the PATCH left it as it was. The template is that of the
/// new type, and a client that ceases to authenticate leaves what it had by default because it did. None gains
/// anything: this dialect gives no grants and scopes by default.
pub(super) fn client_type(before: &Map<String, Value>, after: &mut Map<String, Value>, now: &App) {
    let kind = |document: &Map<String, Value>| {
        let named = document.get("clientType").and_then(Value::as_str);
        named.and_then(|named| Kind::parse(named).ok())
    };
    let (Some(old), Some(new)) = (kind(before), kind(after)) else {
        return;
    };
    let left = |after: &Map<String, Value>, name: &str| after.get(name) == before.get(name);
    if left(after, "basedOnTemplate") {
        let template = json!({ "value": new.template() });
        after.insert("basedOnTemplate".into(), template);
    }
    if old == Kind::Public || new != Kind::Public {
        return;
    }
    let settings = &now.default_client.settings;
    let was = DefaultRights::of_default_client(settings.token_endpoint_auth_method);
    let is = DefaultRights::of_default_client(TokenEndpointAuthMethod::None);
    if left(after, "allowedGrants") && settings.grant_types == was.grant_types {
        after.insert("allowedGrants".into(), json!(is.grant_types));
    }
    if left(after, "allowedScopes") && settings.scopes == was.scopes {
        let scopes = is.scopes.iter().map(|scope| json!({ "fqs": scope }));
        after.insert("allowedScopes".into(), scopes.collect());
    }
}
