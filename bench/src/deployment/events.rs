//! One event for each function, good for any number of calls: what a call uses up is made anew.

use serde_json::{Value, json};

use super::{Deployment, rename, text};
use crate::Outcome;

/// The event that stands for an operation, and the status of its answer. None for what has no route.
pub(crate) fn of(operation: &str) -> Option<(&'static str, u16)> {
    Some(match operation {
        "change-status" => ("change-status/200-client-off", 200),
        "create-app" => ("create-app/201-native", 201),
        "create-client" => ("create-client/201-further", 201),
        "create-grant" => ("create-grant/201-me", 201),
        "delete-app" => ("delete-app/204-forced", 204),
        "delete-client" => ("delete-client/204-further", 204),
        "delete-grant" => ("delete-grant/204-me", 204),
        "describe-provider" => ("describe-provider/200-config", 200),
        "discovery" => ("discovery/200-jwks", 200),
        "get-app" => ("get-app/200-by-id", 200),
        "get-client" => ("get-client/200-of-an-app", 200),
        "get-grant" => ("get-grant/200-me", 200),
        "introspect" => ("introspect/200-live", 200),
        "issue-secret" => ("issue-secret/201-further", 201),
        "list-app-roles" => ("list-app-roles/200-me", 200),
        "list-apps" => ("list-apps/200-first-page", 200),
        "list-clients" => ("list-clients/200-of-an-app", 200),
        "list-grants" => ("list-grants/200-of-an-app", 200),
        "list-secrets" => ("list-secrets/200-both", 200),
        "revoke" => ("revoke/200-unknown-token", 200),
        "revoke-secret" => ("revoke-secret/204-one-of-two", 204),
        "token" => ("token/200-basic", 200),
        "update-app" => ("update-app/200-put", 200),
        "update-client" => ("update-client/200-put", 200),
        "update-resources" => ("update-resources/200-app", 200),
        _ => return None,
    })
}

/// The payload of the `number`th call of a function.
pub(crate) async fn payload(on: &Deployment, operation: &str, number: usize) -> Outcome<String> {
    let Some((event, _)) = of(operation) else {
        // An operator's or the schedule's invocation.
        return Ok("{}".into());
    };
    let mut payload = on.event(event)?;
    let name = format!("Number {number} of {operation}");
    match operation {
        "create-app" => rename(&mut payload, &name),
        "delete-app" => {
            let app = on.make_app(&name).await?;
            set(&mut payload, "/pathParameters/app", &text(&app, "app_id")?)?;
        }
        "delete-client" | "issue-secret" => {
            further_client(on, &mut payload).await?;
        }
        "revoke-secret" => {
            let client = further_client(on, &mut payload).await?;
            let secret = on
                .make("issue-secret/201-further", |event| {
                    let _ = set(event, "/pathParameters/client_id", &client);
                })
                .await?;
            let secret = text(&secret, "secret_id")?;
            set(&mut payload, "/pathParameters/secret_id", &secret)?;
        }
        "create-grant" => grantee(on, &mut payload, &name).await?,
        "delete-grant" | "get-grant" => {
            let mut grant = on.event("create-grant/201-me")?;
            grantee(on, &mut grant, &name).await?;
            let made = on
                .make("create-grant/201-me", |event| *event = grant)
                .await?;
            set(&mut payload, "/pathParameters/grant", &text(&made, "id")?)?;
        }
        _ => {}
    }
    Ok(payload.to_string())
}

/// Makes a further client and has the event be about it.
async fn further_client(on: &Deployment, payload: &mut Value) -> Outcome<String> {
    let made = on.make("create-client/201-further", |_| {}).await?;
    let client = text(&made, "client_id")?;
    set(payload, "/pathParameters/client_id", &client)?;
    Ok(client)
}

/// Makes an app and has the event grant it something.
async fn grantee(on: &Deployment, payload: &mut Value, name: &str) -> Outcome<()> {
    let app = on.make_app(name).await?;
    let body: Value = serde_json::from_str(&text(payload, "body")?)?;
    let mut body = body;
    set(&mut body, "/grantee/value", &text(&app, "app_id")?)?;
    set(payload, "/body", &body.to_string())
}

fn set(value: &mut Value, pointer: &str, to: &str) -> Outcome<()> {
    let place = value.pointer_mut(pointer);
    *place.ok_or_else(|| format!("the event has no {pointer}"))? = json!(to);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs;

    #[test]
    fn every_function_but_three_has_an_event() {
        let without: Vec<_> = programs::functions()
            .unwrap()
            .into_iter()
            .filter(|operation| of(operation).is_none())
            .collect();
        assert_eq!(without, ["create-tenant", "rotate-keys", "sweep"]);
    }

    /// Each is answered as promised, again and again, by the handlers in this process.
    #[tokio::test]
    async fn every_payload_can_be_sent_twice() {
        let deployment = Deployment::new(None).await.unwrap();
        for operation in programs::functions().unwrap() {
            let Some((event, _)) = of(&operation) else {
                continue;
            };
            if event.contains("/204") {
                continue;
            }
            for number in 0..2 {
                let payload = payload(&deployment, &operation, number).await.unwrap();
                let payload: Value = serde_json::from_str(&payload).unwrap();
                let made = deployment.make(event, |event| *event = payload).await;
                assert!(made.is_ok(), "{operation}: {made:?}");
            }
        }
    }
}
