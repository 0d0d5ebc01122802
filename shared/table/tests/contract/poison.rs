//! Items that no version of Roster wrote, or a newer one did (lessons 16 and 44): an error that names
//! the key on a read, left out and counted in a list; never a panic, never an absence.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::App;
use table::{PageRequest, TableError, keys};

use crate::apps::{app, full, secret_of, with_id};
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

/// The map at a path, the item itself at an empty one.
fn map<'a>(item: &'a mut Item, path: &str) -> &'a mut Item {
    path.split_terminator('.')
        .fold(item, |item, name| match item.get_mut(name) {
            Some(AttributeValue::M(map)) => map,
            other => panic!("{name} is {other:?}"),
        })
}

/// A path's map, and what it names in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn set(item: &mut Item, path: &str, value: AttributeValue) -> Option<AttributeValue> {
    let (outer, name) = split(path);
    map(item, outer).insert(name.to_owned(), value)
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
    for path in [
        "kind",
        "schema",
        "tenant_id",
        "app",
        "app.code_name",
        "app.version",
        "app.profile",
        "app.profile.app_name",
        "app.profile.invite_member_email_expiration_minutes",
        "app.status",
        "app.status.active",
        "app.created_at",
        "app.created_by",
        "app.updated_at",
        "client",
        "client.version",
        "client.settings",
        "client.settings.name",
        "client.status",
        "client.status.active",
        "client.updated_at",
    ] {
        let mut bad = good.clone();
        let (outer, name) = split(path);
        assert!(map(&mut bad, outer).remove(name).is_some(), "{path}");
        assert_corrupt(&ground, &apps, bad, path).await;
    }
    ground.put(good).await;
    assert_eq!(list(&ground, "acme", 2).await, (apps.to_vec(), 0));
}

#[tokio::test]
async fn an_app_with_a_member_of_another_type_is_corrupt() {
    let (ground, apps, good) = three().await;
    let blob = || AttributeValue::B(Blob::new(b"bytes"));
    let top = good.keys().filter(|name| {
        !["pk", "sk", "listed_in", "secrets", "secrets_rev", "clients"].contains(&&***name)
    });
    let mut paths: Vec<_> = top.cloned().collect();
    for outer in ["app", "client"] {
        let inner = map(&mut good.clone(), outer).clone().into_keys();
        paths.extend(inner.map(|name| format!("{outer}.{name}")));
    }
    for path in paths {
        let (outer, name) = split(&path);
        let stored = map(&mut good.clone(), outer)[name].clone();
        let others = [s("text"), n("7"), blob(), AttributeValue::L(vec![n("1")])];
        for other in others {
            let same = std::mem::discriminant(&other) == std::mem::discriminant(&stored);
            // Free-form, set by an operator.
            if same || name == "operator_settings" {
                continue;
            }
            let what = format!("{path} as {other:?}");
            let mut bad = good.clone();
            set(&mut bad, &path, other);
            assert_corrupt(&ground, &apps, bad, &what).await;
        }
    }
}

#[tokio::test]
async fn a_number_as_text_is_corrupt_and_so_is_one_out_of_range() {
    let (ground, apps, good) = three().await;
    for path in [
        "app.version",
        "client.version",
        "schema",
        "app.created_at",
        "app.updated_at",
        "client.updated_at",
    ] {
        for bad_number in [
            s("1"),
            n("1.5"),
            n("1e100"),
            n("-99999999999999999999"),
            AttributeValue::Null(true),
        ] {
            let what = format!("{path} as {bad_number:?}");
            let mut bad = good.clone();
            set(&mut bad, path, bad_number);
            assert_corrupt(&ground, &apps, bad, &what).await;
        }
    }
    for path in ["app.version", "client.version"] {
        for number in ["0", "-1", "9223372036854775808"] {
            let mut bad = good.clone();
            set(&mut bad, path, n(number));
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
    for (path, value) in [
        ("client.settings.redirect_uris", list("javascript:alert(1)")),
        (
            "client.settings.post_logout_redirect_uris",
            list("data:text/html,x"),
        ),
        ("client.settings.logout_uri", s("not a uri")),
        ("client.settings.grant_types", list("all")),
        ("client.settings.scopes", list("two words")),
        (
            "client.settings.token_endpoint_auth_method",
            s("tls_client_auth"),
        ),
        ("client.settings.jwks", AttributeValue::M(Item::new())),
        ("client.settings.name", s("")),
        ("app.profile.logo", s("file:///etc/passwd")),
        ("app.profile.app_name", s(&"x".repeat(101))),
        (
            "app.profile.invite_member_email_expiration_minutes",
            n("-1"),
        ),
        ("app.status.active", s("true")),
    ] {
        let what = format!("{path} {value:?}");
        let mut bad = good.clone();
        set(&mut bad, path, value);
        assert_corrupt(&ground, &apps, bad, &what[..what.len().min(60)]).await;
    }
    for (path, value) in [
        ("tenant_id", "a#b"),
        ("app.code_name", "a-b"),
        ("tenant_id", ""),
    ] {
        let mut bad = good.clone();
        set(&mut bad, path, s(value));
        assert_corrupt(&ground, &apps, bad, value).await;
    }
}

#[tokio::test]
async fn items_of_400_kilobytes_spoil_no_list() {
    let (ground, apps, good) = three().await;
    let mut bad = good.clone();
    let description = "app.profile.app_description";
    set(&mut bad, description, s(&"x".repeat(390_000)));
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
