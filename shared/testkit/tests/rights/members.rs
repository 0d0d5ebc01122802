//! Every member of apps and clients that a caller can set, what a change of it needs, and how each dialect
//! says it.

use std::collections::BTreeSet;

use domain::{
    AccessTokenFormat, AllowedOperation, AppProfile, AuthenticatorPreferences, CibaAuthorization,
    ClientSettings, ClientType, Description, DeviceAuthorization, GrantType, Jwks, LogoutUri, Name,
    RedirectUri, ResourceId, ResourceServer, ResponseType, Scope, ServiceProviderId, Subdomain,
    Tag, TokenEndpointAuthMethod, WebUri,
};
use testkit::{Value, json};

/// What a change of a member needs besides `apps:edit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing.
    Edit,
    /// It widens rights or reaches beyond the app.
    Trust,
    /// It is the resources.
    Access,
    /// It makes a credential.
    Secrets,
}

/// One member, by its name in the domain, and a change of it in the words of the native dialect (of an app,
/// of a client), of openid-apps and of SCIM; empty where a dialect can't say it.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) of_client: bool,
    pub(crate) class: Class,
    pub(crate) app: &'static str,
    pub(crate) client: &'static str,
    pub(crate) openid: &'static str,
    pub(crate) scim: &'static str,
}

const fn app(
    name: &'static str,
    class: Class,
    app: &'static str,
    openid: &'static str,
    scim: &'static str,
) -> Member {
    Member {
        name,
        of_client: false,
        class,
        app,
        client: "",
        openid,
        scim,
    }
}

const fn of_client(
    name: &'static str,
    class: Class,
    app: &'static str,
    client: &'static str,
    openid: &'static str,
    scim: &'static str,
) -> Member {
    Member {
        name,
        of_client: true,
        class,
        app,
        client,
        openid,
        scim,
    }
}

const KEY: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;
const JWKS: &str = r#"{"jwks": {"keys": [{"kty": "EC", "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}}"#;

use Class::{Access, Edit, Secrets, Trust};

#[rustfmt::skip]
pub(crate) const MEMBERS: &[Member] = &[
    app("app_name", Edit, r#"{"app_name": "Other"}"#, "", ""),
    app("app_description", Edit, r#"{"app_description": "x"}"#, "", r#"{"description": "x"}"#),
    app("logo", Edit, r#"{"logo": "https://e.example/l"}"#, "", ""),
    app("service_providers", Edit, r#"{"service_providers": ["sp"]}"#, "", ""),
    app("authenticator_preferences", Trust, r#"{"authenticator_preferences": {"is_centralized": true, "login_uri": "https://e.example/l"}}"#, "", ""),
    app("allow_public_signup", Trust, r#"{"allow_public_signup": true}"#, "", ""),
    app("login_uri", Edit, r#"{"login_uri": "https://e.example/l"}"#, "", ""),
    app("subdomain", Trust, r#"{"subdomain": "acme"}"#, "", ""),
    app("invite_member_email_expiration_minutes", Edit, r#"{"invite_member_email_expiration_minutes": 5}"#, "", ""),
    app("trusted", Trust, r#"{"trusted": true}"#, r#"{"trusted": "true"}"#, r#"{"clientType": "trusted"}"#),
    app("bypass_consent", Trust, "", "", r#"{"bypassConsent": true}"#),
    app("resource_server", Trust, "", "", r#"{"isOAuthResource": true, "audience": "urn:somebodys", "scopes": [{"value": "photos"}]}"#),
    app("tags", Edit, "", "", r#"{"tags": [{"key": "a", "value": "b"}]}"#),
    app("external_id", Edit, "", "", r#"{"externalId": "e"}"#),
    // SCIM and openid-apps name app and client at once.
    of_client("name", Edit, r#"{"client_display_name": "Other"}"#, r#"{"name": "Other"}"#, r#"{"name": "Other"}"#, r#"{"displayName": "Other"}"#),
    of_client("description", Edit, r#"{"client_description": "x"}"#, r#"{"description": "x"}"#, "", ""),
    of_client("client_type", Edit, r#"{"client_type": "native"}"#, r#"{"client_type": "native"}"#, "", ""),
    of_client("token_endpoint_auth_method", Secrets, r#"{"client_auth_method": "client_secret_post"}"#, r#"{"token_endpoint_auth_method": "client_secret_post"}"#, "", ""),
    of_client("redirect_uris", Edit, r#"{"redirect_uris": ["https://e.example/cb"]}"#, r#"{"redirect_uris": ["https://e.example/cb"]}"#, r#"{"oauth_redirect_uris": ["https://e.example/cb"]}"#, r#"{"redirectUris": ["https://e.example/cb"]}"#),
    of_client("post_logout_redirect_uris", Edit, "", r#"{"post_logout_redirect_uris": ["https://e.example/o"]}"#, "", r#"{"postLogoutRedirectUris": ["https://e.example/o"]}"#),
    of_client("logout_uri", Edit, "", r#"{"logout_uri": "https://e.example/o"}"#, "", r#"{"logoutUri": "https://e.example/o"}"#),
    of_client("response_types", Edit, "", r#"{"response_types": ["code"]}"#, "", ""),
    of_client("grant_types", Trust, r#"{"client_grant_types": ["refresh_token"]}"#, r#"{"grant_types": ["refresh_token"]}"#, "", r#"{"allowedGrants": ["refresh_token"]}"#),
    of_client("scopes", Trust, r#"{"client_scopes": ["apps:read"]}"#, r#"{"scopes": ["apps:read"]}"#, r#"{"scopes": ["apps:read"]}"#, r#"{"allowedScopes": [{"fqs": "apps:read"}]}"#),
    of_client("resources", Access, r#"{"resources": ["urn:new"]}"#, r#"{"resources": ["urn:new"]}"#, "", ""),
    of_client("jwks", Secrets, JWKS, JWKS, "", ""),
    of_client("device_authorization", Edit, r#"{"device_authorization": {"enabled": false, "input_uri": "https://e.example/i"}}"#, r#"{"device_authorization": {"enabled": false, "input_uri": "https://e.example/i"}}"#, "", ""),
    of_client("ciba_authorization", Edit, r#"{"ciba_authorization": {"enabled": false, "login_uri": "https://e.example/i"}}"#, r#"{"ciba_authorization": {"enabled": false, "login_uri": "https://e.example/i"}}"#, "", ""),
    of_client("access_token_format", Edit, "", "", r#"{"access_token_format": "opaque"}"#, ""),
    of_client("allow_http_redirects", Trust, "", "", "", r#"{"redirectUris": ["http://e.example/cb"]}"#),
    of_client("allow_all_schemes", Trust, "", "", "", r#"{"allUrlSchemesAllowed": true}"#),
    of_client("allowed_operations", Trust, "", "", "", r#"{"allowedOperations": ["introspect"]}"#),
    of_client("access_token_expiry", Edit, r#"{"access_token_lifetime": 1}"#, r#"{"access_token_lifetime": 1}"#, "", r#"{"accessTokenExpiry": 1}"#),
    of_client("refresh_token_expiry", Edit, "", "", "", r#"{"refreshTokenExpiry": 1}"#),
    of_client("certificates", Edit, "", "", "", r#"{"certificates": [{"certAlias": "a"}]}"#),
];

/// An app and a client with every member set: a new member does not compile until it is here, and then
/// wants a row.
fn everything() -> (AppProfile, ClientSettings) {
    let name = || Name::parse("x").unwrap();
    let text = || Some(Description::parse("x").unwrap());
    let uri = || Some(WebUri::parse("https://e.example/").unwrap());
    let out = || LogoutUri::parse("https://e.example/").unwrap();
    let profile = AppProfile {
        app_name: name(),
        app_description: text(),
        logo: uri(),
        service_providers: vec![ServiceProviderId::parse("x").unwrap()],
        authenticator_preferences: Some(AuthenticatorPreferences::default()),
        allow_public_signup: true,
        login_uri: uri(),
        subdomain: Some(Subdomain::parse("x").unwrap()),
        invite_member_email_expiration_minutes: 1,
        trusted: true,
        bypass_consent: true,
        resource_server: Some(ResourceServer::default()),
        tags: vec![Tag {
            key: name(),
            value: name(),
        }],
        external_id: Some(name()),
    };
    let settings = ClientSettings {
        name: name(),
        description: text(),
        client_type: ClientType::Web,
        token_endpoint_auth_method: TokenEndpointAuthMethod::None,
        redirect_uris: vec![RedirectUri::parse("https://e.example/").unwrap()],
        post_logout_redirect_uris: vec![out()],
        logout_uri: Some(out()),
        response_types: vec![ResponseType::Code],
        grant_types: vec![GrantType::ClientCredentials],
        scopes: vec![Scope::parse("x").unwrap()],
        resources: vec![ResourceId::parse("x").unwrap()],
        jwks: Some(Jwks::parse(serde_json::from_str(KEY).unwrap()).unwrap()),
        device_authorization: Some(DeviceAuthorization::default()),
        ciba_authorization: Some(CibaAuthorization::default()),
        access_token_format: AccessTokenFormat::Jwt,
        allow_http_redirects: true,
        allow_all_schemes: true,
        allowed_operations: vec![AllowedOperation::Introspect],
        access_token_expiry: Some(1),
        refresh_token_expiry: Some(1),
        certificates: vec![name()],
    };
    (profile, settings)
}

#[test]
fn every_member_that_can_be_set_has_a_row() {
    let (profile, settings) = everything();
    for (stored, of_client) in [(json!(profile), false), (json!(settings), true)] {
        let stored: BTreeSet<_> = stored.as_object().unwrap().keys().cloned().collect();
        let rows = MEMBERS
            .iter()
            .filter(|member| member.of_client == of_client);
        let rows: BTreeSet<_> = rows.map(|member| member.name.to_owned()).collect();
        assert_eq!(rows, stored);
    }
    for member in MEMBERS {
        let said = [member.app, member.client, member.openid, member.scim];
        assert!(said.iter().any(|text| !text.is_empty()), "{}", member.name);
        for text in said.iter().filter(|text| !text.is_empty()) {
            assert!(
                serde_json::from_str::<Value>(text).unwrap().is_object(),
                "{text}"
            );
        }
    }
}
