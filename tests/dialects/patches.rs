//! SCIM PATCH against the registry, and the round trips of SCIM's writes.

use testkit::{Value, json};

use crate::ground::{APP_SCHEMA, Ground, SCIM, laid, patch_op, round_trips, text};

async fn ground_with_app() -> (Ground, String) {
    let ground = Ground::new().await;
    let made = ground
        .scim_app(&json!({
            "description": "d",
            "redirectUris": ["https://a.example/cb", "https://b.example/cb"],
            "tags": [{"key": "env", "value": "prod"}, {"key": "team", "value": "x"}],
            "allowedScopes": [{"fqs": "photos"}, {"fqs": "prints"}],
        }))
        .await;
    let path = format!("{SCIM}/{}", text(&made["id"]));
    ground.recorder.take();
    (ground, path)
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn operations_change_what_they_name_and_nothing_else() {
    for (operation, member, after) in [
        (
            json!({"op": "replace", "path": "description", "value": "e"}),
            "description",
            json!("e"),
        ),
        (
            json!({"OP": "Replace", "Path": "DESCRIPTION", "VALUE": "e"}),
            "description",
            json!("e"),
        ),
        (
            json!({"op": "replace", "value": {"Description": "e"}}),
            "description",
            json!("e"),
        ),
        (
            json!({"op": "add", "path": format!("{APP_SCHEMA}:description"), "value": "e"}),
            "description",
            json!("e"),
        ),
        (
            json!({"op": "remove", "path": "description"}),
            "description",
            Value::Null,
        ),
        (
            json!({"op": "replace", "path": "description", "value": null}),
            "description",
            Value::Null,
        ),
        (
            json!({"op": "add", "path": "redirectUris", "value": ["https://c.example/cb"]}),
            "redirectUris",
            json!([
                "https://a.example/cb",
                "https://b.example/cb",
                "https://c.example/cb"
            ]),
        ),
        (
            json!({"op": "add", "path": "redirectUris", "value": "https://a.example/cb"}),
            "redirectUris",
            json!(["https://a.example/cb", "https://b.example/cb"]),
        ),
        (
            json!({"op": "remove", "path": "redirectUris[value eq \"https://a.example/cb\"]"}),
            "redirectUris",
            json!(["https://b.example/cb"]),
        ),
        (
            json!({"op": "remove", "path": "tags[key eq \"ENV\"]"}),
            "tags",
            json!([{"key": "team", "value": "x"}]),
        ),
        (
            json!({"op": "replace", "path": "Tags[KEY eq \"env\"].VALUE", "value": "test"}),
            "tags",
            json!([{"key": "env", "value": "test"}, {"key": "team", "value": "x"}]),
        ),
        (
            json!({"op": "add", "path": "tags", "value": [{"Key": "new", "Value": "v"}]}),
            "tags",
            json!([
                {"key": "env", "value": "prod"}, {"key": "team", "value": "x"},
                {"key": "new", "value": "v"},
            ]),
        ),
        (
            json!({"op": "remove", "path": "allowedScopes[fqs eq \"photos\"]"}),
            "allowedScopes",
            json!([{"fqs": "prints"}]),
        ),
        (json!({"op": "remove", "path": "tags"}), "tags", Value::Null),
        (
            json!({"op": "add", "path": "isOAuthResource", "value": true}),
            "isOAuthResource",
            json!(true),
        ),
        (
            json!({"op": "replace", "path": "clientType", "value": "trusted"}),
            "clientType",
            json!("trusted"),
        ),
        (
            json!({"op": "replace", "path": "meta.created", "value": "x"}),
            "description",
            json!("d"),
        ),
        (
            json!({"op": "replace", "path": "id", "value": "x"}),
            "description",
            json!("d"),
        ),
    ] {
        let (ground, path) = ground_with_app().await;
        let before = ground.expect(200, "GET", &path, &Value::Null).await;
        let body = patch_op(&json!([operation]));
        let shown = ground.expect(200, "PATCH", &path, &body).await;
        assert_eq!(shown[member], after, "{operation}");
        let read = ground.expect(200, "GET", &path, &Value::Null).await;
        assert_eq!(read, shown, "{operation}");
        let undone = json!({member: before[member], "meta": before["meta"]});
        assert_eq!(laid(shown, &undone), before, "{operation}");
    }
}

#[tokio::test]
async fn operations_are_carried_out_in_order_and_all_or_none() {
    let (ground, path) = ground_with_app().await;
    let body = patch_op(&json!([
        {"op": "add", "path": "tags", "value": {"key": "a", "value": "1"}},
        {"op": "replace", "path": "tags[key eq \"a\"].value", "value": "2"},
        {"op": "remove", "path": "tags[not (key eq \"a\")]"},
    ]));
    let shown = ground.expect(200, "PATCH", &path, &body).await;
    assert_eq!(shown["tags"], json!([{"key": "a", "value": "2"}]));
    let half = patch_op(&json!([
        {"op": "replace", "path": "description", "value": "e"},
        {"op": "remove", "path": "tags[key eq \"none\"]"},
    ]));
    ground.expect(400, "PATCH", &path, &half).await;
    let read = ground.expect(200, "GET", &path, &Value::Null).await;
    assert_eq!(read, shown);
}

#[tokio::test]
async fn a_simple_value_is_selected_letter_by_letter() {
    let (ground, path) = ground_with_app().await;
    let at = |uri: &str| {
        let path = format!("redirectUris[value eq \"{uri}\"]");
        patch_op(&json!([{"op": "replace", "path": path, "value": "https://c.example/cb"}]))
    };
    let shown = ground
        .expect(400, "PATCH", &path, &at("https://a.example/CB"))
        .await;
    assert_eq!(shown["scimType"], "noTarget");
    let shown = ground
        .expect(200, "PATCH", &path, &at("https://a.example/cb"))
        .await;
    let uris = json!(["https://c.example/cb", "https://b.example/cb"]);
    assert_eq!(shown["redirectUris"], uris);
}

#[tokio::test]
async fn a_patch_that_can_not_be_carried_out_says_why() {
    let (ground, path) = ground_with_app().await;
    let before = ground.expect(200, "GET", &path, &Value::Null).await;
    let many: Vec<_> = (0..101)
        .map(|_| json!({"op": "remove", "path": "tags"}))
        .collect();
    for (operations, kind) in [
        (json!([]), "invalidSyntax"),
        (json!("x"), "invalidSyntax"),
        (json!([7]), "invalidSyntax"),
        (json!(many), "invalidSyntax"),
        (json!([{"op": "move", "path": "tags"}]), "invalidSyntax"),
        (json!([{"op": "remove"}]), "noTarget"),
        (
            json!([{"op": "remove", "path": "tags[key eq \"x\"]"}]),
            "noTarget",
        ),
        (
            json!([{"op": "replace", "path": "tags[", "value": 1}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "path": "description.x", "value": 1}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "path": "urn:a:b:c", "value": 1}]),
            "invalidPath",
        ),
        (
            json!([{"op": "add", "path": "description"}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "description", "value": 7}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "tags", "value": {"key": "only"}}]),
            "invalidValue",
        ),
        (
            json!([{"op": "remove", "path": "displayName"}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "redirectUris", "value": "javascript:alert(1)"}]),
            "invalidValue",
        ),
        (
            json!([
                {"op": "replace", "path": "clientType", "value": "public"},
                {"op": "replace", "path": "allowedGrants", "value": ["client_credentials"]},
            ]),
            "invalidValue",
        ),
    ] {
        let body = patch_op(&operations);
        let shown = ground.expect(400, "PATCH", &path, &body).await;
        assert_eq!(shown["scimType"], kind, "{operations}");
        assert_eq!(shown["status"], "400", "{operations}");
    }
    let body = json!({"Operations": [{"op": "remove", "path": "tags"}]});
    let shown = ground.expect(400, "PATCH", &path, &body).await;
    assert_eq!(shown["scimType"], "invalidSyntax");
    assert_eq!(ground.expect(200, "GET", &path, &Value::Null).await, before);
}

#[tokio::test]
async fn a_write_is_one_read_and_one_transaction() {
    let (ground, path) = ground_with_app().await;
    let body = patch_op(&json!([{"op": "replace", "path": "description", "value": "e"}]));
    ground.expect(200, "PATCH", &path, &body).await;
    let kept = round_trips(&ground);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(kept[0], "GetItem");
    let body = patch_op(&json!([{"op": "replace", "path": "displayName", "value": "other"}]));
    ground.expect(200, "PATCH", &path, &body).await;
    assert_eq!(round_trips(&ground), ["GetItem", "TransactWriteItems"]);
}
