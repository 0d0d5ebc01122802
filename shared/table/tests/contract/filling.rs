//! Filtered pages: filled with what fits, however far behind it lies, within a bound of reads.

use domain::{App, Name, app::folded_text};
use table::{AppFilter, PageRequest};

use crate::apps::{id_at, with_id};
use crate::ground::Ground;
use crate::paging::{follow, seed};
use crate::patterns::page_of;

/// More apps than one page examines.
const APPS: u64 = 2100;

/// Apps of other names, and among them, each behind so many of those, needles.
async fn haystack(ground: &Ground, places: &[u64]) -> Vec<App> {
    let others = (0..APPS).map(|at| with_id(id_at(at * 2), "acme", &format!("app{at}")));
    seed(ground, others.collect()).await;
    let mut needles = Vec::new();
    for place in places {
        // Before the app of the same number, so behind as many as that number says.
        let mut needle = with_id(id_at(place * 2 - 1), "acme", &format!("needle{place}"));
        needle.profile.app_name = Name::parse("A Needle, found").unwrap();
        ground.table.create_app(&needle, None, None).await.unwrap();
        needles.push(needle);
    }
    ground.settle().await;
    ground.calls();
    needles
}

fn filters() -> [AppFilter; 2] {
    let prefix = AppFilter {
        name_prefix: Some("A Needle".into()),
        ..AppFilter::default()
    };
    let part = AppFilter {
        name_contains: Some(folded_text("NEEDLE,  f")),
        ..AppFilter::default()
    };
    [prefix, part]
}

fn request(filter: &AppFilter, limit: u32) -> PageRequest {
    PageRequest {
        filter: filter.clone(),
        ..page_of("acme", limit)
    }
}

/// How many apps each query since the last look examined, and what all of them cost.
fn examined(ground: &Ground) -> (Vec<u64>, f64) {
    let calls = ground.calls();
    assert!(calls.iter().all(|call| call.operation == "Query"));
    let units = calls.iter().map(|call| call.capacity.total).sum();
    let counts = calls
        .iter()
        .map(|call| call.response["ScannedCount"].as_u64().unwrap());
    (counts.collect(), units)
}

#[tokio::test]
async fn a_page_without_a_fit_ends_at_two_thousand_apps_and_says_where_to_go_on() {
    let ground = Ground::new().await;
    let needles = haystack(&ground, &[2050]).await;
    for filter in filters() {
        for (limit, queries) in [
            (1, vec![2, 8, 32, 128, 512, 1318]),
            (50, vec![51, 204, 816, 929]),
            (100, vec![101, 404, 1495]),
        ] {
            let first = ground.table.apps_page(&request(&filter, limit)).await;
            let first = first.unwrap();
            assert_eq!((first.apps, first.unreadable), (vec![], 0));
            let (found, units) = examined(&ground);
            if !found.is_empty() {
                assert_eq!(found, queries, "{filter:?} by {limit}");
                // Half a unit for each 4 KB: some 600 bytes an app.
                assert!((130.0..170.0).contains(&units), "{units}");
            }
            let rest = PageRequest {
                after: first.next,
                ..request(&filter, limit)
            };
            assert!(first.next.is_some());
            assert_eq!(follow(&ground, rest).await, needles);
            ground.calls();
        }
    }
}

#[tokio::test]
async fn a_page_is_filled_with_what_fits_however_far_apart_it_lies() {
    let ground = Ground::new().await;
    let needles = haystack(&ground, &[5, 30, 31, 900]).await;
    for filter in filters() {
        for (limit, found, queries) in [
            (1, 1, vec![2, 8]),
            (2, 2, vec![3, 12, 48]),
            (3, 3, vec![4, 16, 64]),
            // Nothing more fits: it looks as far as it may.
            (5, 4, vec![6, 24, 96, 384, 1490]),
            (50, 4, vec![51, 204, 816, 929]),
        ] {
            let page = ground.table.apps_page(&request(&filter, limit)).await;
            let page = page.unwrap();
            assert_eq!(page.apps, needles[..found], "{filter:?} by {limit}");
            assert!(page.next.is_some());
            let (read, _) = examined(&ground);
            assert!(read.is_empty() || read == queries, "{limit}: {read:?}");
        }
        for limit in [1, 2, 3, 4, 50] {
            assert_eq!(follow(&ground, request(&filter, limit)).await, needles);
        }
        ground.calls();
    }
}

#[tokio::test]
async fn a_page_that_is_full_at_once_is_one_query_as_without_a_filter() {
    let ground = Ground::new().await;
    haystack(&ground, &[]).await;
    let on = AppFilter {
        active: Some(true),
        ..AppFilter::default()
    };
    for limit in [1, 50, 100] {
        for filter in [&on, &AppFilter::default()] {
            let page = ground.table.apps_page(&request(filter, limit)).await;
            assert_eq!(page.unwrap().apps.len(), usize::try_from(limit).unwrap());
            let (read, _) = examined(&ground);
            assert!(read.is_empty() || read == [u64::from(limit) + 1]);
        }
    }
}
