//! `access_token_lifetime`: how long access tokens of a client live, in native words; SCIM's `accessTokenExpiry`.

use testkit::{Value, json, refusal, result};

use crate::{
    errors::native,
    ground::{Ground, NATIVE, SCIM, expect, scim, text},
};

const MEMBER: &str = "access_token_lifetime";

async fn expires_in(ground: &Ground, made: &Value) -> Value {
    let (id, secret) = (text(&made["client_id"]), text(&made["client_secret"]));
    expect(200, &ground.token_of(&id, &secret).await)["expires_in"].clone()
}

#[tokio::test]
async fn a_lifetime_is_set_shown_and_honoured_for_an_app_and_for_a_further_client() {
    let ground = Ground::new().await;
    let made = native(&json!({ MEMBER: 300 }));
    let made = ground.expect(201, "POST", NATIVE, &made).await["result"].take();
    assert_eq!(
        (&made[MEMBER], expires_in(&ground, &made).await),
        (&json!(300), json!(300))
    );
    let app = format!("{NATIVE}/{}", text(&made["app_id"]));
    let further = json!({
        "name": "Worker", "redirect_uris": [], "grant_types": ["client_credentials"], MEMBER: 60,
    });
    let path = format!("{app}/clients");
    let further = ground.expect(201, "POST", &path, &further).await["result"].take();
    assert_eq!(expires_in(&ground, &further).await, 60);
    // The app's is its default client's, and each is changed through either.
    let default = format!("/v1/clients/{}", text(&made["client_id"]));
    for (path, seconds) in [(&app, 1), (&default, 3600), (&app, 900)] {
        let change = json!({ MEMBER: seconds });
        ground.expect(200, "PUT", path, &change).await;
        for shown in [&app, &default] {
            assert_eq!(result(&ground.get(shown).await, 200)[MEMBER], seconds);
        }
        assert_eq!(expires_in(&ground, &made).await, seconds);
    }
    assert_eq!(expires_in(&ground, &further).await, 60);
    let reset = ground.to("PATCH", &app).merge(&json!({ MEMBER: null }));
    assert_eq!(result(&reset.send().await, 200)[MEMBER], 3600);
    assert_eq!(expires_in(&ground, &made).await, 3600);
}

#[tokio::test]
async fn scim_shows_what_native_set_and_keeps_what_it_set_itself() {
    let ground = Ground::new().await;
    let made = native(&json!({ MEMBER: 300 }));
    let made = ground.expect(201, "POST", NATIVE, &made).await;
    let id = text(&made["result"]["app_id"]);
    let (app, resource) = (format!("{NATIVE}/{id}"), format!("{SCIM}/{id}"));
    let expiry = async || expect(200, &ground.get(&resource).await)["accessTokenExpiry"].clone();
    assert_eq!(expiry().await, 300);
    // The longest life is what an absent one means.
    ground
        .expect(200, "PUT", &app, &json!({ MEMBER: 3600 }))
        .await;
    assert_eq!(expiry().await, Value::Null);
    for (stored, shown) in [(86_400, 3600), (3600, 3600), (120, 120)] {
        let change = scim(&json!({"active": true, "accessTokenExpiry": stored}));
        ground.expect(200, "PUT", &resource, &change).await;
        let read = result(&ground.get(&app).await, 200);
        assert_eq!(read[MEMBER], shown);
        ground.expect(200, "PUT", &app, &read).await;
        let other = json!({"app_description": format!("beside {stored}")});
        ground.expect(200, "PUT", &app, &other).await;
        assert_eq!(expiry().await, stored);
    }
}

/// Rights are as those of SCIM's member: an app may do it for itself, and management can't be crippled by it.
#[tokio::test]
async fn an_app_may_set_its_own_and_management_keeps_tokens_that_last() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let own = ground.token(made.client_id(), &["apps:edit"]).await;
    let app = format!("{NATIVE}/{}", made.id());
    let change = json!({ MEMBER: 60 });
    let request = ground.to("PUT", &app).json(&change).token(&own);
    assert_eq!(result(&request.send().await, 200)[MEMBER], 60);
    let management = format!("{NATIVE}/management");
    let short = ground
        .send("PUT", &management, &json!({ MEMBER: 59 }))
        .await;
    assert_eq!(refusal(&short), (409, "management-application".into()));
    ground.expect(200, "PUT", &management, &change).await;
}
