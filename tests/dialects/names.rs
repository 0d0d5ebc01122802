//! SCIM's `displayName` and `name`: what is unique, among whom, and until when.

use testkit::{Value, json};

use crate::ground::{Ground, NATIVE, OPENID, SCIM, expect, patch_op, round_trips, scim, text};

const TAKEN: &str = "Another application has this display name; choose another.";

async fn free(ground: &Ground, name: &str) -> String {
    text(&ground.scim_app(&json!({"displayName": name})).await["id"])
}

async fn taken(ground: &Ground, name: &str) {
    let body = scim(&json!({"displayName": name}));
    let shown = ground.expect(409, "POST", SCIM, &body).await;
    assert_eq!(
        (&shown["detail"], &shown["scimType"]),
        (&json!(TAKEN), &json!("uniqueness"))
    );
}

#[tokio::test]
async fn a_display_name_is_unique_whatever_its_letter_case() {
    let ground = Ground::new().await;
    for (name, other) in [
        ("demoapp", "DemoApp"),
        ("Straße", "STRAßE"),
        ("ÜBER", "über"),
    ] {
        free(&ground, name).await;
        taken(&ground, name).await;
        taken(&ground, other).await;
    }
}

#[tokio::test]
async fn a_display_name_moves_on_a_rename_in_any_dialect_and_is_freed_on_delete() {
    let ground = Ground::new().await;
    let id = free(&ground, "First").await;
    let renaming = patch_op(&json!([{"op": "replace", "path": "displayName", "value": "Fourth"}]));
    let mut old = "First";
    for (method, path, body, new) in [
        ("PUT", NATIVE, json!({"app_name": "Second"}), "Second"),
        ("PUT", OPENID, json!({"name": "Third"}), "Third"),
        ("PATCH", SCIM, renaming, "Fourth"),
        ("PUT", SCIM, scim(&json!({"displayName": "Fifth"})), "Fifth"),
        ("PATCH", NATIVE, json!({"app_name": "Sixth"}), "Sixth"),
    ] {
        ground
            .expect(200, method, &format!("{path}/{id}"), &body)
            .await;
        taken(&ground, &new.to_lowercase()).await;
        // The old one is free: somebody takes it and gives it back.
        let other = free(&ground, old).await;
        let path = format!("{SCIM}/{other}?forceDelete=true");
        ground.expect(204, "DELETE", &path, &Value::Null).await;
        old = new;
    }
    // Another letter case of its own name is no other name.
    let same = scim(&json!({"displayName": "SIXTH"}));
    ground
        .expect(200, "PUT", &format!("{SCIM}/{id}"), &same)
        .await;
    let path = format!("{SCIM}/{id}?forceDelete=true");
    ground.expect(204, "DELETE", &path, &Value::Null).await;
    free(&ground, "sixth").await;
}

#[tokio::test]
async fn a_rename_onto_a_taken_display_name_is_refused_in_every_dialect() {
    let ground = Ground::new().await;
    free(&ground, "Taken").await;
    let id = free(&ground, "Mine").await;
    let renaming = patch_op(&json!([{"op": "replace", "path": "displayName", "value": "TAKEN"}]));
    for (method, path, status, body) in [
        ("PUT", SCIM, 409, scim(&json!({"displayName": "taken"}))),
        ("PATCH", SCIM, 409, renaming),
        ("PUT", NATIVE, 409, json!({"app_name": "Taken"})),
        ("PUT", OPENID, 422, json!({"name": "Taken"})),
    ] {
        let path = format!("{path}/{id}");
        let shown = ground.expect(status, method, &path, &body).await;
        assert!(shown.to_string().contains(TAKEN), "{shown}");
    }
    let shown = ground
        .expect(200, "GET", &format!("{SCIM}/{id}"), &Value::Null)
        .await;
    assert_eq!(
        (&shown["displayName"], &shown["meta"]["version"]),
        (&json!("Mine"), &json!("\"1\""))
    );
}

#[tokio::test]
async fn apps_of_the_other_dialects_may_share_a_name() {
    let ground = Ground::new().await;
    free(&ground, "Shared").await;
    for _ in 0..2 {
        let native = json!({
            "app_name": "Shared", "client_display_name": "c", "redirect_uris": ["https://a.example"],
        });
        ground.expect(201, "POST", NATIVE, &native).await;
        let openid = json!({"name": "Shared", "redirect_uri": "https://a.example"});
        ground.expect(201, "POST", OPENID, &openid).await;
    }
}

#[tokio::test]
async fn an_audience_is_one_resource_servers_alone_and_free_again_when_it_is_given_up() {
    let ground = Ground::new().await;
    let audience = "https://api.example.com";
    let server = |name: &str, audience: &str, enabled: bool| {
        scim(&json!({
            "displayName": name, "isOAuthResource": enabled, "audience": audience,
            "scopes": [{"value": "films"}],
        }))
    };
    let first = ground
        .expect(201, "POST", SCIM, &server("First", audience, true))
        .await;
    let first = text(&first["id"]);
    // Named by an app that is no resource server, or in another case, it is no claim to it.
    let idle = ground
        .expect(201, "POST", SCIM, &server("Idle", audience, false))
        .await;
    let idle = text(&idle["id"]);
    let other = audience.to_uppercase();
    let other = ground
        .expect(201, "POST", SCIM, &server("Other", &other, true))
        .await;
    let other = text(&other["id"]);
    let enabling = patch_op(&json!([{"op": "replace", "path": "isOAuthResource", "value": true}]));
    let moving = patch_op(&json!([{"op": "replace", "path": "audience", "value": audience}]));
    for (method, path, body) in [
        ("POST", SCIM.to_owned(), server("Second", audience, true)),
        (
            "PUT",
            format!("{SCIM}/{idle}"),
            server("Idle", audience, true),
        ),
        ("PATCH", format!("{SCIM}/{idle}"), enabling.clone()),
        ("PATCH", format!("{SCIM}/{other}"), moving.clone()),
    ] {
        let shown = ground.expect(409, method, &path, &body).await;
        assert_eq!(shown["scimType"], "uniqueness", "{shown}");
        let detail = text(&shown["detail"]);
        assert!(detail.contains("audience"), "{detail}");
    }
    // A refused creation has taken no name.
    free(&ground, "Second").await;
    // The other dialects keep what they can't express.
    let native = json!({"app_name": "First of all"});
    ground
        .expect(200, "PUT", &format!("{NATIVE}/{first}"), &native)
        .await;
    ground
        .expect(409, "PATCH", &format!("{SCIM}/{idle}"), &enabling)
        .await;
    // A name and an audience move together.
    ground
        .expect(
            200,
            "PUT",
            &format!("{SCIM}/{first}"),
            &server("New", "https://new.example", true),
        )
        .await;
    free(&ground, "First of all").await;
    ground
        .expect(200, "PATCH", &format!("{SCIM}/{idle}"), &enabling)
        .await;
    let path = format!("{SCIM}/{idle}?forceDelete=true");
    ground.expect(204, "DELETE", &path, &Value::Null).await;
    ground
        .expect(200, "PATCH", &format!("{SCIM}/{other}"), &moving)
        .await;
}

#[tokio::test]
async fn a_chosen_name_is_the_client_id_and_is_never_given_twice() {
    let ground = Ground::new().await;
    let made = ground.scim_app(&json!({"name": "Chosen_1"})).await;
    let id = text(&made["id"]);
    assert_eq!(made["name"], "Chosen_1");
    let secret = text(&made["clientSecret"]);
    expect(200, &ground.token_of("Chosen_1", &secret).await);
    let again = scim(&json!({"name": "Chosen_1", "displayName": "Other"}));
    let refused = |shown: Value| {
        assert_eq!(shown["scimType"], "uniqueness");
        assert!(text(&shown["detail"]).starts_with("The chosen client id is taken"));
    };
    refused(ground.expect(409, "POST", SCIM, &again).await);
    // In the whole deployment: another tenant hears the same.
    let b = domain::TenantId::parse("b").unwrap();
    let theirs = ground.tenant("b").await;
    let scopes = domain::scopes::MANAGEMENT;
    let token = ground.token_in(&b, &theirs.client_id, &scopes).await;
    let request = ground.to("POST", SCIM).json(&again).token(&token);
    refused(expect(409, &request.send().await));
    let path = format!("{SCIM}/{id}?forceDelete=true");
    ground.expect(204, "DELETE", &path, &Value::Null).await;
    refused(ground.expect(409, "POST", SCIM, &again).await);
    // Letter case tells client ids apart (RFC 6749 §2.2 leaves them opaque).
    ground.scim_app(&json!({"name": "chosen_1"})).await;
    for bad in ["a-b", "a.b", "a b", "", "ä", &"x".repeat(101)] {
        let body = scim(&json!({"name": bad, "displayName": "Bad"}));
        let shown = ground.expect(400, "POST", SCIM, &body).await;
        assert_eq!(shown["scimType"], "invalidValue", "{bad}");
    }
}

#[tokio::test]
async fn name_and_active_can_not_be_changed_by_put_or_patch() {
    let ground = Ground::new().await;
    let made = ground.scim_app(&json!({"name": "fixed"})).await;
    let path = format!("{SCIM}/{}", text(&made["id"]));
    let replace = |name: &str, value: Value| {
        patch_op(&json!([{"op": "replace", "path": name, "value": value}]))
    };
    for (method, body) in [
        ("PUT", scim(&json!({"name": "other"}))),
        ("PUT", scim(&json!({"active": false}))),
        ("PATCH", replace("name", json!("other"))),
        ("PATCH", replace("NAME", json!("other"))),
        ("PATCH", replace("active", json!(false))),
    ] {
        let shown = ground.expect(400, method, &path, &body).await;
        assert_eq!(shown["scimType"], "mutability", "{body}");
    }
    for (method, body) in [
        ("PUT", scim(&json!({"name": "fixed", "active": true}))),
        ("PUT", scim(&json!({"active": null}))),
        ("PATCH", replace("name", json!("fixed"))),
        ("PATCH", replace("active", json!(true))),
    ] {
        let shown = ground.expect(200, method, &path, &body).await;
        assert_eq!(
            (&shown["name"], &shown["active"]),
            (&json!("fixed"), &json!(true))
        );
    }
}

#[tokio::test]
async fn a_retry_token_gets_the_first_answer_again() {
    let ground = Ground::new().await;
    let post = |name: &str, token: &str| {
        let body = scim(&json!({"displayName": name}));
        ground
            .to("POST", SCIM)
            .json(&body)
            .header("opc-retry-token", token)
    };
    let first = post("demoapp", "token-1").send().await;
    expect(201, &first);
    assert_eq!(round_trips(&ground), ["BatchGetItem", "TransactWriteItems"]);
    let second = post("demoapp", "token-1").send().await;
    assert_eq!((second.status, &second.body), (201, &first.body));
    for header in ["etag", "location", "cache-control", "content-type"] {
        assert_eq!(second.header(header), first.header(header), "{header}");
    }
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    let other = expect(422, &post("another", "token-1").send().await);
    assert_eq!(other["status"], "422");
    // Idempotency-Key is the other dialects' header.
    let request = post("another", "").header("idempotency-key", "key-1");
    expect(201, &request.send().await);
    let request = post("another", "").header("idempotency-key", "key-1");
    expect(409, &request.send().await);
    let path = format!(
        "{SCIM}/{}?forceDelete=true",
        text(&expect(201, &first)["id"])
    );
    ground.expect(204, "DELETE", &path, &Value::Null).await;
    let gone = expect(409, &post("demoapp", "token-1").send().await);
    assert_eq!(gone.get("scimType"), None);
}

#[tokio::test]
async fn an_active_app_is_deleted_by_force_alone() {
    let ground = Ground::new().await;
    let id = free(&ground, "demoapp").await;
    let path = format!("{SCIM}/{id}");
    for query in ["", "?forceDelete=false"] {
        let shown = ground
            .expect(409, "DELETE", &format!("{path}{query}"), &Value::Null)
            .await;
        assert_eq!(
            (&shown["status"], shown.get("scimType")),
            (&json!("409"), None)
        );
    }
    for query in ["?forceDelete=yes", "?force=true"] {
        ground
            .expect(400, "DELETE", &format!("{path}{query}"), &Value::Null)
            .await;
    }
    ground.activate(&id, false).await;
    ground.expect(204, "DELETE", &path, &Value::Null).await;
    ground.expect(404, "DELETE", &path, &Value::Null).await;
    ground.expect(404, "GET", &path, &Value::Null).await;
}
