//! Many writers at once: one winner, nobody hurt.

use std::collections::HashSet;

use futures_util::future::join_all;
use table::{CreateAppError, CreateTenantError};

use crate::apps::{app, secret_of, tenant};
use crate::ground::{Ground, NO_WRITE, Write};
use crate::paging::all_pages;

/// Runs every future on a task of its own.
async fn at_once<T: Send + 'static>(
    futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let done = join_all(tasks).await.into_iter();
    done.map(|outcome| outcome.expect("no panic")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_creates_of_one_code_name_one_wins() {
    let ground = Ground::new().await;
    let outcomes = at_once((0..64).map(|_| {
        let (table, app) = (ground.table.clone(), app("acme", "myapp"));
        async move {
            let (_, secret) = secret_of(&app);
            (
                app.app_id,
                table.create_app(&app, Some(&secret), None).await,
            )
        }
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(_, o)| o.is_ok());
    assert_eq!(won.len(), 1, "{won:?}");
    for (_, outcome) in lost {
        assert_eq!(outcome, Err(CreateAppError::CodeNameTaken));
    }
    assert_eq!(
        (ground.count("app").await, ground.count("code_name").await),
        (1, 1)
    );
    ground.assert_whole().await;
    let name = crate::apps::code("myapp");
    let id = ground.table.app_id_of(&tenant("acme"), &name).await;
    assert_eq!(id.unwrap(), Some(won[0].0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn creates_of_200_names_all_succeed() {
    let ground = Ground::new().await;
    let outcomes = at_once((0..200).map(|at| {
        let (table, app) = (ground.table.clone(), app("acme", &format!("app{at}")));
        async move {
            table
                .create_app(&app, None, None)
                .await
                .map(|()| app.app_id)
        }
    }))
    .await;
    let made: HashSet<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.len(), 200);
    let cost = Write {
        table: 800.0,
        index: 400.0,
    };
    ground.assert_cost(&["TransactWriteItems"; 200], 0.0, cost);
    assert_eq!(ground.items().await.len(), 400);
    ground.assert_whole().await;
    ground.settle().await;
    let listed = all_pages(&ground, "acme", 100).await;
    assert_eq!(
        listed.iter().map(|a| a.app_id).collect::<HashSet<_>>(),
        made
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_16_makers_of_one_tenant_one_wins() {
    let ground = Ground::new().await;
    let outcomes = at_once((0..16).map(|_| {
        let (table, app) = (ground.table.clone(), app("acme", "management"));
        async move {
            let (_, secret) = secret_of(&app);
            table.create_tenant(&app, &secret).await
        }
    }))
    .await;
    let lost = outcomes
        .iter()
        .filter(|o| **o == Err(CreateTenantError::Exists));
    assert_eq!(lost.count(), 15, "{outcomes:?}");
    assert_eq!(ground.items().await.len(), 3);
    ground.assert_whole().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_among_writers_see_whole_apps_or_none() {
    let ground = Ground::new().await;
    let apps: Vec<_> = (0..50).map(|at| app("acme", &format!("app{at}"))).collect();
    let writes = apps.iter().cloned().map(|app| {
        let table = ground.table.clone();
        tokio::spawn(async move { table.create_app(&app, None, None).await })
    });
    let writes: Vec<_> = writes.collect();
    let reads = at_once(apps.iter().cloned().map(|app| {
        let table = ground.table.clone();
        async move {
            let by_name = table
                .app_id_of(&app.tenant_id, &app.code_name)
                .await
                .unwrap();
            // The guard and the app are written together, so who sees the one sees the other.
            let Some(id) = by_name else { return true };
            table.app(&app.tenant_id, &id).await.unwrap() == Some(app)
        }
    }))
    .await;
    assert!(reads.iter().all(|whole| *whole));
    for write in join_all(writes).await {
        write.unwrap().unwrap();
    }
    ground.calls();
    ground.assert_cost(&[], 0.0, NO_WRITE);
    ground.assert_whole().await;
}
