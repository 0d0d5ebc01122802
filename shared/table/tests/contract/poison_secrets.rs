//! Secrets and keys that can't be read: whoever needs them fails, whoever does not goes on.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::App;
use table::{RootSignature, StoredHalf, StoredKey, TableError};

use crate::apps::app;
use crate::ground::{Ground, Item, n, s};
use crate::poison::{list, three};

fn bytes(length: usize) -> AttributeValue {
    AttributeValue::B(Blob::new(vec![0xab; length]))
}

/// Changes the one secret of an app's item.
fn change(item: &mut Item, change: impl FnOnce(&mut Item)) {
    let Some(AttributeValue::M(secrets)) = item.get_mut("secrets") else {
        panic!("no secrets")
    };
    match secrets.values_mut().next() {
        Some(AttributeValue::M(secret)) => change(secret),
        other => panic!("{other:?}"),
    }
}

/// The token endpoint fails, whatever the client shows; reads that need no secret succeed.
async fn assert_no_credentials(ground: &Ground, apps: &[App; 3], bad: Item, what: &str) {
    ground.put(bad).await;
    let app = &apps[1];
    let client = &app.default_client.client_id;
    let failed = ground.table.credentials(client).await;
    match &failed {
        Err(TableError::Corrupt { key, .. }) => {
            assert_eq!(*key, format!("APP#{}/APP", app.app_id), "{what}");
        }
        other => panic!("{what}: {other:?}"),
    }
    let found = ground.table.app(&app.tenant_id, &app.app_id).await.unwrap();
    assert_eq!(found.as_ref(), Some(app), "{what}");
    let principal = ground.table.principal(client).await.unwrap().unwrap();
    assert_eq!(principal.app, *app);
    assert_eq!(list(ground, "acme", 2).await, (apps.to_vec(), 0));
}

#[tokio::test]
async fn a_digest_of_the_wrong_length_or_type_is_corrupt() {
    let (ground, apps, good) = three().await;
    for digest in [
        bytes(0),
        bytes(31),
        bytes(33),
        bytes(64),
        s(&"ab".repeat(32)),
        n("1"),
        AttributeValue::L(vec![n("171"); 32]),
        AttributeValue::Null(true),
    ] {
        let what = format!("{digest:?}");
        let mut bad = good.clone();
        change(&mut bad, |secret| {
            drop(secret.insert("digest".into(), digest));
        });
        assert_no_credentials(&ground, &apps, bad, &what).await;
    }
}

#[tokio::test]
async fn a_secret_with_a_member_missing_or_of_another_type_is_corrupt() {
    let (ground, apps, good) = three().await;
    for name in ["digest", "pepper", "created_at"] {
        let mut bad = good.clone();
        change(&mut bad, |secret| drop(secret.remove(name)));
        assert_no_credentials(&ground, &apps, bad, name).await;
    }
    // An expiry as text was once taken for none.
    for (name, value) in [
        ("expires_at", s("1767323045")),
        ("expires_at", n("1.5")),
        ("created_at", s("0")),
        ("pepper", s("1")),
        ("pepper", n("-1")),
        ("pepper", n("4294967296")),
    ] {
        let mut bad = good.clone();
        let what = format!("{name} {value:?}");
        change(&mut bad, |secret| drop(secret.insert(name.into(), value)));
        assert_no_credentials(&ground, &apps, bad, &what).await;
    }
}

#[tokio::test]
async fn secrets_that_are_no_map_of_secrets_are_corrupt() {
    let (ground, apps, good) = three().await;
    let AttributeValue::M(secrets) = good["secrets"].clone() else {
        panic!()
    };
    let one = secrets.into_values().next().unwrap();
    let under = |id: &str| AttributeValue::M([(id.to_owned(), one.clone())].into());
    for bad_secrets in [
        s("none"),
        n("0"),
        AttributeValue::L(vec![one.clone()]),
        under("short"),
        under("ABCDEFGHIJ"),
        under("aaaaaaaaaa#"),
        AttributeValue::Null(true),
        AttributeValue::M([("aaaaaaaaaa".to_owned(), s("x"))].into()),
    ] {
        let what = format!("{bad_secrets:?}");
        let mut bad = good.clone();
        bad.insert("secrets".into(), bad_secrets);
        assert_no_credentials(&ground, &apps, bad, &what).await;
    }
    // Every app is written with its secrets, be they none: without, it was tampered with.
    let mut bad = good.clone();
    bad.remove("secrets");
    assert_no_credentials(&ground, &apps, bad, "no secrets at all").await;
}

#[tokio::test]
async fn a_signing_key_that_cannot_be_read_is_named_and_the_others_go_on() {
    let ground = Ground::new().await;
    let at = app("acme", "a").created_at;
    let key = StoredKey {
        kid: "good".to_owned(),
        public_key: vec![4; 65],
        created_at: at,
        signs_from: at,
        signatures: vec![RootSignature {
            version: 1,
            signature: vec![5; 64],
        }],
    };
    let half = StoredHalf {
        kid: "good".to_owned(),
        sealed_private_key: vec![9; 90],
    };
    let added = ground.table.add_signing_key(&key, &half, None).await;
    assert!(added.unwrap());
    ground.table.add_cursor_key(&[7; 32]).await.unwrap();
    let stored = |items: &[Item], pk| {
        let of_key = |item: &&Item| item["sk"] == s("KEY#good") && item["pk"] == s(pk);
        items.iter().find(of_key).unwrap().clone()
    };
    let items = ground.items().await;
    let (public, private) = (
        stored(&items, "SIGNING_KEYS"),
        stored(&items, "SIGNING_KEY_HALVES"),
    );
    let with = |good: &Item, name: &str, value| {
        let mut bad = good.clone();
        bad.extend([("sk".to_owned(), s("KEY#bad")), (name.to_owned(), value)]);
        bad
    };
    for bad in [
        with(&public, "kind", s("app")),
        with(&public, "schema", n("2")),
        with(&public, "public_key", s("x")),
        with(&public, "created_at", s("1")),
        with(&public, "signs_from", n("1.5")),
        with(&public, "signs_from", s("")),
        with(&public, "signatures", s("x")),
    ] {
        ground.put(bad).await;
        let read = ground.table.signing_keys().await.unwrap();
        assert_eq!(read.keys, std::slice::from_ref(&key));
        assert_eq!(read.unreadable, ["bad"]);
        assert_eq!(read.cursor_key, Some(vec![7; 32]));
    }
    for bad in [
        with(&private, "kind", s("signing_key")),
        with(&private, "schema", n("2")),
        with(&private, "sealed_private_key", s("x")),
    ] {
        ground.put(bad).await;
        let read = ground.table.signing_key_halves().await.unwrap();
        assert_eq!(read, std::slice::from_ref(&half));
    }
    // A key of cursors that is another thing takes no signing key with it, and is not replaced.
    let mut cursor = public.clone();
    cursor.insert("sk".to_owned(), s("CURSOR_KEY"));
    ground.put(cursor).await;
    ground.table.add_cursor_key(&[8; 32]).await.unwrap();
    let read = ground.table.signing_keys().await.unwrap();
    assert_eq!((read.keys.len(), read.cursor_key), (1, None));
    assert_eq!(read.unreadable, ["CURSOR_KEY", "bad"]);
}

#[tokio::test]
async fn ended_secrets_that_can_not_be_read_are_corrupt_and_end_no_check() {
    let (ground, apps, good) = three().await;
    let app = &apps[1];
    let client = &app.default_client.client_id;
    let id = "aaaaaaaaaa".to_owned();
    let map = |key: &str, until| AttributeValue::M([(key.to_owned(), until)].into());
    for ended in [
        s("text"),
        n("1"),
        AttributeValue::L(vec![s(&id)]),
        map(&id, s("1000")),
        map("#", n("1000")),
    ] {
        let what = format!("{ended:?}");
        let mut bad = good.clone();
        bad.insert("ended_secrets".into(), ended);
        ground.put(bad).await;
        for failed in [
            ground
                .table
                .token_principal(client, "digest", None)
                .await
                .map(drop),
            ground.table.credentials(client).await.map(drop),
        ] {
            assert!(
                matches!(failed, Err(TableError::Corrupt { .. })),
                "{what}: {failed:?}"
            );
        }
        // Who asks for neither token nor secret goes on.
        assert_eq!(
            ground
                .table
                .app(&app.tenant_id, &app.app_id)
                .await
                .unwrap()
                .as_ref(),
            Some(app)
        );
    }
    let mut right = good.clone();
    right.insert("ended_secrets".into(), map(&id, n("1000")));
    ground.put(right).await;
    let (ended, other) = (
        domain::SecretId::parse(&id).unwrap(),
        domain::SecretId::generate([9; 7]),
    );
    for (secret, holds) in [(None, true), (Some(&other), true), (Some(&ended), false)] {
        let found = ground
            .table
            .token_principal(client, "digest", secret)
            .await
            .unwrap();
        assert_eq!(found.is_some(), holds, "{secret:?}");
    }
}
