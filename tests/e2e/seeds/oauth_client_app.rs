//! "Create and Activate an OAuth Client App": the three kinds of app, their activation, the Me role.

use serde_json::{Value, json};

use super::{claims, path_of, send, text};
use crate::client::{Credentials, Deployment};

const APPS: &str = "/admin/v1/Apps";
const APP: &str = "urn:ietf:params:scim:schemas:oracle:idcs:App";
const STATUS: &str = "urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger";
const GRANT: &str = "urn:ietf:params:scim:schemas:oracle:idcs:Grant";

fn confidential() -> Value {
    json!({
        "schemas": [APP],
        "displayName": "demoapp",
        "isOAuthClient": true,
        "description": "demoapp",
        "active": true,
        "clientType": "confidential",
        "basedOnTemplate": {"value": "CustomWebAppTemplateId"},
        "redirectUris": ["http://host.example.com/demoapp/return"],
        "logoutUri": "http://host.example.com/demoapp/logout.jsp",
        "postLogoutRedirectUris": ["http://host.example.com/demoapp/logout.jsp"],
        "allUrlSchemesAllowed": true,
        "allowedScopes": [
            {"fqs": "http://example.com/photos"},
            {"fqs": "http://example.com/presentations"},
        ],
        "allowedGrants": [
            "authorization_code",
            "client_credentials",
            "password",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "certificates": [{"certAlias": "SampleOAuthClient_1"}],
    })
}

fn trusted() -> Value {
    let mut body = confidential();
    body.as_object_mut().unwrap().remove("allUrlSchemesAllowed");
    body["displayName"] = json!("trustedClientApp");
    body["description"] = json!("trusted client");
    body["clientType"] = json!("trusted");
    body["redirectUris"] = json!([
        "http://host.example.com:9090/demoapp/return",
        "http://host.example.com:9090/IDCSExample",
    ]);
    body
}

fn public() -> Value {
    json!({
        "schemas": [APP],
        "displayName": "publicClientApp",
        "isOAuthClient": true,
        "description": "public client",
        "active": true,
        "clientType": "public",
        "basedOnTemplate": {"value": "CustomBrowserMobileTemplateId"},
        "redirectUris": [
            "http://host.example.com:9090/demoapp/return",
            "http://host.example.com:9090/Playground",
        ],
        "logoutUri": "http://host.example.com:9090/demoapp/logout.jsp",
        "postLogoutRedirectUris": ["http://host.example.com:9090/demoapp/logout.jsp"],
        "allowedScopes": [{"fqs": "http://example.com/photos"}],
        "allowedGrants": ["authorization_code", "implicit"],
    })
}

/// Creates, reads back, and hands over what creation answered.
fn created(roster: &Deployment, admin: &str, body: &Value) -> Value {
    let answer = send(roster, admin, "POST", APPS, body);
    let made = answer.expect(201);
    assert_eq!(answer.header("content-type"), "application/scim+json");
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let path = path_of(roster, answer.header("location")).to_owned();
    assert_eq!(path, format!("{APPS}/{}", text(&made["id"])));
    let read = roster.get(admin, &path);
    let shown = read.expect(200);
    assert_eq!(read.header("etag"), answer.header("etag"));
    assert!(shown.get("clientSecret").is_none());
    let mut without = made.clone();
    without.as_object_mut().unwrap().remove("clientSecret");
    assert_eq!(shown, without);
    made
}

fn credentials(made: &Value) -> Credentials {
    Credentials {
        client_id: text(&made["name"]),
        client_secret: text(&made["clientSecret"]),
    }
}

/// So that the story can be told again to the same deployment.
fn deleted(roster: &Deployment, admin: &str, made: &Value) {
    let path = format!("{APPS}/{}?forceDelete=true", text(&made["id"]));
    let answer = send(roster, admin, "DELETE", &path, &Value::Null);
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[test]
fn oauth_client_app_confidential() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let made = created(&roster, &admin, &confidential());
    let warnings = made["warnings"].to_string();
    for named in ["demoapp/return", "demoapp/logout.jsp", "grant password"] {
        assert!(warnings.contains(named), "{warnings}");
    }
    // Nothing of the seed's own is unknown.
    assert!(!warnings.contains("ignored"), "{warnings}");
    let token = roster.token(&credentials(&made));
    assert_eq!(
        claims(&token)["scope"],
        "http://example.com/photos http://example.com/presentations"
    );
    deleted(&roster, &admin, &made);
}

#[test]
fn oauth_client_app_trusted() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let made = created(&roster, &admin, &trusted());
    let native = format!("/v1/applications/{}", text(&made["id"]));
    let native = roster.get(&admin, &native).expect(200);
    assert_eq!(native["result"]["trusted"], true);
    roster.token(&credentials(&made));
    deleted(&roster, &admin, &made);
}

#[test]
fn oauth_client_app_public() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let made = created(&roster, &admin, &public());
    assert!(made.get("clientSecret").is_none());
    let warnings = made["warnings"].to_string();
    assert!(warnings.contains("grant implicit"), "{warnings}");
    assert!(!warnings.contains("ignored"), "{warnings}");
    deleted(&roster, &admin, &made);
}

#[test]
fn oauth_client_app_activate() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let mut body = confidential();
    body["displayName"] = json!("inactiveapp");
    body["active"] = json!(false);
    let made = created(&roster, &admin, &body);
    let own = credentials(&made);
    let refused = roster.ask_token(&own, "grant_type=client_credentials");
    assert!([400, 401].contains(&refused.status), "{refused:?}");

    let path = format!("/admin/v1/AppStatusChanger/{}", text(&made["id"]));
    let activate = json!({"active": true, "schemas": [STATUS]});
    let changed = send(&roster, &admin, "PUT", &path, &activate).expect(200);
    assert_eq!(changed["active"], true);
    assert_eq!(changed["schemas"], json!([STATUS]));
    assert_eq!(changed["id"], made["id"]);
    let app = format!("{APPS}/{}", text(&made["id"]));
    assert_eq!(roster.get(&admin, &app).expect(200)["active"], true);
    roster.token(&own);
    deleted(&roster, &admin, &made);
}

#[test]
fn oauth_client_app_grant_the_me_role() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let mut body = confidential();
    body["displayName"] = json!("selfserviceapp");
    let made = created(&roster, &admin, &body);
    let me = "urn:opc:idm:t.user.me";
    let own = credentials(&made);
    let scopes = || text(&claims(&roster.token(&own))["scope"]);
    assert!(!scopes().contains(me));

    let roles = "/admin/v1/AppRoles?filter=displayName%20eq%20%22Me%22";
    let roles = roster.get(&admin, roles).expect(200);
    assert_eq!(roles["totalResults"], 1);
    let grant = json!({
        "schemas": [GRANT],
        "app": {"value": "IDCSAppId"},
        "entitlement": {
            "attributeName": "appRoles",
            "attributeValue": roles["Resources"][0]["id"],
        },
        "grantMechanism": "ADMINISTRATOR_TO_APP",
        "grantee": {"type": "App", "value": made["id"]},
    });
    let granted = roster.post(&admin, "/admin/v1/Grants", &grant).expect(201);
    assert!(scopes().split(' ').any(|scope| scope == me));

    let again = roster.post(&admin, "/admin/v1/Grants", &grant).expect(409);
    assert_eq!(again["scimType"], "uniqueness");
    let path = format!("/admin/v1/Grants/{}", text(&granted["id"]));
    let answer = send(&roster, &admin, "DELETE", &path, &Value::Null);
    assert_eq!(answer.status, 204, "{answer:?}");
    assert!(!scopes().contains(me));
    deleted(&roster, &admin, &made);
}
