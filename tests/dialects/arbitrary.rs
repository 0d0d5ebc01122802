//! Arbitrary filters and patches through the dispatcher: whatever comes, an answer of SCIM's, never a
//! panic, which would be a 500.

use std::{fmt::Write, sync::LazyLock};

use proptest::prelude::*;
use testkit::{Value, json};

use crate::ground::{Ground, SCIM, patch_op, scim, text};

struct World {
    runtime: tokio::runtime::Runtime,
    ground: Ground,
    path: String,
}

/// One for all cases: they leave the app as it is, or another good one.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (ground, path) = runtime.block_on(async {
        let ground = Ground::new().await;
        let tags = json!({"tags": [{"key": "env", "value": "prod"}]});
        let made = ground.expect(201, "POST", SCIM, &scim(&tags)).await;
        (ground, format!("{SCIM}/{}", text(&made["id"])))
    });
    World {
        runtime,
        ground,
        path,
    }
});

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Something like an attribute's name.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,8}",
        prop::sample::select(vec![
            "displayName",
            "NAME",
            "tags",
            "key",
            "value",
            "active",
            "schemas",
            "redirectUris",
            "allowedScopes",
            "fqs",
            "basedOnTemplate",
            "meta",
            "id",
            "scopes",
            "certificates",
        ])
        .prop_map(str::to_owned),
    ]
}

/// Text made of a filter's words.
fn filter_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        name(),
        prop::sample::select(vec![
            " eq ", " pr", " and ", " or ", "not ", "(", ")", "[", "]", ".", ":", "\"", "\"x\"",
            " gt ", " 1e999", "-0", " null", "true", "\\u", "\\ud800", "urn:", " ",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

fn operation() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "replace", "remove", "Add", "move"]);
    let path = prop_oneof![
        Just(Value::Null),
        name().prop_map(Value::from),
        filter_like().prop_map(Value::from),
        (name(), filter_like(), name()).prop_map(|(a, f, s)| format!("{a}[{f}].{s}").into()),
        any_json(),
    ];
    (op, path, any_json())
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").unwrap();
        encoded
    })
}

fn answered(method: &str, path: &str, body: &Value) -> Result<(), TestCaseError> {
    let world = &*WORLD;
    let response = world
        .runtime
        .block_on(world.ground.send(method, path, body));
    prop_assert!(response.status < 500, "{}", response.body);
    if response.status >= 400 {
        let shown = testkit::body(&response);
        prop_assert_eq!(&shown["status"], &json!(response.status.to_string()));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_filter_is_answered(text in prop_oneof![".{0,120}", filter_like()]) {
        answered("GET", &format!("{SCIM}?filter={}", percent(&text)), &json!({}))?;
        answered("GET", &format!("/admin/v1/Grants?filter={}", percent(&text)), &json!({}))?;
        answered("GET", &format!("/admin/v1/AppRoles?filter={}", percent(&text)), &json!({}))?;
    }

    #[test]
    fn any_query_is_answered(query in "[ -~]{0,80}", search in any_json()) {
        answered("GET", &format!("{SCIM}?{query}"), &json!({}))?;
        answered("POST", &format!("{SCIM}/.search"), &search)?;
    }

    #[test]
    fn any_patch_is_answered(
        operations in prop::collection::vec(operation(), 0..4), whole in any_json(),
    ) {
        answered("PATCH", &WORLD.path, &patch_op(&json!(operations)))?;
        answered("PATCH", &WORLD.path, &patch_op(&whole))?;
        answered("PATCH", &WORLD.path, &whole)?;
        answered("PUT", &WORLD.path, &whole)?;
        answered("POST", SCIM, &whole)?;
    }
}
