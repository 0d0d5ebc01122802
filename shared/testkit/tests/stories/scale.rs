//! A page costs with many what it costs with few. Run by hand:
//! `cargo test -p testkit --test stories -- --ignored --nocapture scale`.

use std::time::{Duration, Instant};

use testkit::Registered;

use super::*;

const FEW: usize = 100;
const PAGES: usize = 20;

/// What one page costs, and the fastest of several tries.
async fn page(app: &TestApp, path: &str) -> (String, Duration, Option<String>) {
    let mut fastest = Duration::MAX;
    let (mut bill, mut next) = (String::new(), None);
    for _ in 0..PAGES {
        app.recorder.take();
        let started = Instant::now();
        let response = call(app, "GET", path).send().await;
        fastest = fastest.min(started.elapsed());
        let summary = app.recorder.summary();
        assert!(
            summary
                .operations
                .iter()
                .all(|o| ["Query", "GetItem"].contains(&&**o))
        );
        bill = summary.bill();
        let shown = body(&response);
        assert_eq!(
            shown["result"].as_array().unwrap().len(),
            50,
            "{}",
            response.body
        );
        next = shown["next_cursor"].as_str().map(ToOwned::to_owned);
    }
    (bill, fastest, next)
}

/// The first page, the second, and one from the middle.
async fn pages(app: &TestApp, list: &str, skip: usize) -> [(String, Duration); 3] {
    let (bill, time, next) = page(app, list).await;
    let mut cursor = next.unwrap();
    let second = page(app, &format!("{list}?cursor={cursor}")).await;
    for _ in 0..skip {
        let response = call(app, "GET", &format!("{list}?limit=100&cursor={cursor}"))
            .send()
            .await;
        cursor = text(&body(&response)["next_cursor"]);
    }
    let middle = page(app, &format!("{list}?cursor={cursor}")).await;
    [(bill, time), (second.0, second.1), (middle.0, middle.1)]
}

fn compare(what: &str, few: &[(String, Duration); 3], many: &[(String, Duration); 3]) {
    for (at, (few, many)) in ["first", "second", "middle"]
        .iter()
        .zip(few.iter().zip(many))
    {
        println!(
            "{what}, {at} page: {} | {:?} with few, {:?} with many",
            many.0, few.1, many.1
        );
        assert_eq!(few.0, many.0, "{what}, {at} page");
        assert!(
            many.1 < few.1 * 3,
            "{what}, {at} page: {:?} against {:?}",
            many.1,
            few.1
        );
    }
}

async fn with_clients(count: usize) -> (TestApp, Registered) {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for n in 0..count {
        if n % 50 == 0 {
            app.clock.advance(1);
        }
        app.register_client(&made.app, &format!("Client {n:05}"), |_| ())
            .await;
    }
    (app, made)
}

async fn with_apps(count: usize) -> TestApp {
    let app = TestApp::new().await;
    for n in 0..count {
        if n % 50 == 0 {
            app.clock.advance(1);
        }
        app.register(&format!("App {n:06}"), |_| ()).await;
    }
    app
}

/// The admin's token must be of the second to which the clock has moved.
async fn renewed(mut app: TestApp) -> TestApp {
    app.admin = app
        .token(&app.management.client_id, &domain::scopes::MANAGEMENT)
        .await;
    app.known().await;
    app
}

#[tokio::test]
#[ignore = "makes 10 000 clients"]
async fn scale_of_10_000_clients_under_one_app() {
    let (few, made) = with_clients(3 * FEW).await;
    let few = renewed(few).await;
    let list = format!("/v1/applications/{}/clients", made.id());
    let few_pages = pages(&few, &list, 1).await;
    let (many, made) = with_clients(10_000).await;
    let many = renewed(many).await;
    let list = format!("/v1/applications/{}/clients", made.id());
    let many_pages = pages(&many, &list, 49).await;
    compare("clients", &few_pages, &many_pages);
    let started = Instant::now();
    many.recorder.take();
    let path = format!("/v1/applications/{}?force=true", made.id());
    assert_eq!(call(&many, "DELETE", &path).send().await.status, 204);
    let calls = many.recorder.summary().operations.len();
    println!("deleting it: {:?}, {calls} round trips", started.elapsed());
    let mut runs = 0;
    while many.keys().len() > 1 {
        let event = sweep::Scheduled::default();
        sweep::handle(many.registry.clone(), event).await.unwrap();
        runs += 1;
    }
    println!("runs of the sweep: {runs}");
}

#[tokio::test]
#[ignore = "makes 100 000 apps"]
async fn scale_of_100_000_apps_in_one_tenant() {
    let few = renewed(with_apps(3 * FEW).await).await;
    let few_pages = pages(&few, "/v1/applications", 1).await;
    let started = Instant::now();
    let many = renewed(with_apps(100_000).await).await;
    println!("100 000 apps made in {:?}", started.elapsed());
    let many_pages = pages(&many, "/v1/applications", 499).await;
    compare("apps", &few_pages, &many_pages);
    // By id, by code name and by client it is the same as ever.
    for path in [
        "/v1/applications/app050000",
        "/v1/applications?app_code_name=app050000",
    ] {
        many.recorder.take();
        let started = Instant::now();
        assert_eq!(call(&many, "GET", path).send().await.status, 200);
        println!("{path}: {:?}, {}", started.elapsed(), many.recorder.bill());
    }
}
