//! How many clients an app may have, whoever makes them and however many at once.

use super::*;

fn limited(app: &mut TestApp, clients_per_app: u32) {
    app.registry.limits.clients_per_app = clients_per_app;
}

/// Changes an app's item as it is stored.
fn store(app: &TestApp, made: &Registered, change: impl FnOnce(&mut Value)) {
    let mut items = app.items().into_iter();
    let key = format!("APP#{}", made.id());
    let mut stored = items
        .find(|item| item["pk"]["S"] == key.as_str() && item["sk"]["S"] == "APP")
        .unwrap();
    change(&mut stored);
    app.put_raw(&stored);
}

/// An app as an earlier version stored it: its clients were not counted.
fn forget_the_count(app: &TestApp, made: &Registered) {
    store(app, made, |stored| {
        assert!(stored.as_object_mut().unwrap().remove("clients").is_some());
    });
}

#[tokio::test]
async fn one_token_can_not_make_clients_without_end() {
    let mut app = TestApp::new().await;
    limited(&mut app, 3);
    let made = app.register("My app", |_| ()).await;
    let other = app.register("Other", |_| ()).await;
    for count in 1..=5 {
        let response = post(&app, &clients_of(&made)).json(&minimal()).send().await;
        if count <= 3 {
            result(&response, 201);
        } else {
            assert_eq!(refusal(&response), (409, "too-many-clients".into()));
            assert!(response.body.contains("delete one that is no longer used"));
        }
    }
    // Each app has its own count, and a client that goes makes room.
    let response = post(&app, &clients_of(&other))
        .json(&minimal())
        .send()
        .await;
    let client = result(&response, 201)["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let stored = app
        .stored_client(&domain::ClientId::parse(&client).unwrap())
        .await;
    app.registry
        .table
        .delete_client(&stored.unwrap())
        .await
        .unwrap();
    for _ in 0..3 {
        let response = post(&app, &clients_of(&other))
            .json(&minimal())
            .send()
            .await;
        result(&response, 201);
    }
    let response = post(&app, &clients_of(&other))
        .json(&minimal())
        .send()
        .await;
    assert_eq!(refusal(&response), (409, "too-many-clients".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_300_clients_at_once_there_are_as_many_as_may_be() {
    let mut app = TestApp::new().await;
    limited(&mut app, 100);
    let made = app.register("My app", |_| ()).await;
    forget_the_count(&app, &made);
    let app = std::sync::Arc::new(app);
    let path = clients_of(&made);
    let tasks: Vec<_> = (0..300)
        .map(|_| {
            let (app, path) = (app.clone(), path.clone());
            tokio::spawn(async move { post(&app, &path).json(&minimal()).send().await.status })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            201 => made += 1,
            409 | 503 => {}
            other => panic!("{other}"),
        }
    }
    assert!(made <= 100, "{made} were made");
    let clients = app
        .items()
        .into_iter()
        .filter(|i| i["kind"]["S"] == "client");
    assert_eq!(clients.count(), made);
}

#[tokio::test]
async fn clients_of_an_app_that_never_counted_them_are_counted_once() {
    let mut app = TestApp::new().await;
    limited(&mut app, 3);
    let made = app.register("My app", |_| ()).await;
    let gone = app.register_client(&made.app, "Gone", |_| ()).await;
    app.register_client(&made.app, "There", |_| ()).await;
    forget_the_count(&app, &made);
    // To delete one needs no count.
    app.registry
        .table
        .delete_client(&gone.client)
        .await
        .unwrap();
    app.recorder.take();
    let first = "GetItem + BatchGetItem + TransactWriteItems + Query + TransactWriteItems";
    for bill in [first, "GetItem + BatchGetItem + TransactWriteItems"] {
        let response = post(&app, &clients_of(&made)).json(&minimal()).send().await;
        result(&response, 201);
        assert_eq!(app.recorder.bill().split(':').next().unwrap(), bill);
    }
    let response = post(&app, &clients_of(&made)).json(&minimal()).send().await;
    assert_eq!(refusal(&response), (409, "too-many-clients".into()));
}

#[tokio::test]
async fn an_app_that_is_deleted_meanwhile_gets_no_client() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let client = app.register_client(&made.app, "First", |_| ()).await;
    let table = &app.registry.table;
    table
        .delete_app(&made.app, app.registry.now())
        .await
        .unwrap();
    let tenant = &made.app.tenant_id;
    let late = table
        .create_client(tenant, &client.client, None, None, 9)
        .await;
    assert!(late.is_err());
    assert!(table.delete_client(&client.client).await.is_ok());
}

#[tokio::test]
async fn a_count_that_is_none_is_an_error_and_no_limit() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    store(&app, &made, |stored| {
        stored["clients"] = json!({"S": "many"});
    });
    let response = post(&app, &clients_of(&made)).json(&minimal()).send().await;
    assert_eq!(refusal(&response), (500, "internal".into()));
}
