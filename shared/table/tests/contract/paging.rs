//! Lists: every app once, in the order of creation, whatever the page length.

use std::hash::{BuildHasher, RandomState};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use domain::{App, AppId};
use futures_util::stream::{self, StreamExt};
use table::{AppFilter, PageRequest};

use crate::apps::{app, id_at, with_id};
use crate::ground::{Ground, s};
use crate::patterns::page_of;

/// How many apps the long list has. `ROSTER_TEST_APPS=10000` takes the better part of a minute.
const MANY: u64 = 1_000;

/// Follows the list to its end. No page is longer than asked; unless filtered, none is empty.
pub(crate) async fn follow(ground: &Ground, first: PageRequest) -> Vec<App> {
    let mut request = first;
    let mut listed = Vec::new();
    loop {
        let page = ground.table.apps_page(&request).await.unwrap();
        assert_eq!(page.unreadable, 0);
        assert!(page.apps.len() <= usize::try_from(request.limit).unwrap());
        let unfiltered = request.filter == AppFilter::default();
        assert!(
            !unfiltered || !page.apps.is_empty() || listed.is_empty(),
            "an empty page"
        );
        listed.extend(page.apps);
        match page.next {
            Some(next) => request.after = Some(next),
            None => return listed,
        }
    }
}

pub(crate) async fn all_pages(ground: &Ground, tenant_id: &str, limit: u32) -> Vec<App> {
    follow(ground, page_of(tenant_id, limit)).await
}

/// Registers apps, many at once and out of order.
async fn register(ground: &Ground, apps: Vec<App>) {
    let creates = apps.into_iter().rev().map(|app| {
        let table = ground.table.clone();
        async move { table.create_app(&app, None, None).await }
    });
    let mut creates = stream::iter(creates).buffer_unordered(64);
    while let Some(outcome) = creates.next().await {
        outcome.unwrap();
    }
    ground.settle().await;
}

/// The items of these apps, copied from one that was registered: 25 a request, in no order.
pub(crate) async fn seed(ground: &Ground, apps: Vec<App>) {
    let first = app("seed", "seed");
    ground.table.create_app(&first, None, None).await.unwrap();
    let template = ground.stored(&first).await;
    let mut puts: Vec<_> = apps
        .iter()
        .map(|app| {
            let (key, owner) = (table::keys::app(&app.app_id), app.tenant_id.as_str());
            let mut item = template.clone();
            for (name, value) in [("pk", &*key.pk), ("tenant_id", owner), ("listed_in", owner)] {
                item.insert(name.into(), s(value));
            }
            if let Some(AttributeValue::M(map)) = item.get_mut("app") {
                map.insert("code_name".into(), s(app.code_name.as_str()));
            }
            let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        })
        .collect();
    let random = RandomState::new();
    puts.sort_by_cached_key(|put| random.hash_one(format!("{put:?}")));
    for some in puts.chunks(25) {
        let batch = ground
            .raw
            .batch_write_item()
            .request_items(&ground.name, some.to_vec());
        let left = batch.send().await.unwrap().unprocessed_items;
        assert!(left.is_none_or(|left| left.is_empty()));
    }
    ground.settle().await;
}

fn ids(apps: &[App]) -> Vec<AppId> {
    apps.iter().map(|a| a.app_id).collect()
}

#[tokio::test]
async fn a_long_list_pages_through_every_app_once_in_the_order_of_creation() {
    let ground = Ground::new().await;
    let asked = std::env::var("ROSTER_TEST_APPS").ok();
    let many = asked.map_or(MANY, |text| text.parse().unwrap());
    let made: Vec<_> = (0..many)
        .map(|at| with_id(id_at(at * 2), "acme", &format!("app{at}")))
        .collect();
    // Other tenants' apps lie between them in time.
    let others = (0..many / 100).map(|at| {
        let tenant_id = if at % 2 == 0 { "acmf" } else { "acm" };
        with_id(id_at(at * 200 + 1), tenant_id, &format!("app{at}"))
    });
    let wanted = ids(&made);
    seed(&ground, made.iter().cloned().chain(others).collect()).await;
    ground.calls();

    for limit in [1, 7, 100] {
        let listed = all_pages(&ground, "acme", limit).await;
        assert!(listed.iter().all(|a| a.tenant_id.as_str() == "acme"));
        assert_eq!(ids(&listed), wanted, "limit {limit}");
        assert_eq!(listed, made);
        let calls = ground.calls();
        let pages = many.div_ceil(limit.into());
        assert!(
            calls.is_empty() || calls.len() as u64 == pages,
            "no page too many"
        );
        assert!(
            calls
                .iter()
                .all(|c| c.operation == "Query" && c.index.is_some())
        );
    }
}

#[tokio::test]
async fn a_list_ends_without_an_empty_page() {
    let ground = Ground::new().await;
    assert_eq!(all_pages(&ground, "acme", 3).await, []);
    let made: Vec<_> = (0..7).map(|at| app("acme", &format!("app{at}"))).collect();
    for count in 1..=made.len() {
        ground
            .table
            .create_app(&made[count - 1], None, None)
            .await
            .unwrap();
        ground.settle().await;
        for limit in 1..=8 {
            ground.calls();
            let listed = all_pages(&ground, "acme", limit).await;
            assert_eq!(listed, made[..count], "{count} by {limit}");
            let calls = ground.calls();
            let pages = count.div_ceil(usize::try_from(limit).unwrap());
            assert!(
                calls.is_empty() || calls.len() == pages,
                "{count} by {limit}"
            );
        }
    }
}

#[tokio::test]
async fn a_filtered_list_pages_to_all_its_members() {
    let ground = Ground::new().await;
    let made: Vec<_> = (0..40)
        .map(|at| {
            let mut app = app("acme", &format!("app{at}"));
            let name = if at % 3 == 0 {
                "Billing one"
            } else {
                "billing two"
            };
            app.profile.app_name = domain::Name::parse(name).unwrap();
            app.status.active = at % 10 != 0;
            app
        })
        .collect();
    register(&ground, made.clone()).await;
    let filter = |prefix: Option<&str>, active| AppFilter {
        name_prefix: prefix.map(str::to_owned),
        name_contains: None,
        active,
    };
    let cases = [
        (filter(Some("Billing"), None), 14),
        (filter(Some("billing"), None), 26),
        (filter(Some("Billing one"), Some(false)), 2),
        (filter(None, Some(false)), 4),
        (filter(None, Some(true)), 36),
        (filter(Some("Billing two"), None), 0),
        (filter(Some("\u{10ffff}"), Some(true)), 0),
    ];
    for (filter, members) in cases {
        let wanted: Vec<_> = made.iter().filter(|a| filter.admits(a)).cloned().collect();
        assert_eq!(wanted.len(), members, "{filter:?}");
        for limit in [1, 2, 7, 39, 40, 41] {
            let request = PageRequest {
                filter: filter.clone(),
                ..page_of("acme", limit)
            };
            assert_eq!(
                follow(&ground, request).await,
                wanted,
                "{filter:?} by {limit}"
            );
        }
    }
    assert!(ground.calls().iter().all(|c| c.operation != "Scan"));
}

#[tokio::test]
async fn a_page_starts_behind_an_app_that_is_gone_or_never_was() {
    let ground = Ground::new().await;
    let made: Vec<_> = (0..6)
        .map(|at| with_id(id_at(at * 10), "acme", &format!("app{at}")))
        .collect();
    register(&ground, made.clone()).await;
    ground.delete(&table::keys::app(&made[2].app_id)).await;
    ground.settle().await;
    for (after, wanted) in [
        (made[2].app_id, &made[3..]),
        (id_at(35), &made[4..]),
        (id_at(1000), &[]),
    ] {
        let request = PageRequest {
            after: Some(after),
            ..page_of("acme", 2)
        };
        assert_eq!(follow(&ground, request).await, wanted);
    }
}

#[tokio::test]
async fn a_page_that_would_pass_a_megabyte_is_short_but_nothing_is_lost() {
    let ground = Ground::new().await;
    let made: Vec<_> = (0..40)
        .map(|at| {
            let mut app = app("acme", &format!("app{at}"));
            app.login_preferences = Some(serde_json::json!("x".repeat(60_000)));
            app
        })
        .collect();
    register(&ground, made.clone()).await;
    let page = ground.table.apps_page(&page_of("acme", 100)).await.unwrap();
    assert!((1..40).contains(&page.apps.len()), "{}", page.apps.len());
    assert_eq!(page.next, page.apps.last().map(|a| a.app_id));
    for limit in [1, 16, 17, 18, 100] {
        assert_eq!(ids(&all_pages(&ground, "acme", limit).await), ids(&made));
    }
}
