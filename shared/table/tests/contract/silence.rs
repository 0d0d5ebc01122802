//! No text that may reach a log shows a digest or a key.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::{Failure, Intercept};
use serde_json::json;
use table::{CreateAppError, CreateTenantError, SigningKeys, StoredHalf};

use crate::apps::{app, secret_of};
use crate::ground::{Ground, s};
use crate::watcher::{cancelled, refusal};

/// Every way in which some of these bytes could be printed.
fn spellings(bytes: &[u8]) -> Vec<String> {
    let hex = |upper: bool| -> String {
        let digit = |b: &u8| {
            if upper {
                format!("{b:02X}")
            } else {
                format!("{b:02x}")
            }
        };
        bytes[..6].iter().map(digit).collect()
    };
    let decimal: Vec<_> = bytes[..4].iter().map(u8::to_string).collect();
    vec![
        hex(true),
        hex(false),
        decimal.join(", "),
        decimal.join(",\n"),
        String::from_utf8_lossy(&bytes[..8]).into_owned(),
    ]
}

#[track_caller]
fn assert_silent(shown: &str, bytes: &[u8]) {
    let flat: String = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for spelling in &spellings(bytes) {
        assert!(!flat.contains(spelling.as_str()), "{spelling} in {shown}");
    }
}

#[test]
fn the_check_would_notice() {
    let bytes: Vec<u8> = (100..132).collect();
    for shown in [
        format!("{bytes:?}"),
        format!("{bytes:#?}"),
        "6465666768696a6b".into(),
        format!("{:?}", Blob::new(&*bytes)),
    ] {
        let caught = std::panic::catch_unwind(|| assert_silent(&shown, &bytes));
        assert!(caught.is_err(), "{shown}");
    }
}

#[tokio::test]
async fn what_a_read_returns_shows_no_digest() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    let (secret, stored) = secret_of(&app);
    let digest = stored.digest.to_bytes();
    ground.table.create_tenant(&app, &stored).await.unwrap();
    let client = &app.default_client.client_id;
    let credentials = ground.table.credentials(client).await.unwrap().unwrap();
    let shown = format!(
        "{credentials:?} {credentials:#?} {:?} {secret:?} {stored:?}",
        ground.table
    );
    assert_silent(&shown, &digest);
    assert!(!shown.contains(&secret.expose()[20..40]));
    assert!(shown.contains(client.as_str()));
}

#[test]
fn a_stored_signing_key_does_not_show_its_private_half() {
    let key = StoredHalf {
        kid: "kid-1".into(),
        sealed_private_key: (100..190).collect(),
    };
    let cursor = SigningKeys {
        keys: Vec::new(),
        unreadable: Vec::new(),
        cursor_key: Some((100..132).collect()),
    };
    assert_silent(
        &format!("{cursor:?}"),
        cursor.cursor_key.as_deref().unwrap(),
    );
    let shown = format!("{key:?} {key:#?}");
    assert_silent(&shown, &key.sealed_private_key);
    assert!(shown.contains("kid-1"));
}

#[tokio::test(start_paused = true)]
async fn no_error_of_a_write_shows_a_digest() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    let app = app("acme", "myapp");
    let (_, stored) = secret_of(&app);
    let digest = stored.digest.to_bytes();
    let echo = json!({ "__type": "x#TransactionCanceledException", "Message": "m", "CancellationReasons": [
        { "Code": "ValidationError", "Message": digest.to_vec(), "Item": { "digest": { "B": "AAAA" } } },
    ] });
    for fault in [
        cancelled(&["ValidationError"]),
        cancelled(&["ConditionalCheckFailed"]),
        refusal(400, "ValidationException"),
        refusal(500, "InternalServerError"),
        Intercept::Fail(Failure::Io),
        Intercept::ExecuteThenAnswer {
            status: 200,
            body: json!("garbage"),
        },
        Intercept::Answer {
            status: 400,
            body: echo,
        },
    ] {
        watcher.always("TransactWriteItems", fault);
        let app_error: CreateAppError = ground
            .table
            .create_app(&app, Some(&stored), None)
            .await
            .unwrap_err();
        let tenant_error: CreateTenantError =
            ground.table.create_tenant(&app, &stored).await.unwrap_err();
        let shown = format!("{app_error:?} {app_error} {tenant_error:?} {tenant_error}");
        assert_silent(&shown, &digest);
        assert!(!shown.contains("AAAA"), "{shown}");
    }
}

#[tokio::test]
async fn no_error_of_a_corrupt_item_shows_what_is_in_its_secrets() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    let (_, stored) = secret_of(&app);
    ground
        .table
        .create_app(&app, Some(&stored), None)
        .await
        .unwrap();
    let good = ground.stored(&app).await;
    let bytes: Vec<u8> = (100..133).collect();
    let text = "deadbeefdeadbeef";
    for value in [
        AttributeValue::B(Blob::new(bytes.clone())),
        s(text),
        AttributeValue::L(vec![s(text)]),
    ] {
        for name in ["digest", "pepper", "created_at", "expires_at"] {
            let mut bad = good.clone();
            let Some(AttributeValue::M(secrets)) = bad.get_mut("secrets") else {
                panic!()
            };
            let Some(AttributeValue::M(secret)) = secrets.values_mut().next() else {
                panic!()
            };
            secret.insert(name.into(), value.clone());
            ground.put(bad).await;
            let client = &app.default_client.client_id;
            let e = ground.table.credentials(client).await.unwrap_err();
            let shown = format!("{e:?} {e}");
            assert_silent(&shown, &bytes);
            assert!(!shown.contains("deadbeef"), "{shown}");
        }
    }
}
