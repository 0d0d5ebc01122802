//! Grants and scopes that nobody set are those of the method, also when that changes.

use domain::{Scope, scopes};
use testkit::body;

use super::*;

fn public() -> Value {
    json!({"client_type": "native", "token_endpoint_auth_method": "none"})
}

fn confidential() -> Value {
    json!({"token_endpoint_auth_method": "client_secret_basic"})
}

async fn changed(app: &TestApp, method: &str, client: &ClientId, change: &Value) -> Value {
    let path = short(client);
    let response = request(app, method, &path).json(change).send().await;
    result(&response, 200)
}

#[tokio::test]
async fn a_grant_that_nobody_set_follows_the_method_there_and_back() {
    let app = TestApp::new().await;
    for method in ["PUT", "PATCH"] {
        let made = app.register(method, |_| ()).await;
        let further = app
            .register_client(&made.app, "Backend", |settings| settings.scopes.clear())
            .await;
        for (client, scopes) in [
            (further.id(), json!([])),
            (made.client_id(), json!(["apps:read", "apps:edit"])),
        ] {
            let shown = changed(&app, method, client, &public()).await;
            assert_eq!(shown["grant_types"], json!(["authorization_code"]));
            assert_eq!(shown["scopes"], json!([]));
            assert_eq!(shown["effective_scopes"], json!([]));
            let shown = changed(&app, method, client, &confidential()).await;
            let both = json!(["authorization_code", "client_credentials"]);
            assert_eq!(shown["grant_types"], both);
            assert_eq!(shown["scopes"], scopes);
            assert!(shown["client_secret"].is_string());
        }
    }
}

#[tokio::test]
async fn a_grant_that_somebody_set_stays_and_is_refused_with_what_to_do() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let set = app
        .register_client(&made.app, "Set", |settings| {
            settings.grant_types = vec![GrantType::ClientCredentials];
        })
        .await;
    let mut echoed = public();
    echoed["grant_types"] = json!(["authorization_code", "client_credentials"]);
    let by_default = app.register_client(&made.app, "Default", |_| ()).await;
    // Set once, or in this very request, be it what it was by default.
    for (client, change) in [(set.id(), public()), (by_default.id(), echoed)] {
        for method in ["PUT", "PATCH"] {
            let path = short(client);
            let response = request(&app, method, &path).json(&change).send().await;
            let expected = [("/grant_types".into(), "conflict".into())];
            assert_eq!(faults(&response), expected);
            assert_eq!(
                body(&response)["detail"],
                "grant_types has client_credentials, which needs a client that authenticates; send the list without it, or \
             choose another auth method"
            );
        }
    }
    let mut without = public();
    without["grant_types"] = json!([]);
    let shown = changed(&app, "PUT", set.id(), &without).await;
    assert_eq!(shown["grant_types"], json!([]));
}

#[tokio::test]
async fn scopes_that_somebody_set_stay_with_any_method() {
    let app = TestApp::new().await;
    let made = app
        .register("My app", |create| {
            create.client.scopes = vec![Scope::parse("photos").unwrap()];
        })
        .await;
    let shown = changed(&app, "PUT", made.client_id(), &public()).await;
    assert_eq!(shown["scopes"], json!(["photos"]));
    let shown = changed(&app, "PUT", made.client_id(), &confidential()).await;
    assert_eq!(shown["scopes"], json!(["photos"]));
}

#[tokio::test]
async fn what_shrinks_by_default_takes_no_trust_and_what_grows_does() {
    let app = TestApp::new().await;
    let held = [scopes::EDIT, scopes::READ, scopes::SECRETS];
    let made = app
        .register("My app", |create| {
            create.client.scopes = held.map(|s| Scope::parse(s).unwrap()).into();
        })
        .await;
    let further = app
        .register_client(&made.app, "Phone", |settings| settings.scopes.clear())
        .await;
    let own = app.token(made.client_id(), &held).await;
    let path = short(further.id());
    let sent = request(&app, "PUT", &path).token(&own).json(&public());
    let shown = result(&sent.send().await, 200);
    assert_eq!(shown["grant_types"], json!(["authorization_code"]));
    app.recorder.take();
    let sent = request(&app, "PUT", &path)
        .token(&own)
        .json(&confidential());
    assert_eq!(refusal(&sent.send().await), (403, "forbidden".into()));
    assert!(!app.recorder.summary().wrote());
    // Who is not trusted with grants says that they stay.
    let mut stays = confidential();
    stays["grant_types"] = json!(["authorization_code"]);
    let sent = request(&app, "PUT", &path).token(&own).json(&stays);
    let shown = result(&sent.send().await, 200);
    assert_eq!(shown["grant_types"], json!(["authorization_code"]));
    // A grant that was set is nobody's default, and goes with trust alone, whatever else goes with it.
    let chosen = app
        .register_client(&made.app, "Set", |settings| {
            settings.scopes.clear();
            settings.grant_types.push(GrantType::RefreshToken);
        })
        .await;
    let mut fewer = public();
    fewer["grant_types"] = json!(["authorization_code"]);
    let path = short(chosen.id());
    let sent = request(&app, "PUT", &path).token(&own).json(&fewer);
    assert_eq!(refusal(&sent.send().await), (403, "forbidden".into()));
}
