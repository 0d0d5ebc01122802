//! What one request may cost, looked at before work is done for it; in the words of each dialect.

use testkit::{Value, body, json};

use crate::{
    errors::{native, openid},
    ground::{Ground, NATIVE, OPENID, SCIM, expect, patch_op, scim, text},
};

/// A body with a second `"member": value` at its end.
fn twice(body: &Value, member: &str) -> String {
    let text = body.to_string();
    let open = text.strip_suffix('}').unwrap();
    format!("{open},\"{member}\":null}}")
}

#[tokio::test]
async fn a_member_that_is_there_twice_is_refused_by_name_in_every_dialect() {
    let ground = Ground::new().await;
    let said = "is there twice; send it once";
    let send = |path, body: String| {
        let request = ground.to("POST", path);
        request.body("application/json", body.as_bytes()).send()
    };
    let response = send(NATIVE, twice(&native(&json!({})), "app_name")).await;
    let problem = expect(400, &response);
    assert_eq!(problem["errors"][0]["pointer"], "/app_name");
    assert_eq!(problem["errors"][0]["code"], "repeated");

    let response = send(OPENID, twice(&openid(&json!({})), "name")).await;
    let expected = json!([{"code": "invalid", "message": format!("name {said}")}]);
    assert_eq!(expect(422, &response)["errors"], expected);

    // SCIM compares names without regard to letter case.
    let response = send(SCIM, twice(&scim(&json!({})), "DisplayName")).await;
    let error = expect(400, &response);
    assert_eq!(error["detail"], format!("DisplayName {said}"));
    assert_eq!(error["scimType"], "invalidValue");

    let both = "{\"service_id\":\"a\",\"service_secret\":\"b\",\"service_id\":\"c\"}";
    let response = send("/oauth/service/token", both.into()).await;
    assert_eq!(response.status, 422, "{}", response.body);
    assert_eq!(ground.apps(&domain::TenantId::first()).await.len(), 0);
}

#[tokio::test]
async fn what_is_too_deep_or_too_many_is_refused_in_every_dialect() {
    let ground = Ground::new().await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
    let many = format!("{{\"a\":[{}0]}}", "0,".repeat(30_000));
    for (path, status) in [(NATIVE, 400), (OPENID, 422), (SCIM, 400)] {
        for (sent, why) in [
            (&deep, "deeper than 16 levels"),
            (&many, "more than 4096 values"),
        ] {
            let request = ground.to("POST", path);
            let response = request
                .body("application/json", sent.as_bytes())
                .send()
                .await;
            assert_eq!(response.status, status, "{}", response.body);
            assert!(response.body.contains(why), "{}", response.body);
        }
    }
    let query = "a=1&".repeat(64);
    for path in [NATIVE, OPENID, SCIM] {
        let response = ground.get(&format!("{path}?{query}b=1")).await;
        assert!([400, 422].contains(&response.status), "{}", response.body);
        let said = "query must have at most 64 items";
        assert!(response.body.contains(said), "{}", response.body);
    }
}

async fn app_with_tags(ground: &Ground, tags: usize) -> String {
    let tags: Vec<_> = (0..tags)
        .map(|n| json!({"key": format!("k{n}"), "value": "v"}))
        .collect();
    let made = ground.scim_app(&json!({ "tags": tags })).await;
    format!("{SCIM}/{}", text(&made["id"]))
}

/// Lesson 52: an operation that multiplied before a limit looked.
#[tokio::test]
async fn one_patch_can_not_take_gigabytes() {
    let ground = Ground::new().await;
    let path = app_with_tags(&ground, 100).await;
    let before = body(&ground.get(&path).await);
    let list = |items: usize| json!(vec![0; items]);
    let objects = |items: usize| json!(vec![json!({}); items]);
    for (operations, why) in [
        // Many items, each of which is to get many values.
        (
            json!([
                {"op": "replace", "path": "tags", "value": objects(150)},
                {"op": "add", "path": "tags.x", "value": list(3000)},
            ]),
            "at most 65536",
        ),
        (
            json!([{"op": "replace", "path": "tags[key sw \"k\"].x", "value": list(3000)}]),
            "at most 65536",
        ),
        (
            json!([{"op": "replace", "path": "tags[key sw \"k\"]", "value": list(3000)}]),
            "at most 65536",
        ),
        // A list that no attribute may have.
        (
            json!([{"op": "replace", "path": "tags", "value": objects(201)}]),
            "at most 200 items",
        ),
        // Every new value is looked for among all the others.
        (
            json!([{"op": "add", "path": "x", "value": [1]}, {"op": "add", "path": "x", "value": list(2000)}]),
            "more than 50000 values",
        ),
        // A filter of many terms on every item, again and again.
        (
            Value::Array(vec![
                json!({
                    "op": "replace", "path": format!("tags[{}key sw \"k\"].value", "key eq \"z\" or ".repeat(20)),
                    "value": "w",
                });
                50
            ]),
            "more than 50000 values",
        ),
    ] {
        let response = ground.send("PATCH", &path, &patch_op(&operations)).await;
        assert_eq!(response.status, 400, "{why}: {}", response.body);
        assert!(response.body.contains(why), "{why}: {}", response.body);
    }
    // A document that grows with each operation is measured after each.
    let grow: Vec<_> = (0..30)
        .map(|n| json!({"op": "replace", "path": "tags.y", "value": format!("{n}{}", "y".repeat(1300))}))
        .collect();
    let response = ground.send("PATCH", &path, &patch_op(&json!(grow))).await;
    assert!(response.body.contains("at most 65536"), "{}", response.body);
    assert_eq!(body(&ground.get(&path).await), before);
}

#[tokio::test]
async fn what_people_patch_is_within_the_bounds() {
    let ground = Ground::new().await;
    let path = app_with_tags(&ground, 100).await;
    let each: Vec<_> = (0..100)
        .map(|n| json!({"op": "replace", "path": format!("tags[key eq \"k{n}\"].value"), "value": "w"}))
        .collect();
    let response = ground.send("PATCH", &path, &patch_op(&json!(each))).await;
    let tags = expect(200, &response)["tags"].clone();
    assert_eq!(tags.as_array().unwrap().len(), 100);
    assert!(
        tags.as_array()
            .unwrap()
            .iter()
            .all(|tag| tag["value"] == "w")
    );
    let uris: Vec<_> = (0..49)
        .map(|n| format!("https://u{n}.example/cb"))
        .collect();
    let add = json!([{"op": "add", "path": "redirectUris", "value": uris}]);
    let response = ground.send("PATCH", &path, &patch_op(&add)).await;
    let now = expect(200, &response);
    assert_eq!(now["redirectUris"].as_array().unwrap().len(), 50);
}

/// Lesson 54: a list of legal items that is larger than what Lambda answers.
#[tokio::test]
async fn a_list_of_the_largest_apps_fits_an_answer_in_every_dialect() {
    const APPS: usize = 110;
    let ground = Ground::new().await;
    for n in 0..APPS {
        ground
            .register(&format!("Large {n:03}"), |app| {
                let uri = |n| format!("https://u{n}.example/{}", "p".repeat(1230));
                let uris = (0..45).map(|n| domain::RedirectUri::parse(&uri(n)).unwrap());
                app.client.redirect_uris = uris.collect();
                assert!(domain::app::check(&app.profile, &app.client, false).is_empty());
            })
            .await;
    }
    let fits = |response: &api::Response| {
        let event = serde_json::to_string(&api::event::Answer(response.clone()));
        event.unwrap().len() < 6_291_456
    };
    // Native: shorter pages, which together are all.
    let (mut seen, mut path) = (0, format!("{NATIVE}?limit=100"));
    loop {
        let response = ground.get(&path).await;
        assert!(response.status == 200 && fits(&response));
        let page = body(&response);
        seen += page["result"].as_array().unwrap().len();
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{NATIVE}?limit=100&cursor={next}");
    }
    assert_eq!(seen, APPS + 1);
    // SCIM: fewer than asked, and what was not shown comes when it is asked for; also where every app is read.
    for query in [
        "count=1000",
        "count=1000&filter=active+eq+true",
        "count=1000&sortBy=displayName",
    ] {
        let (mut seen, mut pages) = (0, 0);
        while seen < APPS + 1 {
            let start = seen + 1;
            let response = ground
                .get(&format!("{SCIM}?{query}&startIndex={start}"))
                .await;
            assert!(response.status == 200, "{query}: {}", response.body);
            assert!(fits(&response), "{query}: {} bytes", response.body.len());
            let page = body(&response);
            assert_eq!(page["totalResults"], APPS + 1);
            let shown = page["Resources"].as_array().unwrap().len();
            assert_eq!(page["itemsPerPage"], shown);
            assert!(shown > 0);
            seen += shown;
            pages += 1;
        }
        assert!(pages > 1, "{query}: all came at once");
    }
    // openid-apps has no pages: it says where there are some.
    let error = expect(422, &ground.get(OPENID).await);
    let said = text(&error["errors"][0]["message"]);
    assert!(said.contains("page through GET /v1/applications"), "{said}");
}

#[tokio::test]
async fn attributes_to_show_are_not_compared_without_end() {
    let ground = Ground::new().await;
    let names = |count: usize| vec!["a"; count].join(",");
    let schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    for name in ["attributes", "excludedAttributes"] {
        for (count, status) in [(100, 200), (101, 400)] {
            let response = ground.get(&format!("{SCIM}?{name}={}", names(count))).await;
            assert_eq!(response.status, status, "{}", response.body);
            let mut search = json!({ "schemas": [schema] });
            search[name] = json!(names(count));
            let path = format!("{SCIM}/.search");
            ground.expect(status, "POST", &path, &search).await;
        }
    }
}
