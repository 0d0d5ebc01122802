//! The default client's grants and scopes that nobody set are those of the method, also when that changes.

use testkit::body;

use super::*;

#[tokio::test]
async fn a_put_or_patch_to_a_public_client_is_not_refused_over_a_grant_that_nobody_set() {
    let app = TestApp::new().await;
    let public = json!({"client_type": "native", "client_auth_method": "none"});
    for method in ["PUT", "PATCH"] {
        let made = app.register(method, |_| ()).await;
        let sent = request(&app, method, &made.id()).json(&public);
        let shown = result(&sent.send().await, 200);
        assert_eq!(shown["client_grant_types"], json!(["authorization_code"]));
        assert_eq!(shown["client_scopes"], json!([]));
        assert_eq!(shown["client_auth_method"], "none");
        // And back, to all that a client which authenticates has by default.
        let back = json!({"client_auth_method": "client_secret_basic"});
        let sent = request(&app, method, &made.id()).json(&back);
        let shown = result(&sent.send().await, 200);
        assert!(shown["client_secret"].is_string());
        let both = json!(["authorization_code", "client_credentials"]);
        assert_eq!(shown["client_grant_types"], both);
        assert_eq!(shown["client_scopes"], json!(["apps:read", "apps:edit"]));
    }
}

#[tokio::test]
async fn a_grant_that_somebody_set_is_refused_with_what_to_do() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let chosen = json!({"client_grant_types": ["client_credentials"]});
    result(&put(&app, &made).json(&chosen).send().await, 200);
    let public = json!({"client_type": "native", "client_auth_method": "none"});
    for method in ["PUT", "PATCH"] {
        let sent = request(&app, method, &made.id()).json(&public);
        let response = sent.send().await;
        assert_eq!(faults(&response), one("/client_grant_types", "conflict"));
        assert_eq!(
            body(&response)["detail"],
            "client_grant_types has client_credentials, which needs a client that authenticates; send the list without it, or \
             choose another auth method"
        );
    }
    let web = json!({"client_auth_method": "none", "client_grant_types": []});
    let response = put(&app, &made).json(&web).send().await;
    assert_eq!(faults(&response), one("/client_auth_method", "conflict"));
}
