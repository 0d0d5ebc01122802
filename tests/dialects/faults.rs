//! All faults of a request are told together, each at its place, with what to do about it.

use testkit::{Value, body, json};

use crate::{
    errors::{native, openid},
    ground::{Ground, NATIVE, OPENID, SCIM, laid, scim},
};

/// What is told of each fault.
pub(crate) fn told(response: &api::Response) -> Vec<String> {
    let shown = body(response);
    let errors = shown.get("errors").and_then(Value::as_array);
    match (errors, &shown["detail"]) {
        (Some(errors), _) => errors
            .iter()
            .map(|error| error["message"].as_str().unwrap().to_owned())
            .collect(),
        (None, detail) => detail
            .as_str()
            .unwrap()
            .split("; ")
            .map(str::to_owned)
            .collect(),
    }
}

pub(crate) fn client(over: &Value) -> Value {
    let base = json!({"name": "Worker", "redirect_uris": ["https://a.example/cb"]});
    laid(base, over)
}

#[tokio::test]
async fn every_bad_item_of_a_list_is_told_at_its_place_whatever_is_wrong_with_it() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let clients = format!("{NATIVE}/{}/clients", made.id());
    // The first can't be read, the second may not be here, the third is as it should be.
    let uris = json!([
        "no uri",
        "http://x.example/cb",
        "https://a.example/cb",
        "com.example:/cb"
    ]);
    let scopes = json!(["a b", "fine", "apps:delete"]);
    for (path, sent, places) in [
        (
            NATIVE,
            native(&json!({"redirect_uris": uris, "client_scopes": scopes})),
            vec![
                "redirect_uris/0",
                "client_scopes/0",
                "redirect_uris/1",
                "redirect_uris/3",
                "client_scopes/2",
            ],
        ),
        (
            &clients,
            client(&json!({"redirect_uris": uris, "scopes": scopes})),
            vec![
                "redirect_uris/0",
                "scopes/0",
                "redirect_uris/1",
                "redirect_uris/3",
                "scopes/2",
            ],
        ),
        (
            OPENID,
            openid(&json!({"oauth_redirect_uris": uris, "scopes": scopes})),
            vec![
                "oauth_redirect_uris/0",
                "scopes/0",
                "oauth_redirect_uris/1",
                "oauth_redirect_uris/3",
                "scopes/2",
            ],
        ),
        (
            SCIM,
            scim(&json!({
                "redirectUris": ["no uri", "https://a.example/cb", "javascript:x", "com.example:/cb", "https://a.example/cb"],
                "allowedScopes": [{"fqs": "a b"}, {"fqs": "fine"}, {"fqs": "apps:delete"}],
            })),
            vec![
                "redirectUris/0",
                "redirectUris/2",
                "redirectUris/4",
                "allowedScopes/0/fqs",
                "redirectUris/3",
                "allowedScopes/2",
            ],
        ),
    ] {
        let response = ground.to("POST", path).json(&sent).send().await;
        assert!([400, 422].contains(&response.status), "{}", response.body);
        let found = told(&response);
        let found = found.iter().filter_map(|text| text.split_once(' '));
        // What stands behind a semicolon is advice, and has no place.
        let found: Vec<_> = found
            .map(|(place, _)| place)
            .filter(|place| place.contains('/'))
            .collect();
        assert_eq!(found, places, "{path}");
    }
    assert!(!ground.recorder.summary().wrote());
}

#[tokio::test]
async fn every_bad_key_is_told_at_its_place() {
    let ground = Ground::new().await;
    let short = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "a"});
    let sent = native(&json!({
        "client_auth_method": "private_key_jwt", "jwks": {"keys": [short, {"kty": "oct"}]},
    }));
    let response = ground.to("POST", NATIVE).json(&sent).send().await;
    let found = testkit::faults(&response);
    let unusable = |at| (format!("/jwks/keys/{at}"), "unusable_key".to_owned());
    assert_eq!(found, [unusable(0), unusable(1)]);
}

#[tokio::test]
async fn every_bad_parameter_is_told_whatever_is_wrong_with_it() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let id = made.id();
    for (method, path, expected) in [
        (
            "GET",
            format!("{NATIVE}?limit=0&offset=1&active=yes&app_name=a&app_name=b&cursor=x"),
            vec![
                "offset is not a parameter of this request; remove it or check its spelling",
                "app_name is there twice; send it once",
                "limit must be a whole number of items from 1 to 100",
                "active must be one of: true, false",
                "cursor is not one of this list; start without a cursor and follow next_cursor",
            ],
        ),
        (
            "GET",
            format!("{NATIVE}/{id}/clients?limit=x&sort=name"),
            vec![
                "sort is not a parameter of this request; remove it or check its spelling",
                "limit must be a whole number of items from 1 to 100",
            ],
        ),
        (
            "DELETE",
            format!("{NATIVE}/{id}?force=yes&dry_run=1"),
            vec![
                "dry_run is not a parameter of this request; remove it or check its spelling",
                "force must be one of: true, false",
            ],
        ),
        (
            "GET",
            format!("{SCIM}?startIndex=x&count=y&sortBy=id&sortOrder=up"),
            vec![
                "count must be a whole number",
                "sortBy must be displayName or meta.created",
                "sortOrder must be ascending or descending",
                "startIndex must be a whole number",
            ],
        ),
        (
            "GET",
            format!("{SCIM}?sortBy=id&filter=x"),
            vec![
                "sortBy must be displayName or meta.created",
                "The filter does not follow RFC 7644 §3.4.2.2",
                "an example: displayName eq \"demoapp\" and active eq true",
            ],
        ),
    ] {
        let response = ground.to(method, &path).send().await;
        assert_eq!(response.status, 400, "{path}: {}", response.body);
        assert_eq!(told(&response), expected, "{path}");
    }
    let search = json!({"schemas": ["x"], "sortBy": "id", "count": "y", "filter": 7});
    let response = ground.send("POST", "/admin/v1/.search", &search).await;
    assert_eq!(
        told(&response),
        [
            "schemas must name urn:ietf:params:scim:api:messages:2.0:SearchRequest",
            "count must be a whole number",
            "sortBy must be displayName or meta.created",
            "filter must be a string",
        ]
    );
}

#[tokio::test]
async fn faults_of_headers_stand_beside_those_of_query_and_body() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let app = format!("{NATIVE}/{}", made.id());
    let secrets = format!("{app}/clients/{}/secrets", made.client_id());
    for (method, path, sent, places) in [
        (
            "POST",
            NATIVE.to_owned(),
            native(&json!({"app_name": 7})),
            json!([{"pointer": "/app_name"}, {"header": "Idempotency-Key"}]),
        ),
        (
            "POST",
            format!("{app}/clients"),
            client(&json!({"name": 7})),
            json!([{"pointer": "/name"}, {"header": "If-Match"}, {"header": "Idempotency-Key"}]),
        ),
        (
            "POST",
            secrets,
            json!({"expires_in": 0}),
            json!([{"pointer": "/expires_in"}, {"header": "If-Match"}, {"header": "Idempotency-Key"}]),
        ),
        (
            "PUT",
            format!("{app}/status"),
            json!({"active": 1}),
            json!([{"pointer": "/active"}, {"header": "If-Match"}]),
        ),
        (
            "DELETE",
            format!("{app}?force=x"),
            Value::Null,
            json!([{"parameter": "force"}, {"header": "If-Match"}]),
        ),
    ] {
        let mut request = ground.to(method, &path);
        if !sent.is_null() {
            request = request.json(&sent);
        }
        let request = request
            .header("if-match", "4")
            .header("idempotency-key", "a,b");
        let shown = body(&request.send().await);
        let mut found = shown["errors"].clone();
        for error in found.as_array_mut().unwrap() {
            let members = error.as_object_mut().unwrap();
            assert!(members.remove("code").is_some() && members.remove("message").is_some());
        }
        assert_eq!(found, places, "{method} {path}: {shown}");
    }
}
