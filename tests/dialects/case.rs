//! Code names in paths and filters are found whatever their letter case, as they are stored in one.

use testkit::{Value, json, result};

use crate::{
    errors::native,
    ground::{Ground, NATIVE, OPENID, SCIM, expect, scim, text},
};

/// An app whose code name has a postfix, and one whose has none.
async fn world(ground: &Ground) -> [(String, String); 2] {
    let plain = ground.register("My app", |_| ()).await;
    let other = native(&json!({"app_name": "Other", "app_code_name": null}));
    ground.expect(201, "POST", NATIVE, &other).await;
    let made = &ground.expect(201, "POST", NATIVE, &other).await["result"];
    let postfixed = text(&made["app_code_name"]);
    assert!(postfixed.starts_with("other_"), "{postfixed}");
    [
        (plain.id(), plain.app.code_name.to_string()),
        (text(&made["app_id"]), postfixed),
    ]
}

#[tokio::test]
async fn a_code_name_in_a_path_is_found_whatever_its_letter_case_in_every_dialect() {
    let ground = Ground::new().await;
    for (id, name) in world(&ground).await {
        let mut mixed = name.clone();
        mixed[..2].make_ascii_uppercase();
        for spelled in [name.to_ascii_uppercase(), mixed] {
            for path in [NATIVE, OPENID, SCIM] {
                ground.recorder.take();
                let found = expect(200, &ground.get(&format!("{path}/{spelled}")).await);
                assert!(found.to_string().contains(&id), "{path}/{spelled}: {found}");
                let calls = ground.recorder.summary().operations;
                assert_eq!(calls, ["GetItem", "GetItem"], "{path}");
            }
            for (path, change) in [
                (NATIVE, json!({"app_description": "New"})),
                (OPENID, json!({"trusted": false})),
                (
                    SCIM,
                    scim(&json!({"displayName": format!("New {spelled}")})),
                ),
            ] {
                ground
                    .expect(200, "PUT", &format!("{path}/{spelled}"), &change)
                    .await;
            }
            let clients = format!("{NATIVE}/{spelled}/clients");
            let all = result(&ground.get(&clients).await, 200);
            let client = all[0]["client_id"].as_str().unwrap();
            let one = result(&ground.get(&format!("{clients}/{client}")).await, 200);
            assert_eq!(one["app_id"], *id);
            ground
                .expect(
                    200,
                    "GET",
                    &format!("{clients}/{client}/secrets"),
                    &Value::Null,
                )
                .await;
        }
    }
}

#[tokio::test]
async fn a_code_name_in_a_filter_or_a_body_is_found_whatever_its_letter_case() {
    let ground = Ground::new().await;
    for (id, name) in world(&ground).await {
        let spelled = name.to_ascii_uppercase();
        let query = format!("{NATIVE}?app_code_name={spelled}");
        let found = result(&ground.get(&query).await, 200);
        assert_eq!(found[0]["app_id"], *id);
        let secret = json!({
            "appId": spelled,
            "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],
        });
        let path = "/admin/v1/AppClientSecretRegenerator";
        let made = ground.expect(201, "POST", path, &secret).await;
        assert_eq!(made["appId"], *id);
    }
}

#[tokio::test]
async fn a_page_of_clients_goes_on_under_another_spelling_of_its_app() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    for name in ["One", "Two"] {
        ground.clock.advance(1);
        ground.register_client(&made.app, name, |_| ()).await;
    }
    let first = ground
        .expect(
            200,
            "GET",
            &format!("{NATIVE}/MyApp/clients?limit=1"),
            &Value::Null,
        )
        .await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = format!("{NATIVE}/myapp/clients?cursor={cursor}");
    let rest = result(&ground.get(&rest).await, 200);
    assert_eq!(rest.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn letters_beyond_ascii_are_not_folded_into_it() {
    let ground = Ground::new().await;
    ground.register("kk", |_| ()).await;
    for path in [NATIVE, OPENID, SCIM] {
        // The Kelvin sign, whose lower case in Unicode is an ASCII k.
        expect(404, &ground.get(&format!("{path}/%E2%84%AAk")).await);
        expect(200, &ground.get(&format!("{path}/KK")).await);
    }
}
