//! A read-only member of another value than the stored one is refused, and says what changes it.

use testkit::{answer, faults, json};

use crate::{
    echoes::{native, shown},
    ground::{Ground, NATIVE},
};

const GIVEN: &str = "is read-only: Roster gives it once, and it never changes; leave it out";
const OPERATOR: &str = "is read-only: only an operator sets it; leave it out";
const STALE: &str = "is read-only: what is stored has another value, so it has changed since you read it; read it again and repeat your change, or leave this member out";
const DATED: &str = "is read-only: Roster sets it with each change; leave it out";
const SECRET: &str = "is read-only: POST /v1/applications/{app}/clients/{client_id}/secrets issues a new one; leave it out";
const APP_STATUS: &str =
    "is read-only: PUT /v1/applications/{app}/status changes it; leave it out here";
const CLIENT_STATUS: &str = "is read-only: PUT /v1/applications/{app}/clients/{client_id}/status changes it; leave it out here";

/// The one fault of a refusal.
fn refused(response: &api::Response, pointer: &str) -> (String, String) {
    let all = faults(response);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, pointer);
    let shown = testkit::body(response);
    (
        all[0].1.clone(),
        shown["detail"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn another_value_of_a_read_only_member_is_refused_and_says_what_changes_it() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let further = ground.register_client(&made.app, "Worker", |_| ()).await;
    let app = format!("{NATIVE}/{}", made.id());
    let client = format!("/v1/clients/{}", further.id());
    let keeps = "is read-only: an application keeps its code name; leave it out";
    let of_app = "is read-only: PUT /v1/applications/{app} changes it; leave it out here";
    for (path, members) in [
        (
            &app,
            vec![
                ("app_id", GIVEN),
                ("tenant_id", GIVEN),
                ("client_id", GIVEN),
                ("created_at", GIVEN),
                ("created_by", GIVEN),
                ("app_code_name", keeps),
                ("client_secret", SECRET),
                ("active", APP_STATUS),
                ("status_change", APP_STATUS),
                ("reason", APP_STATUS),
                ("login_preferences", OPERATOR),
                ("password_sharing_group_id", OPERATOR),
                ("updated_at", STALE),
                ("updated_by", STALE),
                ("version", STALE),
            ],
        ),
        (
            &client,
            vec![
                ("app_id", GIVEN),
                ("tenant_id", GIVEN),
                ("client_id", GIVEN),
                ("created_at", GIVEN),
                ("created_by", GIVEN),
                ("default", GIVEN),
                ("client_secret", SECRET),
                ("active", CLIENT_STATUS),
                ("status_change", CLIENT_STATUS),
                ("app", of_app),
                ("updated_at", STALE),
                ("updated_by", STALE),
                ("version", STALE),
            ],
        ),
    ] {
        for (member, why) in members {
            for method in ["PUT", "PATCH"] {
                let change = json!({ member: {"another": "value"} });
                let response = ground.to(method, path).json(&change).send().await;
                let found = refused(&response, &format!("/{member}"));
                assert_eq!(found, ("read_only".into(), format!("{member} {why}")));
            }
        }
    }
    // What is shown can't be taken away either.
    let patch = ground.to("PATCH", &app).merge(&json!({"active": null}));
    assert_eq!(
        refused(&patch.send().await, "/active").1,
        format!("active {APP_STATUS}")
    );
    assert!(!ground.recorder.summary().wrote());
}

#[tokio::test]
async fn a_stale_echo_undoes_nothing_and_says_that_there_was_a_change() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let path = format!("{NATIVE}/{}", made.id());
    let mut stale = shown(&ground, &path).await;
    ground.clock.advance(60);
    let meanwhile = json!({"app_description": "Somebody else's"});
    ground.expect(200, "PUT", &path, &meanwhile).await;
    stale["app_name"] = json!("Mine");
    let response = ground.to("PUT", &path).json(&stale).send().await;
    let (status, problem) = answer(&response);
    assert_eq!(status, 400);
    let expected = [format!("updated_at {STALE}"), format!("version {STALE}")];
    assert_eq!(problem["message"], json!(expected));
    // Without them it is a change like any other.
    for member in ["updated_at", "version"] {
        stale.as_object_mut().unwrap().remove(member);
    }
    let now = ground.expect(200, "PUT", &path, &stale).await;
    assert_eq!(now["result"]["app_name"], "Mine");
    assert_eq!(now["result"]["app_description"], "Somebody else's");
}

#[tokio::test]
async fn a_new_app_or_client_is_told_that_a_member_is_read_only_and_not_misspelt() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let clients = format!("{NATIVE}/{}/clients", made.id());
    let client = json!({"name": "Worker", "redirect_uris": ["https://app.example.com/cb"]});
    for (path, body, members) in [
        (
            NATIVE,
            native("New", &json!({})),
            vec![
                ("app_id", GIVEN),
                ("client_id", GIVEN),
                ("created_by", GIVEN),
                ("active", APP_STATUS),
                ("client_secret", SECRET),
                ("login_preferences", OPERATOR),
                ("updated_by", DATED),
                ("version", DATED),
            ],
        ),
        (
            &clients,
            client,
            vec![
                ("client_id", GIVEN),
                ("default", GIVEN),
                ("active", CLIENT_STATUS),
                ("client_secret", SECRET),
                ("version", DATED),
            ],
        ),
    ] {
        for (member, why) in members {
            let mut body = body.clone();
            body[member] = json!("x");
            let response = ground.to("POST", path).json(&body).send().await;
            let found = refused(&response, &format!("/{member}"));
            assert_eq!(found, ("read_only".into(), format!("{member} {why}")));
        }
        let mut body = body.clone();
        body["nmae"] = json!("x");
        let response = ground.to("POST", path).json(&body).send().await;
        let found = refused(&response, "/nmae");
        let unknown = "nmae is not a member of this request; remove it or check its spelling";
        assert_eq!(found, ("unknown_member".into(), unknown.into()));
    }
}
