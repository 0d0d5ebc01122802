//! Answers that are none: an error, never a panic, never taken for an absence or a success.

use engine::Intercept;
use serde_json::{Value, json};
use table::{CreateAppError, TableError};

use crate::apps::{app, secret_of};
use crate::ground::Ground;
use crate::patterns::page_of;

fn answer(status: u16, body: Value) -> Intercept {
    Intercept::Answer { status, body }
}

/// JSON of the wrong shape under a good status.
fn misshapen() -> Vec<Value> {
    vec![
        json!("<html>It works!</html>"),
        json!(5),
        json!(["Item"]),
        json!({ "Item": 5, "Items": 5, "CancellationReasons": 5, "ConsumedCapacity": 5 }),
        json!({ "Item": "text", "Items": {}, "ConsumedCapacity": {} }),
        json!({ "Item": { "pk": 5 }, "Items": [5], "ConsumedCapacity": [5] }),
        json!({ "Item": { "pk": { "S": 5 } }, "Items": [{ "pk": { "S": 5 } }], "ConsumedCapacity": "" }),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_answered_with_garbage_fails() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    let app = app("acme", "myapp");
    ground.table.create_app(&app, None, None).await.unwrap();
    let client = &app.default_client.client_id;
    for body in misshapen() {
        watcher.always("GetItem", answer(200, body.clone()));
        let app_read = ground.table.app(&app.tenant_id, &app.app_id).await;
        let guard = ground.table.app_id_of(&app.tenant_id, &app.code_name).await;
        let credentials = ground.table.credentials(client).await;
        watcher.always("Query", answer(200, body.clone()));
        let page = ground.table.apps_page(&page_of("acme", 5)).await;
        let keys = ground.table.signing_keys().await;
        for failed in [
            app_read.map(drop),
            guard.map(drop),
            credentials.map(drop),
            page.map(drop),
            keys.map(drop),
        ] {
            assert!(
                matches!(failed, Err(TableError::Unavailable(_))),
                "{body}: {failed:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_of_an_unknown_attribute_type_fails() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    let app = app("acme", "myapp");
    ground.table.create_app(&app, None, None).await.unwrap();
    for body in [
        json!({ "Item": {} }),
        json!({ "Item": { "pk": { "X": "?" } } }),
        json!({ "Item": { "pk": { "S": "x" }, "kind": { "Z": 1 } } }),
        json!({ "Item": { "pk": {} } }),
        json!({ "Item": { "pk": { "N": "not a number" } } }),
    ] {
        watcher.always("GetItem", answer(200, body.clone()));
        let found = ground.table.app(&app.tenant_id, &app.app_id).await;
        assert!(found.is_err(), "{body}: {found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_without_sense_is_an_error() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    let app = app("acme", "myapp");
    let (_, secret) = secret_of(&app);
    for status in [100, 204, 302, 400, 404, 413, 500, 502, 503, 599] {
        for body in [
            json!("<html>"),
            json!(null),
            json!({}),
            json!({ "__type": 5 }),
        ] {
            // An object without `Item` is how DynamoDB says that there is none.
            if status == 204 && !body.is_string() {
                continue;
            }
            watcher.always("GetItem", answer(status, body.clone()));
            let found = ground.table.app(&app.tenant_id, &app.app_id).await;
            assert!(found.is_err(), "{status} {body}: {found:?}");
            watcher.always("TransactWriteItems", answer(status, body.clone()));
            let made = ground.table.create_app(&app, Some(&secret), None).await;
            assert!(
                matches!(made, Err(CreateAppError::Table(_))),
                "{status} {body}: {made:?}"
            );
        }
    }
    assert!(ground.items().await.is_empty());
}
