//! SCIM documents to domain commands.
//!
//! Attribute names are compared without regard to letter case (RFC 7643 §2.1); read-only and unknown
//! ones are ignored, as the vendor does; `ignored` tells of them.

use domain::{
    AllowedOperation, App, AppProfile, ClientId, ClientSettings, ClientType, CodeNameChoice,
    CreateApp, Description, GrantType, Invalid, LogoutUri, Name, OfferedScope, RedirectUri,
    ResourceId, ResourceServer, Scope, Tag, TokenEndpointAuthMethod,
    app::{self},
    client::{MAX_GRANTED, MAX_URIS},
    invalid::SECONDS,
    uri::UriKind,
};
use serde_json::{Map, Value};

use super::{APP_SCHEMA, CONFIDENTIAL_TEMPLATE, PUBLIC_TEMPLATE};
use crate::{ApiError, change::AppChange, fields::Fields};

/// The longest expiry that can be stored; no token lives longer than an hour all the same.
const MAX_EXPIRY: i64 = i32::MAX as i64;

/// What is said where a grant needs a redirect URI.
const NO_REDIRECT_URI: Invalid = Invalid::Conflict(
    "needs at least one URI, because allowedGrants has a grant that sends users back to one; add one, or name in allowedGrants only grants that do without, such as client_credentials",
);

/// Every attribute and sub-attribute that is read, as it is spelled.
const ATTRIBUTES: [&str; 34] = [
    "schemas",
    "externalId",
    "displayName",
    "isOAuthClient",
    "clientType",
    "basedOnTemplate",
    "value",
    "name",
    "active",
    "description",
    "redirectUris",
    "logoutUri",
    "postLogoutRedirectUris",
    "allUrlSchemesAllowed",
    "allowedGrants",
    "allowedScopes",
    "fqs",
    "allowedOperations",
    "accessTokenExpiry",
    "refreshTokenExpiry",
    "bypassConsent",
    "audience",
    "scopes",
    "requiresConsent",
    "isOAuthResource",
    "tags",
    "key",
    "certificates",
    "certAlias",
    "appId",
    "app",
    "entitlement",
    "grantee",
    "type",
];

/// The same document with every known attribute name in its own spelling.
pub(super) fn canonical(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(canonical_members(members)),
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        other => other,
    }
}

pub(super) fn canonical_members(members: Map<String, Value>) -> Map<String, Value> {
    let members = members.into_iter();
    members
        .map(|(name, value)| (spelled(&name).to_owned(), canonical(value)))
        .collect()
}

/// The same document without attributes that are null, which are unassigned ones (RFC 7643 §2.5).
pub(super) fn assigned(members: Map<String, Value>) -> Map<String, Value> {
    let assigned = members.into_iter().filter(|(_, value)| !value.is_null());
    assigned
        .map(|(name, value)| (name, within(value)))
        .collect()
}

fn within(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(assigned(members)),
        Value::Array(items) => items.into_iter().map(within).collect(),
        other => other,
    }
}

/// An attribute's own spelling.
pub(super) fn spelled(name: &str) -> &str {
    let known = ATTRIBUTES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    known.copied().unwrap_or(name)
}

pub(super) fn create_app(fields: Fields) -> Result<CreateApp, ApiError> {
    let mut fields = fields;
    let names_rights = fields.has("allowedGrants")
        || fields.has("allowedScopes")
        || fields.has("allowedOperations");
    let client_id = fields.text("name", ClientId::chosen);
    let active = fields.boolean("active").unwrap_or_default();
    let AppChange { profile, client } = app_and_client(fields, None)?;
    Ok(CreateApp {
        code_name: CodeNameChoice::FromName,
        profile,
        client,
        active,
        names_rights,
        client_id,
        unique_name: true,
    })
}

pub(super) fn update_app(mut fields: Fields, now: &App) -> Result<AppChange, ApiError> {
    if let Some(Value::String(name)) = fields.take("name")
        && name != now.default_client.client_id.as_str()
    {
        return Err(immutable("name can't be changed: it is the client id"));
    }
    if let Some(active) = fields.boolean("active")
        && active != now.status.active
    {
        return Err(immutable(
            "active is changed through AppStatusChanger, which keeps who did it and when",
        ));
    }
    app_and_client(fields, Some(now))
}

fn immutable(detail: &str) -> ApiError {
    ApiError::query("mutability", detail)
}

/// What a whole document says; what SCIM can't express stays as it is `now`.
fn app_and_client(mut fields: Fields, now: Option<&App>) -> Result<AppChange, ApiError> {
    let f = &mut fields;
    schemas(f);
    let name = f
        .required("displayName", Name::parse)
        .unwrap_or_else(Name::placeholder);
    let oauth = f.required_boolean("isOAuthClient");
    let kind = f.required("clientType", Kind::parse);
    template(f, kind);
    let profile = profile(f, &name, kind, now.map(|app| &app.profile));
    let client = client(f, &name, kind, now.map(|app| &app.default_client.settings));
    f.ignore_others();
    let management = now.is_some_and(|app| app.management);
    let mut found = app::check(&profile, &client, management)
        .renamed(pointer)
        .reworded(&Invalid::NoRedirectUri, &NO_REDIRECT_URI);
    if !oauth {
        let only = "must be true: every application here is an OAuth client";
        found.push("/isOAuthClient", Invalid::Conflict(only));
    }
    let faults = fields.into_faults_with(found);
    Ok(faults.or(AppChange { profile, client })?)
}

/// `clientType`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Confidential,
    Trusted,
    Public,
}

impl Kind {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "confidential" => Ok(Self::Confidential),
            "trusted" => Ok(Self::Trusted),
            "public" => Ok(Self::Public),
            _ => Err(Invalid::Choice("confidential, trusted, public")),
        }
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Public => PUBLIC_TEMPLATE,
            Self::Confidential | Self::Trusted => CONFIDENTIAL_TEMPLATE,
        }
    }
}

fn schemas(f: &mut Fields) {
    if !f.has("schemas") {
        return f.fault("schemas", Invalid::Required);
    }
    let named = f.list("schemas", 20, |text| Ok(text.to_owned()));
    let wanted = |all: Vec<String>| all.iter().any(|s| s.eq_ignore_ascii_case(APP_SCHEMA));
    if named.is_some_and(|all| !wanted(all)) {
        let why = "must name urn:ietf:params:scim:schemas:oracle:idcs:App";
        f.fault("schemas", Invalid::Conflict(why));
    }
}

fn template(f: &mut Fields, kind: Option<Kind>) {
    if !f.has("basedOnTemplate") {
        return f.fault("basedOnTemplate", Invalid::Required);
    }
    let found = f.object("basedOnTemplate", |f| {
        let value = f.required("value", |text| Ok(text.to_owned()));
        f.ignore_others();
        value
    });
    if let (Some(Some(found)), Some(kind)) = (found, kind)
        && found != kind.template()
    {
        let why = "must be CustomWebAppTemplateId for confidential and trusted clients, CustomBrowserMobileTemplateId for public ones";
        f.fault("basedOnTemplate", Invalid::Conflict(why));
    }
}

fn profile(
    f: &mut Fields,
    name: &Name,
    kind: Option<Kind>,
    now: Option<&AppProfile>,
) -> AppProfile {
    let kept = now
        .cloned()
        .unwrap_or_else(|| AppProfile::named(name.clone()));
    let server = ResourceServer {
        enabled: f.boolean("isOAuthResource").unwrap_or_default(),
        audience: f.text("audience", ResourceId::parse),
        scopes: f
            .objects("scopes", MAX_GRANTED, offered_scope)
            .unwrap_or_default(),
    };
    AppProfile {
        app_name: name.clone(),
        app_description: f.text("description", Description::parse),
        trusted: kind == Some(Kind::Trusted),
        bypass_consent: f.boolean("bypassConsent").unwrap_or_default(),
        resource_server: Some(server).filter(|s| *s != ResourceServer::default()),
        tags: f.objects("tags", MAX_GRANTED, tag).unwrap_or_default(),
        external_id: f.text("externalId", Name::parse),
        ..kept
    }
}

fn offered_scope(f: &mut Fields) -> Option<OfferedScope> {
    let value = f.required("value", Scope::parse);
    let description = f.text("description", Description::parse);
    let requires_consent = f.boolean("requiresConsent").unwrap_or_default();
    f.ignore_others();
    Some(OfferedScope {
        value: value?,
        description,
        requires_consent,
    })
}

fn tag(f: &mut Fields) -> Option<Tag> {
    let key = f.required("key", Name::parse);
    let value = f.required("value", Name::parse);
    f.ignore_others();
    Some(Tag {
        key: key?,
        value: value?,
    })
}

fn client(
    f: &mut Fields,
    name: &Name,
    kind: Option<Kind>,
    now: Option<&ClientSettings>,
) -> ClientSettings {
    let kept = now.cloned();
    // A confidential client that stays one keeps its method and where it runs.
    let confidential = kept
        .as_ref()
        .map(|now| (now.client_type, now.token_endpoint_auth_method))
        .filter(|(_, method)| method.is_confidential())
        .unwrap_or_default();
    let (client_type, method) = match kind {
        Some(Kind::Public) => (ClientType::Native, TokenEndpointAuthMethod::None),
        Some(Kind::Trusted) => (ClientType::Web, confidential.1),
        _ => confidential,
    };
    let kept = kept.unwrap_or_else(|| ClientSettings::named(name.clone(), method));
    let redirect_uris = f
        .list("redirectUris", MAX_URIS, RedirectUri::parse)
        .unwrap_or_default();
    let logout_uri = f.text("logoutUri", LogoutUri::parse);
    let post_logout_redirect_uris = f
        .list("postLogoutRedirectUris", MAX_URIS, LogoutUri::parse)
        .unwrap_or_default();
    let plain = redirect_uris
        .iter()
        .any(|uri| uri.kind() == UriKind::PlainHttp)
        || post_logout_redirect_uris
            .iter()
            .chain(&logout_uri)
            .any(|uri| uri.kind() == UriKind::PlainHttp);
    ClientSettings {
        name: name.clone(),
        client_type,
        token_endpoint_auth_method: method,
        redirect_uris,
        post_logout_redirect_uris,
        logout_uri,
        grant_types: f
            .list("allowedGrants", 8, GrantType::parse)
            .unwrap_or_default(),
        scopes: f
            .objects("allowedScopes", MAX_GRANTED, |f| {
                let fqs = f.required("fqs", Scope::parse);
                f.ignore_others();
                fqs
            })
            .unwrap_or_default(),
        allowed_operations: f
            .list("allowedOperations", 2, AllowedOperation::parse)
            .unwrap_or_default(),
        access_token_expiry: expiry(f, "accessTokenExpiry"),
        refresh_token_expiry: expiry(f, "refreshTokenExpiry"),
        certificates: f
            .objects("certificates", MAX_URIS, |f| {
                let alias = f.required("certAlias", Name::parse);
                f.ignore_others();
                alias
            })
            .unwrap_or_default(),
        // What callers of this dialect send, and later updates through any dialect must not trip over.
        allow_http_redirects: plain,
        allow_all_schemes: f.boolean("allUrlSchemesAllowed").unwrap_or_default(),
        ..kept
    }
}

fn expiry(f: &mut Fields, name: &str) -> Option<u32> {
    let seconds = f.integer(name, SECONDS, 1, MAX_EXPIRY)?;
    u32::try_from(seconds).ok()
}

/// Where a SCIM document has the domain's members.
fn pointer(domain: &str) -> String {
    let path = domain.strip_prefix("/client/").or(domain.strip_prefix('/'));
    let path = path.unwrap_or(domain);
    let (head, tail) = path.find('/').map_or((path, ""), |at| path.split_at(at));
    let head = match head {
        "" => return String::new(),
        "redirect_uris" => "redirectUris",
        "post_logout_redirect_uris" => "postLogoutRedirectUris",
        "logout_uri" => "logoutUri",
        "grant_types" => "allowedGrants",
        "scopes" => "allowedScopes",
        "token_endpoint_auth_method" | "client_type" => "clientType",
        "name" | "app_name" => "displayName",
        other => other,
    };
    format!("/{head}{tail}")
}
