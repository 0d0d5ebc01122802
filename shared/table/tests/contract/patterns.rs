//! Each access pattern: what comes back, in how many round trips, for how many units.

use domain::{ClientId, CodeName, StoredSecret};
use table::{AppFilter, CreateAppError, PageRequest, Tenant, keys};

use crate::apps::{app, code, full, pepper, secret_of, tenant};
use crate::ground::{Ground, Item, NO_WRITE, Write, item_size};

const GET: [&str; 1] = ["GetItem"];
const TRANSACT: [&str; 1] = ["TransactWriteItems"];

/// Two items of up to 1 KB in a transaction, 2 units each; one index entry, which costs what it
/// costs outside a transaction.
const CREATE: Write = Write {
    table: 4.0,
    index: 2.0,
};

pub(crate) fn page_of(tenant_id: &str, limit: u32) -> PageRequest {
    PageRequest {
        tenant_id: tenant(tenant_id),
        after: None,
        limit,
        filter: AppFilter::default(),
        descending: false,
    }
}

/// What tells two stored secrets apart, which have no `==`.
fn told(secret: &StoredSecret) -> impl PartialEq + std::fmt::Debug + use<> {
    let digest = &secret.digest;
    let (bytes, pepper) = (digest.to_bytes(), digest.pepper_version());
    (
        secret.id.clone(),
        bytes,
        pepper,
        secret.created_at,
        secret.expires_at,
    )
}

/// The size of an app's entry in the listing index, of which it is everything but the secrets.
fn entry_size(mut stored: Item) -> usize {
    stored.remove("secrets");
    stored.remove("clients");
    item_size(&stored)
}

/// What a query of an index costs that reads entries of these sizes: half a unit for 4 KB of them.
#[expect(clippy::cast_precision_loss, reason = "a few units")]
fn units(sizes: &[usize]) -> f64 {
    sizes.iter().sum::<usize>().div_ceil(4096) as f64 / 2.0
}

#[tokio::test]
async fn creating_an_app_is_one_transaction_of_six_units() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    let (_, stored) = secret_of(&app);
    ground
        .table
        .create_app(&app, Some(&stored), None)
        .await
        .unwrap();
    let calls = ground.calls();
    assert!(calls.len() <= 1);
    for call in &calls {
        assert_eq!(call.actions, ["PutItem", "PutItem"]);
        assert_eq!((call.capacity.table, call.capacity.indexes), (4.0, 2.0));
    }
    assert_eq!(ground.items().await.len(), 2);
    ground.assert_whole().await;
}

#[tokio::test]
async fn the_app_of_the_readme_fits_one_write_unit() {
    let ground = Ground::new().await;
    let app = app("default", "myapp");
    let (_, stored) = secret_of(&app);
    ground
        .table
        .create_app(&app, Some(&stored), None)
        .await
        .unwrap();
    ground.assert_cost(&TRANSACT, 0.0, CREATE);
    let stored = ground.stored(&app).await;
    // Of 1024. The index's entry is the same without the secret.
    assert_eq!((item_size(&stored), entry_size(stored)), (727, 629));
    let guard = keys::code_name_guard(&app.tenant_id, &app.code_name);
    let guard = ground.at_key(&guard).await.unwrap();
    assert_eq!(item_size(&guard), 90);
}

#[tokio::test]
async fn a_public_client_has_an_app_without_secrets() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    ground.table.create_app(&app, None, None).await.unwrap();
    ground.assert_cost(&TRANSACT, 0.0, CREATE);
    let id = &app.default_client.client_id;
    let found = ground.table.credentials(id).await.unwrap().unwrap();
    assert!(found.secrets.is_empty());
    assert_eq!(found.principal.app, app);
}

#[tokio::test]
async fn an_app_with_every_member_comes_back_equal_by_every_way() {
    let ground = Ground::new().await;
    let app = full("acme", "myapp");
    let (secret, mut stored) = secret_of(&app);
    stored.expires_at = Some(stored.created_at.plus(60));
    ground
        .table
        .create_app(&app, Some(&stored), None)
        .await
        .unwrap();
    ground.settle().await;

    let by_id = ground.table.app(&app.tenant_id, &app.app_id).await;
    assert_eq!(by_id.unwrap().as_ref(), Some(&app));
    let client_id = &app.default_client.client_id;
    let principal = ground.table.principal(client_id).await.unwrap().unwrap();
    assert_eq!(
        (&principal.app, &principal.client),
        (&app, &app.default_client)
    );
    assert!(!principal.is_active());
    let found = ground.table.credentials(client_id).await.unwrap().unwrap();
    assert_eq!(found.principal.app, app);
    let [kept] = &found.secrets[..] else {
        panic!("{:?}", found.secrets)
    };
    assert_eq!(told(kept), told(&stored));
    assert!(pepper().verify(&secret, client_id, &kept.digest));
    let page = ground.table.apps_page(&page_of("acme", 1)).await.unwrap();
    assert_eq!(
        (page.apps, page.next, page.unreadable),
        (vec![app], None, 0)
    );
}

#[tokio::test]
async fn an_app_by_id_is_one_consistent_read_of_one_unit() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    ground.table.create_app(&app, None, None).await.unwrap();
    ground.calls();
    let found = ground.table.app(&app.tenant_id, &app.app_id).await;
    assert_eq!(found.unwrap(), Some(app));
    let calls = ground.calls();
    assert!(calls.iter().all(|c| c.consistent && c.index.is_none()));
    let read: Vec<_> = calls
        .iter()
        .map(|c| (&*c.operation, c.capacity.total))
        .collect();
    assert!(read.is_empty() || read == [("GetItem", 1.0)], "{read:?}");
}

#[tokio::test]
async fn an_app_that_is_not_there_costs_one_read() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    let found = ground.table.app(&app.tenant_id, &app.app_id).await;
    assert_eq!(found.unwrap(), None);
    ground.assert_cost(&GET, 1.0, NO_WRITE);
}

#[tokio::test]
async fn a_code_name_leads_to_its_app_by_one_read_more() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp_x1");
    ground.table.create_app(&app, None, None).await.unwrap();
    ground.calls();
    let found = ground.table.app_id_of(&app.tenant_id, &app.code_name).await;
    let id = found.unwrap().unwrap();
    assert_eq!(id, app.app_id);
    let found = ground.table.app(&app.tenant_id, &id).await.unwrap();
    assert_eq!(found, Some(app));
    ground.assert_cost(&[GET, GET].concat(), 2.0, NO_WRITE);
    let none = ground
        .table
        .app_id_of(&tenant("acme"), &code("myapp"))
        .await;
    assert_eq!(none.unwrap(), None);
    let calls = ground.calls();
    assert!(calls.iter().all(|c| c.consistent));
}

#[tokio::test]
async fn a_page_of_apps_is_one_query_of_the_index() {
    let ground = Ground::new().await;
    let mut made = Vec::new();
    for at in 0..51 {
        let app = app("acme", &format!("app{at}"));
        let (_, stored) = secret_of(&app);
        ground
            .table
            .create_app(&app, Some(&stored), None)
            .await
            .unwrap();
        made.push(app);
    }
    ground.settle().await;
    ground.calls();
    let mut listed = Vec::new();
    for app in &made {
        listed.push(entry_size(ground.stored(app).await));
    }

    let page = ground.table.apps_page(&page_of("acme", 50)).await.unwrap();
    assert_eq!(page.apps, made[..50]);
    assert_eq!(page.next, Some(made[49].app_id));
    let calls = ground.calls();
    assert!(calls.len() <= 1);
    for call in &calls {
        assert_eq!(call.operation, "Query");
        assert_eq!(call.index.as_deref(), Some(keys::LISTING));
        // Half a unit for 4 KB of what the index holds, of the 51 entries together.
        assert_eq!(
            (call.capacity.indexes, call.capacity.total, units(&listed)),
            (4.0, 4.0, 4.0)
        );
        let shown = call.response.to_string();
        assert!(!shown.contains("secrets") && !shown.contains("digest"));
    }

    let last = PageRequest {
        after: page.next,
        ..page_of("acme", 50)
    };
    let page = ground.table.apps_page(&last).await.unwrap();
    assert_eq!((page.apps, page.next), (made[50..].to_vec(), None));
    ground.assert_cost(&["Query"], 0.5, NO_WRITE);
}

#[tokio::test]
async fn a_client_and_its_app_are_one_read_of_one_unit() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    let (_, stored) = secret_of(&app);
    ground
        .table
        .create_app(&app, Some(&stored), None)
        .await
        .unwrap();
    ground.calls();
    let id = &app.default_client.client_id;

    let found = ground.table.credentials(id).await.unwrap().unwrap();
    assert_eq!(found.principal.client, app.default_client);
    assert_eq!(found.secrets.len(), 1);
    let calls = ground.calls();
    assert!(calls.iter().all(|c| c.consistent));
    ground.table.credentials(id).await.unwrap().unwrap();
    ground.assert_cost(&GET, 1.0, NO_WRITE);

    let found = ground.table.principal(id).await.unwrap().unwrap();
    assert!(found.is_active());
    let calls = ground.calls();
    // A caller that has shown a token is not compared with digests, so none are read.
    assert!(
        calls
            .iter()
            .all(|c| !c.response.to_string().contains("digest"))
    );
    assert!(
        calls
            .iter()
            .all(|c| c.consistent && c.operation == "GetItem")
    );
}

#[tokio::test]
async fn a_client_id_that_nobody_can_have_costs_no_read() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    ground.table.create_app(&app, None, None).await.unwrap();
    ground.calls();
    let of_app = app.app_id.simple();
    for id in [
        format!("{of_app}.1"),
        of_app.to_uppercase() + ".0",
        "no-such".into(),
    ] {
        let id = ClientId::parse(&id).unwrap();
        assert!(
            ground.table.credentials(&id).await.unwrap().is_none(),
            "{id}"
        );
        assert!(ground.table.principal(&id).await.unwrap().is_none(), "{id}");
    }
    ground.assert_cost(&[], 0.0, NO_WRITE);
    // One that could be a chosen id is looked up like one that somebody has.
    let id = ClientId::parse(&of_app).unwrap();
    assert!(ground.table.principal(&id).await.unwrap().is_none());
    ground.assert_cost(&["GetItem", "GetItem"], 2.0, NO_WRITE);
}

#[tokio::test]
async fn a_taken_code_name_is_learnt_in_one_round_trip_and_another_one_makes_two() {
    let ground = Ground::new().await;
    ground
        .table
        .create_app(&app("acme", "myapp"), None, None)
        .await
        .unwrap();
    ground.calls();
    let mut second = app("acme", "myapp");
    let refused = ground.table.create_app(&second, None, None).await;
    assert_eq!(refused, Err(CreateAppError::CodeNameTaken));
    second.code_name = CodeName::with_postfix(Some(&second.code_name), 5);
    ground.table.create_app(&second, None, None).await.unwrap();
    ground.assert_cost(&[TRANSACT, TRANSACT].concat(), 0.0, CREATE);
    ground.assert_whole().await;
}

#[tokio::test]
async fn a_tenant_is_made_with_its_app_in_one_transaction() {
    let ground = Ground::new().await;
    let app = app("acme", "management");
    let (_, stored) = secret_of(&app);
    ground.table.create_tenant(&app, &stored).await.unwrap();
    let write = Write {
        table: 6.0,
        index: 2.0,
    };
    ground.assert_cost(&TRANSACT, 0.0, write);
    let made = Tenant {
        tenant_id: app.tenant_id.clone(),
        management_app_id: app.app_id,
        created_at: app.created_at,
    };
    assert_eq!(
        ground.table.tenant(&app.tenant_id).await.unwrap(),
        Some(made)
    );
    ground.assert_cost(&GET, 1.0, NO_WRITE);
    assert_eq!(ground.table.tenant(&tenant("other")).await.unwrap(), None);
    ground.assert_whole().await;
}

#[tokio::test]
async fn a_fresh_secret_ends_the_old_ones_in_one_write() {
    let ground = Ground::new().await;
    let app = app("acme", "management");
    let (_, first) = secret_of(&app);
    ground.table.create_tenant(&app, &first).await.unwrap();
    let (_, second) = secret_of(&app);
    ground.calls();
    assert!(
        ground
            .table
            .reset_secrets(&app.app_id, &second)
            .await
            .unwrap()
    );
    // The index holds no secrets, so it has nothing to write.
    let write = Write {
        table: 1.0,
        index: 0.0,
    };
    ground.assert_cost(&["UpdateItem"], 0.0, write);
    let id = &app.default_client.client_id;
    let found = ground.table.credentials(id).await.unwrap().unwrap();
    let [kept] = &found.secrets[..] else {
        panic!("{:?}", found.secrets)
    };
    assert_eq!(told(kept), told(&second));
    assert_eq!(found.principal.app, app);
}
