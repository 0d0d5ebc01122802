//! What SCIM ignores or stores in vain it names in `warnings`: a misspelled attribute does not vanish.

use domain::GrantType;
use testkit::{Value, json};

use crate::ground::{Ground, SCIM, patch_op, scim, text};
use crate::roles::grant;

/// Without the warnings of grants.
fn quiet(over: &Value) -> Value {
    let mut document = scim(&json!({"allowedGrants": ["client_credentials"]}));
    for (name, value) in over.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

fn meant(wrong: &str, right: &str) -> String {
    format!("{wrong} is not known and was ignored; did you mean {right}?")
}

#[tokio::test]
async fn a_misspelled_attribute_is_named_with_the_one_that_was_meant() {
    let ground = Ground::new().await;
    let typo = quiet(&json!({"allowedScope": [{"fqs": "photos"}]}));
    let made = ground.expect(201, "POST", SCIM, &typo).await;
    assert_eq!(
        made["warnings"],
        json!([meant("allowedScope", "allowedScopes")])
    );
    let path = format!("{SCIM}/{}", text(&made["id"]));
    // It is what the request said, and not what is stored.
    assert_eq!(
        ground
            .expect(200, "GET", &path, &Value::Null)
            .await
            .get("warnings"),
        None
    );

    let typos = quiet(&json!({
        "redirectUri": ["https://a.example/cb"], "client_type": "public", "colour": "red",
        "tags": [{"key": "a", "value": "b", "vaule": "c"}, {"key": "d", "value": "e", "vaule": "f"}],
        "ACTIVE": true,
    }));
    let mut typos = typos;
    typos.as_object_mut().unwrap().remove("active");
    let put = ground.expect(200, "PUT", &path, &typos).await;
    assert_eq!(
        put["warnings"],
        json!([
            meant("client_type", "clientType"),
            "colour is not known and was ignored",
            meant("redirectUri", "redirectUris"),
            meant("tags.vaule", "value"),
        ])
    );

    let operations = json!([
        {"op": "add", "path": "allowedScope", "value": [{"fqs": "photos"}]},
        {"op": "add", "path": "tags", "value": [{"key": "x", "value": "y", "keys": 1}]},
        {"op": "replace", "value": {"descripton": "new", "description": "newer"}},
        {"op": "remove", "path": "urn:ietf:params:scim:schemas:oracle:idcs:App:logoutUrl"},
        {"op": "replace", "path": "tags[key eq \"x\"].valeu", "value": "z"},
    ]);
    let patched = ground
        .expect(200, "PATCH", &path, &patch_op(&operations))
        .await;
    assert_eq!(patched["description"], "newer");
    assert_eq!(
        patched["warnings"],
        json!([
            meant("allowedScope", "allowedScopes"),
            meant("tags.keys", "key"),
            meant("descripton", "description"),
            meant("logoutUrl", "logoutUri"),
            meant("tags.valeu", "value"),
        ])
    );
}

#[tokio::test]
async fn what_the_vendor_has_and_this_server_has_not_is_told_apart_from_what_nobody_knows() {
    let ground = Ground::new().await;
    let body = quiet(&json!({
        "landingPageUrl": "https://a.example/", "isSamlServiceProvider": false,
        "urn:ietf:params:scim:schemas:oracle:idcs:extension:requestable:App": {"requestable": true},
        "basedOnTemplate": {"value": "CustomWebAppTemplateId", "wellKnownId": "CustomWebAppTemplateId"},
        "certificates": [{"certAlias": "SampleOAuthClient_1"}],
    }));
    let made = ground.expect(201, "POST", SCIM, &body).await;
    let unsupported = |name: &str| format!("{name} is not supported here and was ignored");
    assert_eq!(
        made["warnings"],
        json!([
            unsupported("basedOnTemplate.wellKnownId"),
            unsupported("isSamlServiceProvider"),
            unsupported("landingPageUrl"),
            unsupported("urn:ietf:params:scim:schemas:oracle:idcs:extension:requestable:App"),
        ])
    );
}

#[tokio::test]
async fn whoever_sends_back_what_was_read_is_not_warned() {
    let ground = Ground::new().await;
    let scopes = json!({"allowedScopes": [{"fqs": "photos"}], "tags": [{"key": "a", "value": "b"}],
        "isOAuthResource": true, "audience": "urn:mine", "scopes": [{"value": "s", "requiresConsent": true}]});
    let made = ground.expect(201, "POST", SCIM, &quiet(&scopes)).await;
    assert_eq!(made.get("warnings"), None, "{made}");
    let path = format!("{SCIM}/{}", text(&made["id"]));
    // With its id, its meta and its secret.
    let put = ground.expect(200, "PUT", &path, &made).await;
    assert_eq!(put.get("warnings"), None, "{put}");
    // With a role that its client was granted.
    let grant = grant(&text(&made["id"]));
    ground.expect(201, "POST", "/admin/v1/Grants", &grant).await;
    let read = ground.expect(200, "GET", &path, &Value::Null).await;
    assert!(read["grantedAppRoles"].is_array(), "{read}");
    let put = ground.expect(200, "PUT", &path, &read).await;
    assert_eq!(put.get("warnings"), None, "{put}");
}

#[tokio::test]
async fn of_many_ignored_attributes_ten_are_named_and_the_others_counted() {
    let ground = Ground::new().await;
    let mut body = quiet(&json!({}));
    for n in 0..500 {
        body[format!("strange{n:03}")] = json!(n);
    }
    let made = ground.expect(201, "POST", SCIM, &body).await;
    let warnings = made["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 11);
    assert_eq!(warnings[0], "strange000 is not known and was ignored");
    assert_eq!(warnings[10], "490 more attributes were ignored");
}

/// It follows from what the token endpoint serves: a grant that comes to be served is warned of no longer.
#[tokio::test]
async fn every_grant_that_no_endpoint_serves_is_warned_of() {
    let ground = Ground::new().await;
    let all = GrantType::ALL.map(GrantType::as_str);
    let made = ground.scim_app(&json!({"allowedGrants": all})).await;
    let warnings: Vec<_> = made["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    let metadata = "/.well-known/oauth-authorization-server";
    let metadata = ground.expect(200, "GET", metadata, &Value::Null).await;
    let served = metadata["grant_types_supported"].as_array().unwrap();
    let unserved: Vec<_> = all
        .into_iter()
        .filter(|name| !served.contains(&json!(name)))
        .collect();
    assert_eq!(warnings.len(), unserved.len(), "{warnings:?}");
    for (name, warning) in unserved.into_iter().zip(&warnings) {
        let why = match name {
            "implicit" | "password" => "is withdrawn (RFC 9700) and served by no endpoint",
            _ => "is stored as asked, and no endpoint serves it yet",
        };
        assert_eq!(*warning, format!("the grant {name} {why}"));
        // And none does.
        let secret = text(&made["clientSecret"]);
        let basic = testkit::basic(text(&made["name"]), &secret);
        let request = ground
            .to("POST", "/oauth2/token")
            .form(&format!("grant_type={name}"));
        let refused = request.header("authorization", &basic).send().await;
        assert!(
            refused.body.contains("unsupported_grant_type"),
            "{name}: {}",
            refused.body
        );
    }
}
