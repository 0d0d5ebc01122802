//! Many callers at once: nothing is lost silently, and versions count the writes.

use std::{collections::BTreeMap, sync::Arc};

use testkit::Registered;
use tokio::sync::Semaphore;

use super::*;

/// So many requests are under way at any moment: all of a story's. More would meet the deadline of a
/// request on a busy machine, which is no matter of these stories.
const UNDER_WAY: usize = 500;

/// The answers to requests made at once, each by `request` with its number.
async fn at_once<F, Fut>(count: usize, request: F) -> Vec<Response>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Response> + Send + 'static,
{
    let gate = Arc::new(Semaphore::new(UNDER_WAY));
    let tasks: Vec<_> = (0..count)
        .map(|n| {
            let (gate, request) = (gate.clone(), request(n));
            tokio::spawn(async move {
                let _turn = gate.acquire().await;
                request.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

fn tally(answers: &[Response]) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for answer in answers {
        *statuses.entry(answer.status).or_default() += 1;
    }
    statuses
}

async fn world() -> (Arc<TestApp>, Registered) {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    (Arc::new(app), made)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_500_updates_under_if_match_each_is_made_or_412_and_the_version_counts_them() {
    let (app, made) = world().await;
    let path = format!("/v1/applications/{}", made.id());
    let answers = at_once(500, |n| {
        let (app, path) = (app.clone(), path.clone());
        async move {
            let read = call(&app, "GET", &path).send().await;
            let tag = read.header("etag").unwrap().to_owned();
            let change = json!({"app_description": format!("by {n}")});
            let request = call(&app, "PUT", &path).header("if-match", &tag);
            let response = request.json(&change).send().await;
            if response.status == 200 {
                // What was written is what was asked, in the version after the one named.
                let shown = result(&response, 200);
                assert_eq!(shown["app_description"], format!("by {n}"));
                let version = shown["version"].as_u64().unwrap();
                assert_eq!(tag, format!("\"{}\"", version - 1));
            }
            response
        }
    })
    .await;
    let tally = tally(&answers);
    let (made_it, refused) = (tally[&200], tally.get(&412).copied().unwrap_or_default());
    assert_eq!(made_it + refused, 500, "{tally:?}");
    let stored = app.stored(&made.app).await.unwrap();
    assert_eq!(stored.version.to_string(), (made_it + 1).to_string());
    let mut versions: Vec<_> = answers
        .iter()
        .filter(|a| a.status == 200)
        .map(version)
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=made_it as u64 + 1).collect::<Vec<_>>());
}

fn version(response: &Response) -> u64 {
    body(response)["result"]["version"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_writes_under_one_version_one_wins() {
    let (app, made) = world().await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let of_app = format!("/v1/applications/{}", made.id());
    let status = format!("{of_app}/clients/{}/status", further.id());
    for (path, change) in [
        (of_app.clone(), json!({"app_description": "x"})),
        (
            format!("/v1/clients/{}", further.id()),
            json!({"description": "x"}),
        ),
        (
            format!("{of_app}/resources"),
            json!({"resource_ids": ["urn:a"]}),
        ),
        (format!("{of_app}/status"), json!({"active": false})),
        (status, json!({"active": false})),
    ] {
        let app_version = app.stored(&made.app).await.unwrap().version;
        let client_version = app.stored_client(further.id()).await.unwrap().version;
        let of_client = path.contains("/clients/");
        let tag = format!(
            "\"{}\"",
            if of_client {
                client_version
            } else {
                app_version
            }
        );
        let answers = at_once(16, |_| {
            let (app, path, tag, change) = (app.clone(), path.clone(), tag.clone(), change.clone());
            async move {
                let request = call(&app, "PUT", &path).header("if-match", &tag);
                request.json(&change).send().await
            }
        })
        .await;
        assert_eq!(
            tally(&answers),
            BTreeMap::from([(200, 1), (412, 15)]),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_16_patches_without_if_match_each_lands_or_says_503() {
    let (app, made) = world().await;
    let members = [
        "app_name",
        "app_description",
        "logo",
        "login_uri",
        "subdomain",
        "client_description",
        "client_display_name",
        "allow_public_signup",
    ];
    let value = |n: usize| match members[n % 8] {
        "logo" | "login_uri" => json!(format!("https://app.example.com/{n}")),
        "subdomain" => json!(format!("sub{n}")),
        "allow_public_signup" => json!(true),
        _ => json!(format!("by {n}")),
    };
    // Eight members of the app's and eight further clients.
    let path = format!("/v1/applications/{}", made.id());
    for _ in 0..8 {
        let before = app.stored(&made.app).await.unwrap().version.to_string();
        let answers = at_once(16, |n| {
            let (app, path, value) = (app.clone(), path.clone(), value(n));
            async move {
                let change = json!({ members[n % 8]: value });
                call(&app, "PATCH", &path).merge(&change).send().await
            }
        })
        .await;
        let tally = tally(&answers);
        let landed = tally.get(&200).copied().unwrap_or_default();
        assert_eq!(
            landed + tally.get(&503).copied().unwrap_or_default(),
            16,
            "{tally:?}"
        );
        let shown = result(&call(&app, "GET", &path).send().await, 200);
        let count: usize = before.parse::<usize>().unwrap() + landed;
        assert_eq!(shown["version"], count, "a write was lost or made twice");
        for member in 0..8 {
            let both = [member, member + 8];
            let landed: Vec<_> = both.iter().filter(|n| answers[**n].status == 200).collect();
            if !landed.is_empty() {
                let stored = &shown[members[member]];
                assert!(
                    landed.iter().any(|n| *stored == value(**n)),
                    "{member}: {stored}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_16_secrets_asked_at_once_no_more_than_five_live_and_each_answered_one_works() {
    let (app, made) = world().await;
    let clients = format!("/v1/applications/{}/clients", made.id());
    let path = format!("{clients}/{}/secrets", made.client_id());
    let answers = at_once(16, |_| {
        let (app, path) = (app.clone(), path.clone());
        async move { call(&app, "POST", &path).send().await }
    })
    .await;
    let tally = tally(&answers);
    assert!(
        tally.keys().all(|status| [201, 409, 503].contains(status)),
        "{tally:?}"
    );
    assert!(tally[&201] <= 4);
    for answer in answers.iter().filter(|a| a.status == 201) {
        let secret = text(&result(answer, 201)["client_secret"]);
        assert!(authenticates(&app, made.client_id(), &secret).await);
    }
    let listed = result(&call(&app, "GET", &path).send().await, 200);
    assert_eq!(listed.as_array().unwrap().len(), tally[&201] + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_secrets_revoked_at_once_one_stays() {
    let (app, made) = world().await;
    let clients = format!("/v1/applications/{}/clients", made.id());
    let path = format!("{clients}/{}/secrets", made.client_id());
    for _ in 0..4 {
        issue(&app, &path, &json!({})).await;
    }
    let listed = result(&call(&app, "GET", &path).send().await, 200);
    let ids: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|s| text(&s["secret_id"]))
        .collect();
    assert_eq!(ids.len(), 5);
    at_once(5, |n| {
        let (app, path) = (app.clone(), format!("{path}/{}", ids[n]));
        async move { call(&app, "DELETE", &path).send().await }
    })
    .await;
    // A try that met too many others says 503 and may be repeated.
    for id in &ids {
        let path = format!("{path}/{id}");
        let status = call(&app, "DELETE", &path).send().await.status;
        assert!([204, 404, 409].contains(&status));
    }
    let listed = result(&call(&app, "GET", &path).send().await, 200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deletion_and_update_at_once_leave_a_whole_app_or_none() {
    for round in 0..8 {
        let (app, made) = world().await;
        let path = format!("/v1/applications/{}", made.id());
        let answers = at_once(16, |n| {
            let (app, path) = (app.clone(), path.clone());
            async move {
                if n == round * 2 {
                    let path = format!("{path}?force=true");
                    return call(&app, "DELETE", &path).send().await;
                }
                let change = json!({"app_description": format!("by {n}")});
                call(&app, "PUT", &path).json(&change).send().await
            }
        })
        .await;
        let deleted = answers[round * 2].status;
        let expected = if deleted == 204 { 404 } else { 200 };
        assert!([204, 503].contains(&deleted));
        assert_eq!(call(&app, "GET", &path).send().await.status, expected);
        assert!(
            answers
                .iter()
                .all(|a| [200, 204, 404, 503].contains(&a.status))
        );
        let left = app.keys().len();
        // The app with its mark, its work and the tombstone; or the app and its guard.
        assert_eq!(left, if deleted == 204 { 3 } else { 2 });
    }
}
