//! What a token carries by whom it is for.

use domain::{OfferedScope, ResourceServer, TenantId, scopes};

use super::{tokens::claims, *};

const API: &str = "https://api.example.com";

fn scopes(names: &[&str]) -> Vec<Scope> {
    names.iter().map(|s| Scope::parse(s).unwrap()).collect()
}

fn server(audience: &str, offered: &[&str]) -> ResourceServer {
    let offered = scopes(offered).into_iter().map(|value| OfferedScope {
        value,
        description: None,
        requires_consent: false,
    });
    ResourceServer {
        enabled: true,
        audience: Some(ResourceId::parse(audience).unwrap()),
        scopes: offered.collect(),
    }
}

/// A resource server of the first tenant.
async fn offering(app: &TestApp, name: &str, audience: &str, offered: &[&str]) -> Registered {
    app.register(name, |app| {
        app.profile.resource_server = Some(server(audience, offered));
    })
    .await
}

/// A client with scopes of every kind, for two resources and the issuer.
async fn holder(app: &TestApp) -> Registered {
    app.register("Holder", |app| {
        app.client.scopes = scopes(&["apps:read", "apps:edit", "photos", "films"]);
        let resources = [API, "two", "https://roster.test"];
        app.client.resources = resources.map(|r| ResourceId::parse(r).unwrap()).into();
    })
    .await
}

/// The scopes and the audience of the token for such a request, or the OAuth error.
async fn asked(app: &TestApp, client: &Registered, more: &str) -> (String, Value) {
    let request = by_basic(app, client, &format!("{GRANT}{more}"));
    let response = request.send().await;
    if response.status != 200 {
        let (_, said) = answer(&response);
        return (said["error"].as_str().unwrap().into(), Value::Null);
    }
    app.recorder.take();
    let claims = claims(app, by_basic(app, client, &format!("{GRANT}{more}"))).await;
    (
        claims["scope"].as_str().unwrap().into(),
        claims["aud"].clone(),
    )
}

async fn assert_asked(app: &TestApp, client: &Registered, cases: &[(&str, &str)]) {
    for (more, expected) in cases {
        assert_eq!(asked(app, client, more).await.0, *expected, "{more}");
    }
}

#[tokio::test]
async fn a_token_for_a_resource_carries_none_of_the_registrys_scopes() {
    let app = TestApp::new().await;
    let client = holder(&app).await;
    // Without a resource it is for the registry, which any API but the registry must refuse.
    let (scope, aud) = asked(&app, &client, "").await;
    assert_eq!(scope, "apps:read apps:edit photos films");
    assert_eq!(aud, testkit::ISSUER);
    // With one, registered or not, it carries nothing of the registry's.
    let (scope, aud) = asked(&app, &client, &format!("&resource={API}")).await;
    assert_eq!((scope.as_str(), aud), ("photos films", json!(API)));
}

#[tokio::test]
async fn reserved_scopes_go_only_into_tokens_for_the_issuer_alone() {
    let app = TestApp::new().await;
    let client = holder(&app).await;
    let both = format!("&resource={API}&resource=https://roster.test");
    assert_asked(
        &app,
        &client,
        &[
            (
                "&resource=https://roster.test",
                "apps:read apps:edit photos films",
            ),
            ("&resource=https://roster.test&scope=apps:edit", "apps:edit"),
            (&format!("&resource={API}&scope=apps:edit"), "invalid_scope"),
            (
                &format!("&resource={API}&scope=photos+apps:read"),
                "invalid_scope",
            ),
            // For the issuer and another: the other holds it too.
            (&both, "photos films"),
            (&format!("{both}&scope=apps:read"), "invalid_scope"),
            (&format!("{both}&scope=films"), "films"),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_me_role_goes_only_into_tokens_for_the_issuer() {
    let app = TestApp::new().await;
    let client = holder(&app).await;
    let grant = domain::RoleGrant {
        granted_at: app.registry.now(),
        granted_by: "test".into(),
    };
    let (table, tenant) = (&app.registry.table, TenantId::first());
    let granted = table.grant_me(&tenant, &client.app.app_id, None, &grant, "write");
    assert!(granted.await.unwrap());
    assert!(asked(&app, &client, "").await.0.ends_with(scopes::ME));
    assert_asked(
        &app,
        &client,
        &[
            (&format!("&resource={API}"), "photos films"),
            (
                &format!("&resource={API}&scope={}", scopes::ME),
                "invalid_scope",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_token_for_a_registered_resource_server_carries_only_what_it_offers() {
    let app = TestApp::new().await;
    let client = holder(&app).await;
    offering(&app, "Films", API, &["films", "music", "apps:read"]).await;
    assert_asked(
        &app,
        &client,
        &[
            (&format!("&resource={API}"), "films"),
            (&format!("&resource={API}&scope=films"), "films"),
            (&format!("&resource={API}&scope=photos"), "invalid_scope"),
            (&format!("&resource={API}&scope=music"), "invalid_scope"),
            (&format!("&resource={API}&scope=apps:read"), "invalid_scope"),
            ("&resource=two", "photos films"),
            // Each scope counts at each audience.
            (&format!("&resource={API}&resource=two"), "films"),
            ("", "apps:read apps:edit photos films"),
        ],
    )
    .await;
    offering(&app, "Nothing", "two", &[]).await;
    assert_asked(
        &app,
        &client,
        &[
            ("&resource=two", ""),
            (&format!("&resource={API}&resource=two"), ""),
            ("&resource=two&scope=films", "invalid_scope"),
        ],
    )
    .await;
    // Another tenant's resource server has no say here.
    let theirs = TenantId::parse("other").unwrap();
    app.tenant("other").await;
    app.register_in(&theirs, "Theirs", |app| {
        app.profile.resource_server = Some(server("https://roster.test", &["photos"]));
    })
    .await;
    assert_asked(&app, &client, &[("", "apps:read apps:edit photos films")]).await;
}

#[tokio::test]
async fn what_a_resource_server_offers_and_whether_it_is_on_counts_at_once() {
    let app = TestApp::new().await;
    let client = holder(&app).await;
    let films = offering(&app, "Films", API, &["films"]).await;
    let here = format!("&resource={API}");
    assert_asked(&app, &client, &[(&here, "films")]).await;
    app.switch(&films.app, false).await;
    assert_asked(
        &app,
        &client,
        &[(&here, "invalid_target"), ("&resource=two", "photos films")],
    )
    .await;
    app.switch(&films.app, true).await;
    assert_asked(&app, &client, &[(&here, "films")]).await;
    let change = async |to: Option<ResourceServer>| {
        let old = app.stored(&films.app).await.unwrap();
        let mut profile = old.profile.clone();
        profile.resource_server = to;
        let settings = old.default_client.settings.clone();
        let now = app.registry.now();
        let new = old.clone().changed(profile, settings, "someone", now);
        let keep = table::SecretsChange::Keep;
        let changed = app
            .registry
            .table
            .update_app(&old, &new, &keep, "write")
            .await;
        changed.unwrap();
    };
    change(Some(server(API, &["photos"]))).await;
    assert_asked(&app, &client, &[(&here, "photos")]).await;
    change(Some(server("two", &["photos"]))).await;
    assert_asked(
        &app,
        &client,
        &[(&here, "photos films"), ("&resource=two", "photos")],
    )
    .await;
    let disabled = ResourceServer {
        enabled: false,
        ..server("two", &["photos"])
    };
    change(Some(disabled)).await;
    assert_asked(&app, &client, &[("&resource=two", "photos films")]).await;
    change(Some(server(API, &["photos"]))).await;
    let now = app.registry.now();
    let last = app.stored(&films.app).await.unwrap();
    app.registry.table.delete_app(&last, now).await.unwrap();
    assert_asked(&app, &client, &[(&here, "photos films")]).await;
    // The audience is free again.
    offering(&app, "Next", API, &["films"]).await;
    assert_asked(&app, &client, &[(&here, "films")]).await;
}

#[tokio::test]
async fn only_a_resource_beside_the_issuer_costs_more_round_trips() {
    let app = TestApp::new().await;
    let client = holder(&app).await;
    offering(&app, "Films", API, &["films"]).await;
    by_basic(&app, &client, GRANT).send().await;
    for (more, calls) in [
        (String::new(), vec!["GetItem"]),
        ("&resource=https://roster.test".into(), vec!["GetItem"]),
        ("&resource=two".into(), vec!["GetItem", "BatchGetItem"]),
        (
            format!("&resource={API}"),
            vec!["GetItem", "BatchGetItem", "BatchGetItem"],
        ),
        (
            format!("&resource={API}&resource=two"),
            vec!["GetItem", "BatchGetItem", "BatchGetItem"],
        ),
        // What the client may not ask for is not looked up.
        (format!("&resource={API}&resource=three"), vec!["GetItem"]),
    ] {
        app.recorder.take();
        by_basic(&app, &client, &format!("{GRANT}{more}"))
            .send()
            .await;
        let seen = app.recorder.take();
        let names: Vec<_> = seen.iter().map(|c| c.operation.as_str()).collect();
        assert_eq!(names, calls, "{more}");
        assert!(seen.iter().all(|call| call.consistent), "{more}");
    }
}

#[tokio::test]
async fn a_token_is_for_ten_resources_at_most() {
    let app = TestApp::new().await;
    let names: Vec<_> = (0..11).map(|n| format!("r{n}")).collect();
    let client = app
        .register("Many", |app| {
            app.client.scopes = scopes(&["photos"]);
            let resources = names.iter().map(|r| ResourceId::parse(r).unwrap());
            app.client.resources = resources.collect();
        })
        .await;
    let all: Vec<_> = names
        .iter()
        .map(|name| format!("&resource={name}"))
        .collect();
    assert_eq!(asked(&app, &client, &all[..10].concat()).await.0, "photos");
    assert_eq!(
        asked(&app, &client, &all.concat()).await.0,
        "invalid_target"
    );
}
