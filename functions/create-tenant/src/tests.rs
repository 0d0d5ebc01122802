//! `create-tenant` on the embedded engine. The test registry's own first tenant was made by it too.

use domain::{Secret, SecretDigest};
use testkit::{TestApp, json};

use super::*;

fn named(id: &str) -> CreateTenant {
    CreateTenant {
        tenant_id: Some(TenantId::parse(id).unwrap()),
    }
}

/// How many live secrets of a client these credentials' secret fits.
async fn fits(app: &TestApp, made: &Credentials) -> usize {
    let found = app.registry.table.credentials(&made.client_id).await;
    let stored = found.unwrap().unwrap().secrets;
    let secret = Secret::parse(&made.client_secret).unwrap();
    let pepper = app.registry.master().unwrap().pepper();
    let fits = |digest: &SecretDigest| pepper.verify(&secret, &made.client_id, digest);
    stored.iter().filter(|s| fits(&s.digest)).count()
}

#[tokio::test]
async fn a_new_tenant_gets_a_management_application_with_every_scope() {
    let app = TestApp::new().await;
    app.recorder.take();
    let made = handle(app.registry.clone(), named("b")).await.unwrap();
    assert_eq!(made.tenant_id.as_str(), "b");
    assert_eq!(fits(&app, &made).await, 1);
    let found = app.registry.table.principal(&made.client_id).await;
    let principal = found.unwrap().unwrap();
    assert!(principal.is_active());
    let management = principal.app;
    assert!(management.management);
    assert_eq!(management.code_name.as_str(), "management");
    assert_eq!(management.profile.app_name.as_str(), "Management");
    assert_eq!(management.created_by, "operator");
    assert_eq!(management.tenant_id.as_str(), "b");
    let settings = principal.client.settings;
    let held: Vec<_> = settings.scopes.iter().map(Scope::as_str).collect();
    assert_eq!(held, scopes::MANAGEMENT);
    assert_eq!(settings.grant_types, [GrantType::ClientCredentials]);
    assert!(settings.redirect_uris.is_empty());
}

#[tokio::test]
async fn the_first_tenant_is_made_when_none_is_named() {
    let app = TestApp::new().await;
    assert_eq!(app.management.tenant_id, TenantId::first());
    let again = handle(app.registry.clone(), CreateTenant::default()).await;
    assert_eq!(again.unwrap().client_id, app.management.client_id);
}

#[tokio::test]
async fn a_second_call_gives_a_fresh_secret_and_ends_the_old_one() {
    let app = TestApp::new().await;
    let first = handle(app.registry.clone(), named("b")).await.unwrap();
    let second = handle(app.registry.clone(), named("b")).await.unwrap();
    assert_eq!(first.client_id, second.client_id);
    assert_ne!(first.client_secret, second.client_secret);
    assert_eq!(
        (fits(&app, &first).await, fits(&app, &second).await),
        (0, 1)
    );
    let stored = app.registry.table.credentials(&first.client_id).await;
    assert_eq!(stored.unwrap().unwrap().secrets.len(), 1);
}

#[tokio::test]
async fn a_fresh_secret_changes_nothing_else() {
    let app = TestApp::new().await;
    let made = handle(app.registry.clone(), named("b")).await.unwrap();
    let read = || app.registry.table.principal(&made.client_id);
    let before = read().await.unwrap().unwrap();
    app.clock.advance(60);
    handle(app.registry.clone(), named("b")).await.unwrap();
    let after = read().await.unwrap().unwrap();
    assert_eq!(before.app, after.app);
}

#[tokio::test]
async fn tenants_have_nothing_in_common_but_the_keys() {
    let app = TestApp::new().await;
    let b = handle(app.registry.clone(), named("b")).await.unwrap();
    let c = handle(app.registry.clone(), named("c")).await.unwrap();
    assert_ne!(b.client_id, c.client_id);
    assert_ne!(b.client_secret, c.client_secret);
    let again = handle(app.registry.clone(), named("b")).await.unwrap();
    assert_eq!(again.client_id, b.client_id);
    assert_eq!(fits(&app, &c).await, 1);
    let keys = app.registry.table.signing_keys().await.unwrap().keys;
    assert_eq!(keys.len(), 1);
}

#[tokio::test]
async fn a_tenant_is_made_in_one_transaction_of_three_puts() {
    let app = TestApp::new().await;
    app.recorder.take();
    let made = handle(app.registry.clone(), named("b")).await.unwrap();
    let writes: Vec<_> = app
        .recorder
        .take()
        .into_iter()
        .filter(|c| c.operation.contains("Write"))
        .collect();
    let [call] = writes.as_slice() else {
        panic!("one write: {writes:?}")
    };
    assert_eq!(call.actions, ["PutItem"; 3]);
    let id = made.client_id.app_id().unwrap();
    let key = |pk: String, sk: &str| (pk, sk.to_owned());
    assert_eq!(
        call.keys,
        [
            key("TENANT#b".into(), "TENANT"),
            key(format!("APP#{id}"), "APP"),
            key("CODE#b#management".into(), "GUARD"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_leave_one_tenant_and_one_working_secret() {
    let app = TestApp::new().await;
    let call = |_| tokio::spawn(handle(app.registry.clone(), named("b")));
    let calls: Vec<_> = (0..16).map(call).collect();
    let mut made = Vec::new();
    for call in calls {
        match call.await.unwrap() {
            Ok(credentials) => made.push(credentials),
            Err(ApiError::Conflict { code, .. }) => assert_eq!(code, "tenant-exists"),
            Err(e) => panic!("{e:?}"),
        }
    }
    assert!(!made.is_empty());
    assert!(made.iter().all(|m| m.client_id == made[0].client_id));
    let mut working = 0;
    for credentials in &made {
        working += fits(&app, credentials).await;
    }
    assert_eq!(working, 1);
}

#[tokio::test]
async fn the_secret_is_in_the_answer_and_nowhere_else() {
    let app = TestApp::new().await;
    app.recorder.take();
    let made = handle(app.registry.clone(), named("b")).await.unwrap();
    assert!(!format!("{made:?}").contains(&made.client_secret));
    for call in app.recorder.take() {
        let sent = format!("{} {}", call.request, call.response);
        assert!(!sent.contains(&made.client_secret), "{}", call.operation);
    }
    assert_eq!(
        serde_json::to_value(&made).unwrap(),
        json!({
            "tenant_id": "b",
            "client_id": made.client_id,
            "client_secret": made.client_secret,
            "key_set_roots": app.registry.keys.roots().unwrap(),
        })
    );
}

#[test]
fn a_payload_names_a_tenant_or_nothing() {
    let parse = |text: &str| serde_json::from_str::<CreateTenant>(text);
    assert_eq!(parse("{}").unwrap(), CreateTenant::default());
    assert_eq!(parse(r#"{"tenant_id": "b"}"#).unwrap(), named("b"));
    for bad in [
        r#"{"tenant_id": "B"}"#,
        r#"{"tenant_id": ""}"#,
        r#"{"tenant_id": "a#b"}"#,
        r#"{"tenant_id": 1}"#,
        r#"{"tenant": "b"}"#,
        r#"{"tenant_id": "b", "client_secret": "x"}"#,
        "[]",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}
