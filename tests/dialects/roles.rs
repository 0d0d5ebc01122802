//! SCIM's grants, secrets and discovery documents.

use testkit::{Value, json};

use crate::ground::{APP_SCHEMA, ERROR_SCHEMA, Ground, expect, round_trips, text};

const GRANTS: &str = "/admin/v1/Grants";
const SECRETS: &str = "/admin/v1/AppClientSecretRegenerator";

pub(crate) fn grant(app: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],
        "app": {"value": "IDCSAppId"},
        "entitlement": {"attributeName": "appRoles", "attributeValue": "me"},
        "grantMechanism": "ADMINISTRATOR_TO_APP",
        "grantee": {"type": "App", "value": app},
    })
}

fn of(app: &str, kind: &str) -> String {
    format!(
        "{GRANTS}?filter=grantee%5Bvalue%20eq%20%22{app}%22%20and%20type%20eq%20%22{kind}%22%5D"
    )
}

#[tokio::test]
async fn a_grant_is_made_once_found_read_and_taken_back() {
    let ground = Ground::new().await;
    let app = ground.register("One", |_| ()).await.id();
    let other = ground.register("Two", |_| ()).await.id();
    let made = ground.to("POST", GRANTS).json(&grant(&app)).send().await;
    assert_eq!(round_trips(&ground).len(), 1);
    let location = made.header("location").unwrap().to_owned();
    let made = expect(201, &made);
    let path = format!("{GRANTS}/{}", text(&made["id"]));
    assert!(location.ends_with(&path), "{location}");
    for name in ["schemas", "app", "entitlement", "grantMechanism", "grantee"] {
        assert_eq!(made[name], grant(&app)[name], "{name}");
    }
    let again = ground.expect(409, "POST", GRANTS, &grant(&app)).await;
    assert_eq!(
        again,
        json!({
            "schemas": [ERROR_SCHEMA], "status": "409", "scimType": "uniqueness",
            "detail": "This application has the role already.",
        })
    );
    ground.recorder.take();
    for (path, found, operations) in [
        (of(&app, "App"), 1, 1),
        (
            format!("{GRANTS}?filter=grantee.value%20eq%20%22{app}%22"),
            1,
            1,
        ),
        (GRANTS.to_owned(), 1, 1),
        (of(&other, "App"), 0, 1),
        (of(&app, "User"), 0, 0),
        (of("nonsense", "App"), 0, 0),
    ] {
        let shown = ground.expect(200, "GET", &path, &Value::Null).await;
        assert_eq!(shown["totalResults"], found, "{path}");
        assert_eq!(round_trips(&ground).len(), operations, "{path}");
        let resources = shown["Resources"].as_array().unwrap();
        assert!(resources.iter().all(|shown| *shown == made), "{path}");
    }
    let path_filter = format!("{GRANTS}?filter=app.value%20eq%20%22IDCSAppId%22");
    let shown = ground.expect(400, "GET", &path_filter, &Value::Null).await;
    assert_eq!(shown["scimType"], "invalidFilter");
    assert_eq!(ground.expect(200, "GET", &path, &Value::Null).await, made);
    assert_eq!(round_trips(&ground), ["GetItem"]);
    ground.expect(204, "DELETE", &path, &Value::Null).await;
    assert_eq!(round_trips(&ground).len(), 1);
    for (method, path) in [
        ("DELETE", path.clone()),
        ("GET", path),
        ("GET", format!("{GRANTS}/me.{other}")),
        ("GET", format!("{GRANTS}/{app}")),
        ("GET", format!("{GRANTS}/me.x")),
    ] {
        ground.expect(404, method, &path, &Value::Null).await;
    }
    ground.expect(201, "POST", GRANTS, &grant(&app)).await;
}

#[tokio::test]
async fn a_grant_of_anything_else_is_refused() {
    let ground = Ground::new().await;
    let app = ground.register("One", |_| ()).await.id();
    for (part, name, value) in [
        ("app", "value", json!("Other")),
        ("entitlement", "attributeName", json!("other")),
        ("entitlement", "attributeValue", json!("Admin")),
        ("grantee", "type", json!("User")),
        ("grantee", "value", json!("nobody")),
        ("grantee", "value", json!(7)),
    ] {
        let mut body = grant(&app);
        body[part][name] = value;
        let shown = ground.expect(400, "POST", GRANTS, &body).await;
        assert_eq!(shown["scimType"], "invalidValue", "{body}");
    }
    for member in ["schemas", "app", "entitlement", "grantMechanism", "grantee"] {
        let mut body = grant(&app);
        body.as_object_mut().unwrap().remove(member);
        let shown = ground.expect(400, "POST", GRANTS, &body).await;
        assert_eq!(shown["detail"], format!("{member} is required"));
    }
    let nobody = "019b7ca9-8c88-7150-a17a-a00ce50fffff";
    ground.expect(404, "POST", GRANTS, &grant(nobody)).await;
    let b = domain::TenantId::parse("b").unwrap();
    ground.tenant("b").await;
    let theirs = ground.register_in(&b, "Theirs", |_| ()).await.id();
    ground.expect(404, "POST", GRANTS, &grant(&theirs)).await;
}

#[tokio::test]
async fn the_role_me_is_found_by_its_name() {
    let ground = Ground::new().await;
    for (query, found) in [
        ("", 1),
        ("?filter=displayName%20eq%20%22Me%22", 1),
        ("?filter=displayName%20eq%20%22Other%22", 0),
    ] {
        let path = format!("/admin/v1/AppRoles{query}");
        let shown = ground.expect(200, "GET", &path, &Value::Null).await;
        assert_eq!(shown["totalResults"], found, "{query}");
    }
    let shown = ground
        .expect(200, "GET", "/admin/v1/AppRoles/me", &Value::Null)
        .await;
    assert_eq!(shown["displayName"], "Me");
    ground
        .expect(404, "GET", "/admin/v1/AppRoles/you", &Value::Null)
        .await;
    assert!(round_trips(&ground).is_empty());
}

#[tokio::test]
async fn a_new_secret_kills_every_old_one_at_once() {
    let ground = Ground::new().await;
    let made = ground.scim_app(&json!({"name": "client_1"})).await;
    let mut secrets = vec![text(&made["clientSecret"])];
    let id = text(&made["id"]);
    let native = format!("/v1/applications/{id}/clients/client_1/secrets");
    let second = ground.expect(201, "POST", &native, &json!({})).await;
    secrets.push(text(&second["result"]["client_secret"]));
    let body = json!({
        "appId": id,
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],
    });
    for _ in 0..5 {
        let last = secrets.last().unwrap();
        expect(200, &ground.token_of("client_1", last).await);
        ground.recorder.take();
        let response = ground.to("POST", SECRETS).json(&body).send().await;
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let shown = expect(201, &response);
        assert_eq!(shown["appId"], id.as_str());
        assert_eq!(shown["schemas"], body["schemas"]);
        for old in &secrets {
            expect(401, &ground.token_of("client_1", old).await);
        }
        secrets.push(text(&shown["clientSecret"]));
    }
    let public = ground
        .scim_app(&json!({
            "displayName": "Public", "clientType": "public",
            "basedOnTemplate": {"value": "CustomBrowserMobileTemplateId"},
            "allowedGrants": ["authorization_code"],
        }))
        .await;
    let mut none = body.clone();
    none["appId"] = public["id"].clone();
    ground.expect(409, "POST", SECRETS, &none).await;
    none["appId"] = json!("019b7ca9-8c88-7150-a17a-a00ce50fffff");
    ground.expect(404, "POST", SECRETS, &none).await;
    none.as_object_mut().unwrap().remove("appId");
    let shown = ground.expect(400, "POST", SECRETS, &none).await;
    assert_eq!(shown["detail"], "appId is required");
}

#[tokio::test]
async fn discovery_tells_scim_clients_what_is_served() {
    let ground = Ground::new().await;
    let config = ground
        .expect(200, "GET", "/admin/v1/ServiceProviderConfig", &Value::Null)
        .await;
    for (feature, supported) in [
        ("patch", true),
        ("bulk", false),
        ("filter", true),
        ("changePassword", false),
        ("sort", true),
        ("etag", true),
    ] {
        assert_eq!(config[feature]["supported"], supported, "{feature}");
    }
    assert_eq!(config["filter"]["maxResults"], 1000);
    assert!(config["authenticationSchemes"].is_array());
    for (kind, id) in [("Schemas", APP_SCHEMA), ("ResourceTypes", "App")] {
        let all = format!("/admin/v1/{kind}");
        let listed = ground.expect(200, "GET", &all, &Value::Null).await;
        let found = listed["Resources"].as_array().unwrap();
        assert_eq!(listed["totalResults"], found.len());
        let one = ground
            .expect(200, "GET", &format!("{all}/{id}"), &Value::Null)
            .await;
        assert!(found.contains(&one), "{kind}");
        let location = text(&one["meta"]["location"]);
        assert_eq!(location, format!("{}{all}/{id}", testkit::ISSUER));
        ground
            .expect(404, "GET", &format!("{all}/none"), &Value::Null)
            .await;
        let filtered = format!("{all}?filter=id%20pr");
        let shown = ground.expect(403, "GET", &filtered, &Value::Null).await;
        assert_eq!(shown["status"], "403");
    }
    let schema = format!("/admin/v1/Schemas/{APP_SCHEMA}");
    let schema = ground.expect(200, "GET", &schema, &Value::Null).await;
    let described: Vec<_> = schema["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attribute| text(&attribute["name"]))
        .collect();
    // Every attribute that is shown is described.
    let made = ground
        .scim_app(&json!({"redirectUris": ["http://a.example"]}))
        .await;
    for name in made.as_object().unwrap().keys() {
        let common = ["schemas", "id", "meta", "externalId"].contains(&name.as_str());
        assert!(common || described.contains(name), "{name}");
    }
    ground.recorder.take();
    ground.get("/admin/v1/Schemas").await;
    assert!(round_trips(&ground).is_empty());
}
