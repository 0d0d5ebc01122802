//! `sweep` on the embedded engine.

use std::time::Duration;

use testkit::{Failure, Intercept, Registered, TestApp, json};

use super::{Scheduled, Swept, handle};

async fn sweep(app: &TestApp) -> Swept {
    handle(app.registry.clone(), Scheduled::default())
        .await
        .unwrap()
}

const fn swept(finished: u32, unfinished: u32) -> Swept {
    Swept {
        finished,
        unfinished,
    }
}

/// An app deleted a while ago, with so many further clients, none of them swept.
async fn deleted(app: &TestApp, name: &str, clients: usize) -> Registered {
    let made = app.register(name, |_| ()).await;
    for n in 0..clients {
        app.register_client(&made.app, &format!("Client {n}"), |_| ())
            .await;
    }
    let (table, now) = (&app.registry.table, app.registry.now());
    table.delete_app(&made.app, now).await.unwrap();
    app.clock.advance(60);
    app.recorder.take();
    made
}

fn tombstones(names: &[&str]) -> Vec<(String, String)> {
    let key = |name: &&str| (format!("CODE#default#{name}"), "GUARD".into());
    names.iter().map(key).collect()
}

#[tokio::test]
async fn nothing_to_do_is_one_query() {
    let app = TestApp::new().await;
    app.register("My app", |_| ()).await;
    let keys = app.keys();
    assert_eq!(sweep(&app).await, swept(0, 0));
    assert_eq!(app.recorder.summary().operations, ["Query"]);
    assert_eq!(app.keys(), keys);
}

#[tokio::test]
async fn sixty_clients_are_swept_and_nothing_is_left_but_the_tombstone() {
    let app = TestApp::new().await;
    deleted(&app, "My app", 60).await;
    // The app, its code name, its clients, its place in the work list.
    assert_eq!(app.keys().len(), 63);
    assert_eq!(sweep(&app).await, swept(1, 0));
    assert_eq!(app.keys(), tombstones(&["myapp"]));
    let cost = app.recorder.summary();
    let batches = cost.operations.iter().filter(|o| *o == "BatchWriteItem");
    assert_eq!(batches.count(), 3, "25 at a time");
    assert_eq!(sweep(&app).await, swept(0, 0));
}

#[tokio::test]
async fn a_sweep_that_stopped_midway_goes_on_where_it_stopped() {
    let app = TestApp::new().await;
    let made = deleted(&app, "My app", 60).await;
    let table = &app.registry.table;
    // Without any time left, a batch at a time.
    for left in [35, 10, 0] {
        assert!(
            !table
                .sweep_app(&made.app.app_id, app.registry.now(), Duration::ZERO)
                .await
                .unwrap()
        );
        assert_eq!(app.keys().len(), left + 3);
    }
    app.recorder.take();
    assert_eq!(sweep(&app).await, swept(1, 0));
    assert_eq!(app.keys(), tombstones(&["myapp"]));
}

#[tokio::test]
async fn a_fault_at_any_point_leaves_work_that_the_next_run_does() {
    let app = TestApp::new().await;
    let whole = deleted(&app, "Whole", 30).await;
    let table = &app.registry.table;
    table
        .sweep_app(&whole.app.app_id, app.registry.now(), Duration::MAX)
        .await
        .unwrap();
    let calls = app.recorder.take();
    let steps: Vec<_> = calls.iter().map(|call| call.operation.clone()).collect();
    assert_eq!(
        steps,
        [
            "Query",
            "BatchWriteItem",
            "Query",
            "BatchWriteItem",
            "Query",
            "TransactWriteItems"
        ]
    );
    for (at, operation) in steps.iter().enumerate() {
        for fate in [
            Intercept::Fail(Failure::Other),
            Intercept::ExecuteThenFail(Failure::Other),
        ] {
            let name = format!("App {at} {fate:?}").replace(|c: char| !c.is_alphanumeric(), "");
            deleted(&app, &name, 30).await;
            // The handler's own query of the work list comes before the first of the sweep.
            let before = steps[..at].iter().filter(|step| *step == operation).count()
                + usize::from(operation == "Query");
            let fates = std::iter::repeat_n(Intercept::Pass, before).chain([fate.clone()]);
            app.recorder.script(operation, fates);
            // A last transaction whose answer alone is lost has done its work.
            let first = sweep(&app).await;
            assert_eq!(first, swept(0, 1), "{operation} {fate:?}");
            let gone = operation == "TransactWriteItems" && fate != Intercept::Fail(Failure::Other);
            let second = sweep(&app).await;
            assert_eq!(second, if gone { swept(0, 0) } else { swept(1, 0) });
            let left = app.keys();
            assert!(
                left.iter().all(|(pk, _)| pk.starts_with("CODE#")),
                "{left:?}"
            );
        }
    }
}

#[tokio::test]
async fn items_that_a_batch_left_unprocessed_are_found_again() {
    let app = TestApp::new().await;
    deleted(&app, "My app", 30).await;
    let none = json!({"UnprocessedItems": {}});
    let throttled = Intercept::Answer {
        status: 200,
        body: none,
    };
    app.recorder.script("BatchWriteItem", [throttled]);
    assert_eq!(sweep(&app).await, swept(1, 0));
    assert_eq!(app.keys(), tombstones(&["myapp"]));
}

#[tokio::test]
async fn many_apps_are_swept_in_one_run_and_living_ones_left_alone() {
    let app = TestApp::new().await;
    let alive = app.register("Alive", |_| ()).await;
    app.register_client(&alive.app, "Backend", |_| ()).await;
    let before = app.keys();
    for n in 0..20 {
        deleted(&app, &format!("Dead {n}"), 2).await;
    }
    assert_eq!(sweep(&app).await, swept(20, 0));
    let after = app.keys();
    let left = after
        .into_iter()
        .filter(|(pk, _)| !pk.starts_with("CODE#default#dead"));
    assert_eq!(left.collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn work_that_can_not_be_read_does_not_stop_the_rest() {
    let app = TestApp::new().await;
    for (sk, kind) in [
        ("APP#00000000-0000-0000-0000-000000000001", "client"),
        ("APP#nonsense", "sweep"),
    ] {
        app.put_raw(&json!({
            "pk": {"S": "SWEEP"}, "sk": {"S": sk}, "kind": {"S": kind},
            "schema": {"N": "1"}, "deleted_at": {"N": "1"},
        }));
    }
    deleted(&app, "My app", 1).await;
    assert_eq!(sweep(&app).await.finished, 1);
    let left = app.keys();
    assert!(
        left.iter().all(|(pk, _)| !pk.starts_with("APP#")),
        "{left:?}"
    );
}

#[tokio::test]
async fn an_app_that_stands_in_the_work_list_but_is_not_deleted_is_left_alone() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    app.put_raw(&json!({
        "pk": {"S": "SWEEP"}, "sk": {"S": format!("APP#{}", made.id())}, "kind": {"S": "sweep"},
        "schema": {"N": "1"}, "deleted_at": {"N": "1"},
    }));
    assert_eq!(sweep(&app).await, swept(0, 1));
    assert_eq!(app.stored(&made.app).await.unwrap(), made.app);
    assert_eq!(
        app.stored_client(further.id()).await.unwrap(),
        further.client
    );
}

#[tokio::test]
async fn any_amount_of_work_that_can_not_be_read_does_not_stop_the_rest() {
    let app = TestApp::new().await;
    for n in 0..250 {
        app.put_raw(&json!({
            "pk": {"S": "SWEEP"}, "sk": {"S": format!("APP#00000000-0000-0000-0000-{n:012}")},
            "kind": {"S": "sweep"}, "schema": {"N": "2"}, "deleted_at": {"N": "1"},
        }));
    }
    deleted(&app, "My app", 1).await;
    assert_eq!(sweep(&app).await, swept(1, 0));
}

/// Who made it had read the app before the deletion, and wrote after the sweep.
#[tokio::test]
async fn a_client_that_came_after_the_first_sweep_goes_with_the_last() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    app.register_client(&made.app, "Late", |_| ()).await;
    let is_client = |item: &testkit::Value| item["kind"]["S"] == "client";
    let late = app.items().into_iter().find(is_client).unwrap();
    let (table, now) = (&app.registry.table, app.registry.now());
    table.delete_app(&made.app, now).await.unwrap();
    for left in [59, 1] {
        assert_eq!(sweep(&app).await, swept(0, 1), "it lingers");
        // As a function of an older version puts it, which does not look at the app.
        app.put_raw(&late);
        app.clock.advance(left);
    }
    assert_eq!(sweep(&app).await, swept(1, 0));
    assert_eq!(app.keys(), tombstones(&["myapp"]));
}
