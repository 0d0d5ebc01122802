use super::*;
use crate::{
    AppId, ClientId, CodeName, CodeNameChoice, GrantType, Jwks, Name, TenantId, Timestamp,
    TokenEndpointAuthMethod, app::Registration,
};

fn scopes_of(names: &[&str]) -> Vec<Scope> {
    names.iter().map(|s| Scope::parse(s).unwrap()).collect()
}

fn app(management: bool, scopes: &[&str]) -> App {
    let name = Name::parse("a").unwrap();
    let client = ClientSettings {
        grant_types: vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
        scopes: scopes_of(scopes),
        resources: vec![ResourceId::parse("x").unwrap()],
        ..ClientSettings::named(name.clone(), TokenEndpointAuthMethod::ClientSecretBasic)
    };
    let command = CreateApp {
        code_name: CodeNameChoice::FromName,
        profile: AppProfile::named(name),
        client,
        active: true,
        names_rights: false,
        client_id: None,
        unique_name: false,
    };
    let how = Registration {
        app_id: AppId::generate(1, [1; 10]),
        tenant_id: TenantId::first(),
        by: "operator".into(),
        at: Timestamp::from_unix(1),
        management,
    };
    App::register(command, CodeName::parse("a").unwrap(), &how)
}

/// What a token of the management application, or of the app, lacks that holds these scopes and `x`.
fn lacks(needed: &RightsNeeded, management: bool, scopes: &[&str]) -> Vec<String> {
    let (scopes, resources) = (scopes_of(scopes), [ResourceId::parse("x").unwrap()]);
    let held = Held {
        management,
        scopes: &scopes,
        resources: &resources,
        operations: &[],
    };
    match needed.check(&held) {
        Ok(()) => Vec::new(),
        Err(Lacking::Management) => vec!["management".into()],
        Err(Lacking::Scopes(scopes)) => scopes,
    }
}

fn changed(app: &App, change: impl FnOnce(&mut ClientSettings)) -> RightsNeeded {
    let mut new = app.default_client.settings.clone();
    change(&mut new);
    RightsNeeded::to_change(app, &app.default_client, &new)
}

#[test]
fn order_does_not_matter_and_every_change_counts() {
    let app = app(false, &["apps:read", "apps:edit"]);
    let none = changed(&app, |new| {
        new.scopes.reverse();
        new.grant_types.reverse();
    });
    assert_eq!(lacks(&none, true, &[]), [""; 0]);
    let fewer = changed(&app, |new| new.grant_types.truncate(1));
    assert_eq!(lacks(&fewer, true, &[]), ["apps:trust"]);
    assert_eq!(lacks(&fewer, false, &["apps:trust"]), ["management"]);
    let without = changed(&app, |new| new.resources.clear());
    assert_eq!(lacks(&without, true, &[]), ["apps:access"]);
    assert_eq!(lacks(&without, false, &["apps:access"]), [""; 0]);
}

#[test]
fn a_changed_key_or_method_takes_all_that_the_client_can() {
    let app = app(false, &["apps:read", "clients:secrets"]);
    let keys = serde_json::json!({"keys": [{"kty": "EC", "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]});
    let keys = Jwks::parse(keys).unwrap();
    for change in [
        changed(&app, |new| {
            new.token_endpoint_auth_method = TokenEndpointAuthMethod::ClientSecretPost;
        }),
        changed(&app, |new| new.jwks = Some(keys)),
    ] {
        assert_eq!(
            lacks(&change, false, &["apps:edit"]),
            ["clients:secrets", "apps:read"]
        );
        assert_eq!(lacks(&change, false, &["clients:secrets"]), ["apps:read"]);
        assert_eq!(
            lacks(&change, false, &["apps:read", "clients:secrets"]),
            [""; 0]
        );
        assert_eq!(
            lacks(&change, true, &["clients:secrets", "apps:trust"]),
            [""; 0]
        );
    }
}

#[test]
fn trust_lifts_nothing_inside_the_management_application() {
    let app = app(true, &["apps:list", "apps:trust"]);
    let secret = RightsNeeded::to_issue_secret(&app, &app.default_client);
    assert_eq!(lacks(&secret, true, &["apps:trust"]), ["apps:list"]);
    assert_eq!(lacks(&secret, true, &["apps:list"]), ["apps:trust"]);
    assert_eq!(lacks(&secret, true, &["apps:list", "apps:trust"]), [""; 0]);
    // What a client that somebody holds the secret of gains is judged like a new secret.
    let gain = changed(&app, |new| new.scopes.extend(scopes_of(&["apps:delete"])));
    assert_eq!(lacks(&gain, true, &["apps:trust"]), ["apps:delete"]);
    let format = changed(&app, |new| new.access_token_expiry = Some(1));
    assert_eq!(lacks(&format, true, &["apps:edit"]), ["apps:trust"]);
}

#[test]
fn a_new_client_gets_no_more_than_its_maker_holds() {
    let app = app(false, &["apps:read", "apps:edit"]);
    let mut new = ClientSettings {
        scopes: scopes_of(&["apps:read"]),
        ..ClientSettings::named(
            Name::parse("b").unwrap(),
            TokenEndpointAuthMethod::ClientSecretBasic,
        )
    };
    let needed = |new: &ClientSettings| RightsNeeded::to_add_client(&app, new);
    assert_eq!(lacks(&needed(&new), false, &["apps:edit"]), ["apps:read"]);
    assert_eq!(lacks(&needed(&new), false, &["apps:read"]), [""; 0]);
    assert_eq!(lacks(&needed(&new), true, &["apps:trust"]), [""; 0]);
    new.resources = vec![ResourceId::parse("x").unwrap()];
    assert_eq!(lacks(&needed(&new), false, &["apps:read"]), ["apps:access"]);
    new.allowed_operations = vec![AllowedOperation::Introspect];
    assert_eq!(
        lacks(&needed(&new), false, &["apps:read", "apps:access"]),
        ["management"]
    );
    // A client without credentials carries nothing.
    let public = ClientSettings::named(Name::parse("c").unwrap(), TokenEndpointAuthMethod::None);
    assert_eq!(lacks(&needed(&public), false, &[]), [""; 0]);
}

#[test]
fn a_secret_of_a_client_takes_its_resources_and_roles_too() {
    let mut app = app(false, &["apps:read"]);
    app.default_client.settings.resources = vec![ResourceId::parse("y").unwrap()];
    app.me_role = Some(crate::RoleGrant {
        granted_at: Timestamp::from_unix(1),
        granted_by: ClientId::default_of(&app.app_id).to_string(),
    });
    let needed = RightsNeeded::to_issue_secret(&app, &app.default_client);
    assert_eq!(
        lacks(&needed, false, &["apps:read"]),
        ["urn:opc:idm:t.user.me", "apps:access"]
    );
}

#[test]
fn what_shrinks_with_its_method_by_default_takes_no_trust_and_what_grows_back_does() {
    let public = |new: &mut ClientSettings| {
        new.token_endpoint_auth_method = TokenEndpointAuthMethod::None;
        new.grant_types = vec![GrantType::AuthorizationCode];
        new.scopes = Vec::new();
    };
    let by_default = app(false, &["apps:read", "apps:edit"]);
    let held = &["clients:secrets"];
    let shrinks = changed(&by_default, public);
    assert_eq!(lacks(&shrinks, false, held), [""; 0]);
    // Further than by default, by a method that has them all, or from what somebody set: as ever.
    for change in [
        (&|new: &mut ClientSettings| new.grant_types.clear()) as &dyn Fn(&mut ClientSettings),
        &|new| new.token_endpoint_auth_method = TokenEndpointAuthMethod::ClientSecretPost,
        &|new| new.scopes = scopes_of(&["apps:read"]),
    ] {
        let more = changed(&by_default, |new| {
            public(new);
            change(new);
        });
        assert_eq!(lacks(&more, false, held), ["management"]);
    }
    let set = app(false, &["apps:read"]);
    assert_eq!(lacks(&changed(&set, public), false, held), ["management"]);
    let mut now = by_default.clone();
    public(&mut now.default_client.settings);
    let grows = changed(&now, |new| {
        *new = by_default.default_client.settings.clone();
    });
    assert_eq!(lacks(&grows, false, held), ["management"]);
    // The management application's clients change under trust alone.
    let management = app(true, &["apps:read", "apps:edit"]);
    let shrinks = changed(&management, public);
    assert_eq!(lacks(&shrinks, true, held), ["apps:trust"]);
}
