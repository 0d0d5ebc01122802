//! Every URL that an answer names leads to what it says: `Location`, `Link`, SCIM's `meta.location` and `$ref`,
//! and the endpoints of the metadata documents.

use std::collections::BTreeSet;

use api::{Response, routes};
use serde_json::{Value, json};
use testkit::ISSUER;

use crate::{
    client::Deployment,
    events::{Seeded, names, text},
    stories::registration,
};

/// The resource in an answer's body, in any dialect.
fn resource(body: &Value) -> &Value {
    [&body["result"], &body["data"]["application"], &body["data"]]
        .into_iter()
        .find(|found| found.is_object())
        .unwrap_or(body)
}

/// That what was read is what the answer was about: no member that both show differs, and one of them names it.
fn same(read: &Value, told: &Value, at: &str) {
    let (read, told) = (resource(read), resource(told));
    let both: Vec<_> = told.as_object().unwrap().iter().collect();
    let both: Vec<_> = both
        .into_iter()
        .filter(|(name, _)| !read[name.as_str()].is_null())
        .collect();
    for (name, value) in &both {
        assert_eq!(&read[name.as_str()], *value, "{at}: {name}");
    }
    let ids = ["secret_id", "client_id", "app_code_name", "id"];
    let named = both.iter().any(|(name, _)| ids.contains(&name.as_str()));
    // There is one ServiceProviderConfig, without an id.
    assert!(named || read == told, "{at}: {read}");
}

/// Reads what a URL leads to, with the management token.
async fn read(seeded: &Seeded, url: &str) -> Response {
    let path = url.strip_prefix(ISSUER).unwrap_or(url);
    let bare = path.split('?').next().unwrap();
    assert!(routes::resolve("GET", bare).is_some(), "{url} has no GET");
    let bearer = format!("Bearer {}", seeded.app.admin);
    let line = format!("GET {path}");
    seeded
        .respond(&line, "application/json", &bearer, &json!({}))
        .await
}

async fn read_json(seeded: &Seeded, url: &str) -> Value {
    let response = read(seeded, url).await;
    assert_eq!(response.status, 200, "{url}: {}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

/// What a body names, with the object around it.
fn urls<'a>(value: &'a Value, around: &'a Value, found: &mut Vec<(&'a str, &'a str, &'a Value)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| urls(item, item, found)),
        Value::Object(members) => {
            for (name, inner) in members {
                match inner {
                    Value::String(url) if url.starts_with(ISSUER) => {
                        found.push((name, url, around));
                    }
                    // `meta` is about the object that it stands in.
                    _ if name == "meta" => urls(inner, value, found),
                    _ => urls(inner, inner, found),
                }
            }
        }
        _ => {}
    }
}

/// Follows everything that an answer names; the kinds of what was followed.
async fn follow(seeded: &Seeded, at: &str, response: &Response) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    let body: Value = serde_json::from_str(&response.body).unwrap_or(Value::Null);
    if let Some(location) = response.header("location") {
        same(&read_json(seeded, location).await, &body, at);
        kinds.insert("location".into());
    }
    if let Some(link) = response.header("link") {
        let (url, rest) = link.trim_start_matches('<').split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"", "{at}");
        let next = read_json(seeded, url).await;
        assert!(
            !next["result"].as_array().unwrap().is_empty(),
            "{at}: {url}"
        );
        assert_ne!(next["result"], body["result"], "{at}: {url}");
        kinds.insert("link".into());
    }
    let mut found = Vec::new();
    urls(&body, &body, &mut found);
    for (name, url, around) in found {
        match name {
            "location" => same(&read_json(seeded, url).await, around, at),
            "$ref" => assert_eq!(read_json(seeded, url).await["id"], around["value"], "{at}"),
            "jwks_uri" => assert!(read_json(seeded, url).await["keys"].is_array(), "{at}"),
            // RFC 8414 §3: where an issuer's metadata is follows from its name.
            "issuer" | "iss" => {
                let path = url.strip_prefix(ISSUER).unwrap();
                let known = format!("/.well-known/oauth-authorization-server{path}");
                assert_eq!(read_json(seeded, &known).await["issuer"], url, "{at}");
            }
            "aud" => {}
            _ if name.ends_with("_endpoint") => {
                let path = url.strip_prefix(ISSUER).unwrap();
                assert!(
                    routes::resolve("POST", path).is_some(),
                    "{at}: {name} {url}"
                );
            }
            // What the front door links to, some of it behind a token.
            _ if at == "discovery/200-front" => {
                let path = url.strip_prefix(ISSUER).unwrap();
                assert!(routes::resolve("GET", path).is_some(), "{at}: {name} {url}");
            }
            _ => panic!("{at}: what is {name}, {url}?"),
        }
        kinds.insert(name.to_owned());
    }
    kinds
}

#[tokio::test]
async fn every_url_in_every_answer_leads_to_what_it_names() {
    let (mut made, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for (operation, name) in names() {
        let seeded = Seeded::new().await;
        let at = format!("{operation}/{name}");
        let event = text(&at);
        let response = seeded.send(&operation, &event).await;
        let event: Value = serde_json::from_str(&event).unwrap();
        let route = event["routeKey"].as_str().unwrap();
        let found = follow(&seeded, &at, &response).await;
        if response.status == 201 {
            // A secret of SCIM can't be read again, in any form.
            let unreadable = route == "POST /admin/v1/AppClientSecretRegenerator";
            assert_eq!(found.contains("location"), !unreadable, "{at}");
            made.insert(route.to_owned());
        }
        kinds.extend(found);
    }
    // Pages, of which no event has two.
    let seeded = Seeded::new().await;
    let bearer = format!("Bearer {}", seeded.app.admin);
    for list in [
        "/v1/applications?limit=1",
        "/v1/applications?limit=1&active=true",
        "/v1/applications/seeded/clients?limit=1",
        "/v1/clients?limit=1&app_id=seeded",
    ] {
        let line = format!("GET {list}");
        let page = seeded
            .respond(&line, "application/json", &bearer, &json!({}))
            .await;
        assert!(
            follow(&seeded, list, &page).await.contains("link"),
            "{list}"
        );
    }
    // The grant of a role shows where the role is.
    let app = seeded.filling.fill("/admin/v1/Apps/{{granted_app_id}}");
    let shown = read(&seeded, &app).await;
    kinds.extend(follow(&seeded, &app, &shown).await);
    let every = [
        "$ref",
        "iss",
        "issuer",
        "jwks_uri",
        "location",
        "token_endpoint",
    ];
    for kind in every {
        assert!(kinds.contains(kind), "nothing named a {kind}: {kinds:?}");
    }
    assert_eq!(made.len(), 9, "routes that make something: {made:?}");
}

/// The same over HTTP, from a server whose own address is in what it names.
#[test]
fn what_a_server_says_it_made_is_there() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let found = |path: &str, body: &Value| {
        let answer = roster.post(&admin, path, body);
        let told = answer.expect(201);
        let location = answer.header("location").to_owned();
        let path = location.strip_prefix(&roster.base_url).unwrap_or(&location);
        assert!(path.starts_with('/'), "{location}");
        same(&roster.get(&admin, path).expect(200), &told, &location);
        told
    };
    let app = found("/v1/applications", &registration("Located"))["result"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (app_id, client_id) = (text(&app["app_id"]), text(&app["client_id"]));
    let client = json!({"name": "Further", "redirect_uris": ["https://app.example.com/cb"]});
    let mut of_app = client.clone();
    of_app["app_id"] = json!(app_id);
    found("/v1/clients", &of_app);
    found(&format!("/v1/applications/{app_id}/clients"), &client);
    found(&format!("/v1/clients/{client_id}/secrets"), &json!({}));
    let secrets = format!("/v1/applications/{app_id}/clients/{client_id}/secrets");
    found(&secrets, &json!({}));
    let openid = json!({"name": "Located too", "redirect_uri": "https://app.example.com/cb"});
    found("/platform/v1/apps", &openid);
    let name = format!("Located {app_id}");
    let scim = json!({
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:App"], "displayName": name,
        "isOAuthClient": true, "clientType": "confidential", "active": true,
        "basedOnTemplate": {"value": "CustomWebAppTemplateId"}, "allowedGrants": ["client_credentials"],
    });
    let scim = found("/admin/v1/Apps", &scim);
    let grant = json!({
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:Grant"], "app": {"value": "IDCSAppId"},
        "entitlement": {"attributeName": "appRoles", "attributeValue": "me"},
        "grantMechanism": "ADMINISTRATOR_TO_APP", "grantee": {"type": "App", "value": scim["id"]},
    });
    found("/admin/v1/Grants", &grant);
}
