//! Items that no version of Roster wrote, or a newer one did (lessons 16 and 44): an error that names
//! the key on a read, left out and counted in a list; never a panic, never an absence.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{App, TenantId};
use table::{PageRequest, TableError, keys};

use crate::apps::{app, full, secret_of, tenant, with_id};
use crate::ground::{Ground, Item, n, s};
use crate::patterns::page_of;

/// A table of three apps of `acme`, and the middle one's item.
pub(crate) async fn three() -> (Ground, [App; 3], Item) {
    let ground = Ground::new().await;
    let apps = [
        app("acme", "one"),
        full("acme", "two"),
        app("acme", "three"),
    ];
    for app in &apps {
        let (_, secret) = secret_of(app);
        ground
            .table
            .create_app(app, Some(&secret), None)
            .await
            .unwrap();
    }
    let item = ground.stored(&apps[1]).await;
    (ground, apps, item)
}

fn map(item: &mut Item, name: &str, change: impl FnOnce(&mut Item)) {
    match item.get_mut(name) {
        Some(AttributeValue::M(map)) => change(map),
        other => panic!("{name} is {other:?}"),
    }
}

/// Every read of the app fails and names its key; a list leaves it out and shows the others.
async fn assert_corrupt(ground: &Ground, apps: &[App; 3], bad: Item, what: &str) {
    ground.put(bad).await;
    ground.settle().await;
    let app = &apps[1];
    let client = &app.default_client.client_id;
    let reads = [
        ground
            .table
            .app(&app.tenant_id, &app.app_id)
            .await
            .map(drop),
        ground.table.credentials(client).await.map(drop),
        ground.table.principal(client).await.map(drop),
    ];
    let wanted = format!("APP#{}/APP", app.app_id);
    for read in reads {
        match &read {
            Err(TableError::Corrupt { key, .. }) => assert_eq!(*key, wanted, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
        let shown = read.unwrap_err().to_string();
        assert!(
            shown.starts_with(&format!("the item {wanted} can't be read: ")),
            "{shown}"
        );
    }
    assert_left_out(ground, apps, what).await;
}

/// Whatever the page length, the list is the other two, and counts one as unreadable.
pub(crate) async fn assert_left_out(ground: &Ground, apps: &[App; 3], what: &str) {
    let others = [apps[0].clone(), apps[2].clone()];
    for limit in [1, 2, 3, 100] {
        let (listed, unreadable) = list(ground, "acme", limit).await;
        assert_eq!(listed, others, "{what}, by {limit}");
        assert_eq!(unreadable, 1, "{what}, by {limit}");
    }
}

/// Every page of a list, and how many items it left out.
pub(crate) async fn list(ground: &Ground, tenant_id: &str, limit: u32) -> (Vec<App>, usize) {
    let (mut request, mut apps, mut unreadable) = (page_of(tenant_id, limit), Vec::new(), 0);
    for _ in 0..1000 {
        let page = ground.table.apps_page(&request).await.unwrap();
        apps.extend(page.apps);
        unreadable += page.unreadable;
        match page.next {
            Some(_) => {
                request = PageRequest {
                    after: page.next,
                    ..request
                }
            }
            None => return (apps, unreadable),
        }
    }
    panic!("the list has no end")
}

#[tokio::test]
async fn an_app_without_a_member_it_must_have_is_corrupt() {
    let (ground, apps, good) = three().await;
    for name in [
        "kind",
        "schema",
        "tenant_id",
        "code_name",
        "version",
        "client_version",
        "profile",
        "client",
        "status",
        "client_status",
        "created_at",
        "created_by",
        "updated_at",
    ] {
        let mut bad = good.clone();
        assert!(bad.remove(name).is_some(), "{name}");
        assert_corrupt(&ground, &apps, bad, name).await;
    }
    for (outer, inner) in [
        ("profile", "app_name"),
        ("profile", "invite_member_email_expiration_minutes"),
        ("client", "name"),
        ("status", "active"),
        ("client_status", "active"),
    ] {
        let mut bad = good.clone();
        map(&mut bad, outer, |inside| {
            assert!(inside.remove(inner).is_some());
        });
        assert_corrupt(&ground, &apps, bad, inner).await;
    }
    ground.put(good).await;
    assert_eq!(list(&ground, "acme", 2).await, (apps.to_vec(), 0));
}

#[tokio::test]
async fn an_app_with_a_member_of_another_type_is_corrupt() {
    let (ground, apps, good) = three().await;
    let blob = || AttributeValue::B(Blob::new(b"bytes"));
    for name in good.keys().filter(|name| {
        !["pk", "sk", "listed_in", "secrets", "secrets_rev", "clients"].contains(&&***name)
    }) {
        let others = [s("text"), n("7"), blob(), AttributeValue::L(vec![n("1")])];
        for other in others {
            let same = std::mem::discriminant(&other) == std::mem::discriminant(&good[name]);
            // Free-form, set by an operator.
            if same || name == "operator_settings" {
                continue;
            }
            let what = format!("{name} as {other:?}");
            let mut bad = good.clone();
            bad.insert(name.clone(), other);
            assert_corrupt(&ground, &apps, bad, &what).await;
        }
    }
}

#[tokio::test]
async fn a_number_as_text_is_corrupt_and_so_is_one_out_of_range() {
    let (ground, apps, good) = three().await;
    for name in [
        "version",
        "client_version",
        "schema",
        "created_at",
        "updated_at",
    ] {
        for bad_number in [
            s("1"),
            n("1.5"),
            n("1e100"),
            n("-99999999999999999999"),
            AttributeValue::Null(true),
        ] {
            let what = format!("{name} as {bad_number:?}");
            let mut bad = good.clone();
            bad.insert(name.to_owned(), bad_number);
            assert_corrupt(&ground, &apps, bad, &what).await;
        }
    }
    for name in ["version", "client_version"] {
        for number in ["0", "-1", "9223372036854775808"] {
            let mut bad = good.clone();
            bad.insert(name.to_owned(), n(number));
            assert_corrupt(&ground, &apps, bad, number).await;
        }
    }
}

#[tokio::test]
async fn an_app_of_a_newer_schema_is_corrupt() {
    let (ground, apps, good) = three().await;
    for schema in ["2", "4294967296", "-1"] {
        let mut bad = good.clone();
        bad.insert("schema".into(), n(schema));
        assert_corrupt(&ground, &apps, bad, schema).await;
    }
}

#[tokio::test]
async fn no_item_of_another_kind_is_taken_for_an_app() {
    let (ground, apps, good) = three().await;
    for kind in [
        "code_name",
        "tenant",
        "client",
        "signing_key",
        "App",
        "app ",
        "unheard",
    ] {
        let mut bad = good.clone();
        bad.insert("kind".into(), s(kind));
        assert_corrupt(&ground, &apps, bad, kind).await;
    }
}

#[tokio::test]
async fn a_value_that_no_request_could_bring_is_corrupt() {
    let (ground, apps, good) = three().await;
    let list = |text: &str| AttributeValue::L(vec![s(text)]);
    for (outer, inner, value) in [
        ("client", "redirect_uris", list("javascript:alert(1)")),
        (
            "client",
            "post_logout_redirect_uris",
            list("data:text/html,x"),
        ),
        ("client", "logout_uri", s("not a uri")),
        ("client", "grant_types", list("all")),
        ("client", "scopes", list("two words")),
        ("client", "token_endpoint_auth_method", s("tls_client_auth")),
        ("client", "jwks", AttributeValue::M(Item::new())),
        ("client", "name", s("")),
        ("profile", "logo", s("file:///etc/passwd")),
        ("profile", "app_name", s(&"x".repeat(101))),
        ("profile", "invite_member_email_expiration_minutes", n("-1")),
        ("status", "active", s("true")),
    ] {
        let what = format!("{inner} {value:?}");
        let mut bad = good.clone();
        map(&mut bad, outer, |inside| {
            drop(inside.insert(inner.into(), value));
        });
        assert_corrupt(&ground, &apps, bad, &what[..what.len().min(60)]).await;
    }
    for (name, value) in [
        ("tenant_id", "a#b"),
        ("code_name", "a-b"),
        ("tenant_id", ""),
    ] {
        let mut bad = good.clone();
        bad.insert(name.into(), s(value));
        assert_corrupt(&ground, &apps, bad, value).await;
    }
}

#[tokio::test]
async fn items_of_400_kilobytes_spoil_no_list() {
    let (ground, apps, good) = three().await;
    let mut bad = good.clone();
    map(&mut bad, "profile", |p| {
        drop(p.insert("app_description".into(), s(&"x".repeat(390_000))));
    });
    assert_corrupt(&ground, &apps, bad, "a description too long").await;

    // One that only is large is read and listed, with as many as a megabyte holds.
    let big = |name: &str| {
        let mut big = good.clone();
        big.insert(name.to_owned(), s(&"x".repeat(390_000)));
        big
    };
    ground.put(big("unheard_of")).await;
    let app = &apps[1];
    let found = ground.table.app(&app.tenant_id, &app.app_id).await.unwrap();
    assert_eq!(found.as_ref(), Some(app));
    assert_eq!(list(&ground, "acme", 100).await, (apps.to_vec(), 0));
    for at in 0..5 {
        let mut item = big("login_preferences");
        let key = keys::app(&with_id(crate::apps::next_id(), "acme", "x").app_id);
        item.insert("pk".into(), s(&key.pk));
        if at % 2 == 0 {
            item.insert("kind".into(), s("unheard"));
        }
        ground.put(item).await;
    }
    ground.settle().await;
    for limit in [1, 2, 100] {
        let (listed, unreadable) = list(&ground, "acme", limit).await;
        assert_eq!((listed.len(), unreadable), (5, 3));
    }
}

#[tokio::test]
async fn a_list_takes_no_app_of_another_tenant_whatever_the_index_says() {
    let (ground, apps, good) = three().await;
    let mut bad = good.clone();
    bad.insert("tenant_id".into(), s("other"));
    ground.put(bad).await;
    ground.settle().await;
    assert_left_out(&ground, &apps, "tenant_id of another tenant").await;
    let found = ground.table.app(&apps[1].tenant_id, &apps[1].app_id).await;
    assert_eq!(found.unwrap(), None);
}

#[tokio::test]
async fn an_item_under_a_strange_key_ends_no_list() {
    let (ground, apps, good) = three().await;
    let pk = |app: &App| keys::app(&app.app_id).pk;
    ground.delete(&keys::app(&apps[1].app_id)).await;
    let upper = pk(&apps[1]).to_uppercase();
    // Before, between and after the others; another item of a partition; an item taken for the app.
    for (key, sort) in [
        ("!".to_owned(), "APP"),
        ("APP#".to_owned(), "APP"),
        (format!("{}x", pk(&apps[0])), "APP"),
        (upper, "APP"),
        ("CODE#acme#one".to_owned(), "APP"),
        (pk(&apps[0]), "CLIENT#1"),
        (pk(&apps[2]), "ZZZ"),
    ] {
        let mut bad = good.clone();
        bad.extend([("pk".into(), s(&key)), ("sk".into(), s(sort))]);
        ground.put(bad).await;
        ground.settle().await;
        assert_left_out(&ground, &apps, &format!("{key}/{sort}")).await;
        ground
            .delete(&keys::Key {
                pk: key,
                sk: sort.into(),
            })
            .await;
    }
}

#[tokio::test]
async fn a_corrupt_guard_or_tenant_is_neither_absent_nor_another_thing() {
    let ground = Ground::new().await;
    let app = app("acme", "management");
    let (_, secret) = secret_of(&app);
    ground.table.create_tenant(&app, &secret).await.unwrap();
    let acme: TenantId = tenant("acme");
    for key in [
        keys::code_name_guard(&acme, &app.code_name),
        keys::tenant(&acme),
    ] {
        let good = ground.at_key(&key).await.unwrap();
        let id = if good.contains_key("app_id") {
            "app_id"
        } else {
            "management_app_id"
        };
        let with = |name: &str, value| {
            let mut bad = good.clone();
            bad.insert(name.to_owned(), value);
            bad
        };
        let without = |name: &str| {
            let mut bad = good.clone();
            bad.remove(name);
            bad
        };
        let upper = app.app_id.to_string().to_uppercase();
        for bad in [
            with("kind", s("app")),
            with("kind", n("1")),
            without("kind"),
            with("schema", n("2")),
            with("schema", s("1")),
            without("schema"),
            with(id, n("1")),
            with(id, s("")),
            with(id, s("x")),
            with(id, s(&upper)),
            without(id),
        ] {
            let what = format!("{bad:?}");
            ground.put(bad).await;
            let failed = if id == "app_id" {
                ground
                    .table
                    .app_id_of(&acme, &app.code_name)
                    .await
                    .map(drop)
            } else {
                ground.table.tenant(&acme).await.map(drop)
            };
            match failed {
                Err(TableError::Corrupt { key: named, .. }) => {
                    assert_eq!(named, format!("{}/{}", key.pk, key.sk));
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}
