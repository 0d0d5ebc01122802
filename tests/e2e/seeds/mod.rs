//! The requests of the three documents that Roster implements, as the documents send them; what the
//! documents elide (hosts, ids, tokens, URIs) is filled in.

mod applications_and_clients;
mod oauth_client_app;
mod openid_applications;

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::client::{Answer, Deployment};

/// A request with a token and, unless it is null, a JSON body.
fn send(roster: &Deployment, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("accept", "application/json"), ("authorization", &*bearer)];
    if body.is_null() {
        return roster.send(method, path, &headers, "");
    }
    headers.push(("content-type", "application/json"));
    roster.send(method, path, &headers, &body.to_string())
}

/// The path of a `Location`.
fn path_of<'a>(roster: &Deployment, location: &'a str) -> &'a str {
    location.strip_prefix(&roster.base_url).unwrap_or(location)
}

/// The claims of a token, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
