//! What a newcomer does, against any deployment.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::client::{Answer, Credentials, Deployment};

pub(crate) fn registration(name: &str) -> Value {
    json!({
        "app_name": name,
        "client_display_name": name,
        "redirect_uris": ["https://app.example.com/callback"],
    })
}

/// Lists lag by moments on AWS: asks again until `found`.
#[track_caller]
pub(crate) fn eventually(ask: impl Fn() -> Answer, found: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..40 {
        last = ask().expect(200);
        if found(&last) {
            return last;
        }
        thread::sleep(Duration::from_millis(250));
    }
    panic!("it did not come up: {last}");
}

#[test]
fn register_get_a_token_read_and_list() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);

    let answer = roster.post(&admin, "/v1/applications", &registration("Photo Printer"));
    let app = answer.expect(201)["result"].clone();
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("etag").starts_with('"'));
    let own = Credentials::of(&app);
    let (id, code_name) = (
        app["app_id"].as_str().unwrap(),
        app["app_code_name"].as_str().unwrap(),
    );
    assert!(code_name.starts_with("photoprinter"));

    let token = roster.token(&own);
    for path in [id, code_name].map(|name| format!("/v1/applications/{name}")) {
        for token in [&token, &admin] {
            let answer = roster.get(token, &path);
            let read = answer.expect(200)["result"].clone();
            assert_eq!(read["app_id"], id);
            assert_eq!(read["client_id"], app["client_id"]);
            assert!(!answer.text.contains("secret\""), "{}", answer.text);
            assert!(!answer.text.contains(&own.client_secret));
        }
    }
    let location = answer.header("location");
    let path = location.strip_prefix(&roster.base_url).unwrap_or(location);
    assert_eq!(roster.get(&admin, path).status, 200, "{location}");

    let filtered = format!("/v1/applications?app_code_name={code_name}");
    let listed = eventually(
        || roster.get(&admin, &filtered),
        |list| {
            list["result"]
                .as_array()
                .is_some_and(|apps| !apps.is_empty())
        },
    );
    assert_eq!(listed["result"][0]["app_id"], id);
}

#[test]
fn pages_show_every_app_once_in_the_order_of_creation() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let made: Vec<_> = (0..5)
        .map(|n| {
            let answer = roster.post(
                &admin,
                "/v1/applications",
                &registration(&format!("Page {n}")),
            );
            answer.expect(201)["result"]["app_id"].clone()
        })
        .collect();
    for _ in 0..40 {
        let mut path = "/v1/applications?limit=2".to_owned();
        let mut seen = Vec::new();
        loop {
            let answer = roster.get(&admin, &path);
            let page = answer.expect(200);
            let apps = page["result"].as_array().unwrap();
            assert!(apps.len() <= 2);
            seen.extend(apps.iter().map(|app| app["app_id"].clone()));
            let Some(cursor) = page["next_cursor"].as_str() else {
                assert_eq!(answer.header("link"), "");
                break;
            };
            assert!(answer.header("link").contains("rel=\"next\""));
            path = format!("/v1/applications?limit=2&cursor={cursor}");
        }
        let ours: Vec<_> = seen.into_iter().filter(|id| made.contains(id)).collect();
        if ours == made {
            return;
        }
        thread::sleep(Duration::from_millis(250));
    }
    panic!("the apps did not come up once each, in order");
}

#[test]
fn an_application_reaches_itself_only() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let made = |name| {
        let answer = roster.post(&admin, "/v1/applications", &registration(name));
        answer.expect(201)["result"].clone()
    };
    let (one, other) = (made("One"), made("Other"));
    let token = roster.token(&Credentials::of(&one));

    let path = |app: &Value| format!("/v1/applications/{}", app["app_id"].as_str().unwrap());
    assert_eq!(roster.get(&token, &path(&one)).status, 200);
    roster.get(&token, &path(&other)).expect(404);
    roster.get(&token, "/v1/applications").expect(403);
    let answer = roster.post(&token, "/v1/applications", &registration("Third"));
    let problem = answer.expect(403);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(problem["error_code"], 403);
    assert!(
        answer.header("x-request-id").len() > 4 || !answer.header("apigw-requestid").is_empty()
    );
}

#[test]
fn discovery_leads_to_the_keys_that_sign() {
    let roster = Deployment::new();
    let metadata = roster
        .get("", "/.well-known/oauth-authorization-server")
        .expect(200);
    let path = |name: &str| {
        let url = metadata[name].as_str().unwrap();
        let issuer = metadata["issuer"].as_str().unwrap();
        url.strip_prefix(issuer).unwrap().to_owned()
    };
    assert_eq!(path("token_endpoint"), "/oauth2/token");
    let keys = roster.get("", &path("jwks_uri")).expect(200);
    let token = roster.token(&roster.management);
    let part = |n| {
        let part = token.split('.').nth(n).unwrap();
        let bytes = data_encoding::BASE64URL_NOPAD
            .decode(part.as_bytes())
            .unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let ids: Vec<_> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| &k["kid"])
        .collect();
    assert!(ids.contains(&&part(0)["kid"]), "{ids:?}");
    assert_eq!(part(1)["iss"], metadata["issuer"]);
    assert_eq!(part(1)["client_id"], roster.management.client_id);
}

#[test]
fn wrong_credentials_get_no_token() {
    let roster = Deployment::new();
    let good = &roster.management;
    let swapped = |text: &str| {
        let mut bytes = text.to_owned().into_bytes();
        let middle = bytes.len() / 2;
        bytes[middle] = if bytes[middle] == b'a' { b'b' } else { b'a' };
        String::from_utf8(bytes).unwrap()
    };
    let wrong = [
        (good.client_id.clone(), swapped(&good.client_secret)),
        (good.client_id.clone(), String::new()),
        (swapped(&good.client_id), good.client_secret.clone()),
        ("nobody".into(), "nothing".into()),
    ];
    for (client_id, client_secret) in wrong {
        let shown = Credentials {
            client_id,
            client_secret,
        };
        let answer = roster.ask_token(&shown, "grant_type=client_credentials");
        assert_eq!(answer.expect(401)["error"], "invalid_client");
        assert!(
            answer.header("www-authenticate").starts_with("Basic "),
            "{answer:?}"
        );
    }
}

#[test]
fn other_paths_and_long_bodies_are_refused() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    roster.get(&admin, "/nothing").expect(404);
    roster.get(&admin, "/v1/nothing").expect(404);
    let long = json!({"app_name": "x".repeat(70_000)});
    let answer = roster.post(&admin, "/v1/applications", &long);
    assert_eq!(answer.status, 413, "{answer:?}");
}
