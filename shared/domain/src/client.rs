//! An OAuth client: what it is allowed and how it proves itself (RFC 7591 §2).

use serde::{Deserialize, Serialize};

use crate::{
    AppId, ClientId, Description, GrantType, Invalid, Jwks, LogoutUri, Name, RedirectUri,
    ResourceId, ResponseType, Scope, Status, Timestamp, TokenEndpointAuthMethod, UriPolicy,
    Version, Violations, WebUri, key_rotation::TOKEN_LIFETIME, scopes,
};

/// At most this many URIs in a list.
pub const MAX_URIS: usize = 50;
/// At most this many resources or scopes in a list.
pub const MAX_GRANTED: usize = 100;

/// A client that does not authenticate, and runs on a server.
pub const NONE_IS_NATIVE: Invalid = Invalid::Conflict("none is for native clients only");
/// The grant of clients that authenticate, for one that does not.
pub const CREDENTIALS_NEED_A_METHOD: Invalid =
    Invalid::Conflict("client_credentials needs a client that authenticates");

/// Tokens of a tenant's management client live at least this many seconds.
pub const MIN_MANAGEMENT_EXPIRY: u32 = 60;

/// Where the client runs (OpenID Registration §2 `application_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// On a server, or in a browser.
    #[default]
    Web,
    /// On its user's device.
    Native,
}

impl ClientType {
    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
        }
    }

    /// A client type by its wire name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "web" => Ok(Self::Web),
            "native" => Ok(Self::Native),
            _ => Err(Invalid::Choice("web, native")),
        }
    }
}

/// The form of access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// RFC 9068.
    #[default]
    Jwt,
    /// Sealed claims, read by introspection.
    Opaque,
}

impl AccessTokenFormat {
    /// A format by its wire name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "jwt" => Ok(Self::Jwt),
            "opaque" => Ok(Self::Opaque),
            _ => Err(Invalid::Choice("opaque, jwt")),
        }
    }
}

/// The OAuth device authorization flow of a client (RFC 8628).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAuthorization {
    /// Whether the flow may be used.
    pub enabled: bool,
    /// Where the user approves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_uri: Option<WebUri>,
    /// Where the user lands afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_uri: Option<WebUri>,
    /// Where the user types the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_uri: Option<WebUri>,
}

/// The CIBA flow of a client (OpenID CIBA Core).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CibaAuthorization {
    /// Whether the flow may be used.
    pub enabled: bool,
    /// Where the user logs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uri: Option<WebUri>,
}

/// Everything about a client that its owner may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSettings {
    /// Shown to people.
    pub name: Name,
    /// Shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Where it runs.
    #[serde(default)]
    pub client_type: ClientType,
    /// How it authenticates.
    #[serde(default)]
    pub token_endpoint_auth_method: TokenEndpointAuthMethod,
    /// Where users may be sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<RedirectUri>,
    /// Where users may land after logout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<LogoutUri>,
    /// Where the client hears of logouts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logout_uri: Option<LogoutUri>,
    /// What an authorization request may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_types: Vec<ResponseType>,
    /// How it may obtain tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant_types: Vec<GrantType>,
    /// The scopes its tokens may carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// The resources it may name as audience (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceId>,
    /// Its public keys, for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Jwks>,
    /// Device flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization: Option<DeviceAuthorization>,
    /// CIBA flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ciba_authorization: Option<CibaAuthorization>,
    /// The form of its access tokens.
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
    /// `http` redirect and logout URIs on any host, as SCIM callers send them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_http_redirects: bool,
    /// Private-use URI schemes for a web client, as SCIM callers may ask.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_all_schemes: bool,
    /// What it may do beside obtaining tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_operations: Vec<AllowedOperation>,
    /// How long its access tokens live, in seconds, when less than the longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_expiry: Option<u32>,
    /// How long its refresh tokens live, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_expiry: Option<u32>,
    /// Certificates known by their alias.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Name>,
}

/// What a client may do beside obtaining tokens for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AllowedOperation {
    /// Ask about other clients' tokens (RFC 7662).
    Introspect,
    /// Act on behalf of a user.
    OnBehalfOfUser,
}

impl AllowedOperation {
    /// An operation by its wire name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "introspect" => Ok(Self::Introspect),
            "onBehalfOfUser" => Ok(Self::OnBehalfOfUser),
            _ => Err(Invalid::Choice("introspect, onBehalfOfUser")),
        }
    }
}

/// What response types a client has when it names none.
pub const DEFAULT_RESPONSE_TYPES: [ResponseType; 2] = [ResponseType::Code, ResponseType::IdToken];

impl ClientSettings {
    /// Settings with nothing granted.
    pub const fn named(name: Name, method: TokenEndpointAuthMethod) -> Self {
        Self {
            name,
            description: None,
            client_type: ClientType::Web,
            token_endpoint_auth_method: method,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            logout_uri: None,
            response_types: Vec::new(),
            grant_types: Vec::new(),
            scopes: Vec::new(),
            resources: Vec::new(),
            jwks: None,
            device_authorization: None,
            ciba_authorization: None,
            access_token_format: AccessTokenFormat::Jwt,
            allow_http_redirects: false,
            allow_all_schemes: false,
            allowed_operations: Vec::new(),
            access_token_expiry: None,
            refresh_token_expiry: None,
            certificates: Vec::new(),
        }
    }

    /// How long its access tokens live, in seconds: from 1 to [`TOKEN_LIFETIME`], whatever was asked.
    pub fn access_token_lifetime(&self) -> i64 {
        let asked = self.access_token_expiry.map(i64::from);
        asked.map_or(TOKEN_LIFETIME, |seconds| seconds.clamp(1, TOKEN_LIFETIME))
    }

    /// Whether a client with these settings can do all that a management client is for: nobody could give it
    /// back what it gave up.
    pub fn can_manage(&self) -> bool {
        let mut all = scopes::MANAGEMENT.iter();
        all.all(|name| self.scopes.iter().any(|s| s.as_str() == *name))
            && self.grant_types.contains(&GrantType::ClientCredentials)
            && self.token_endpoint_auth_method.uses_secret()
            && self.access_token_format == AccessTokenFormat::Jwt
            && self
                .access_token_expiry
                .is_none_or(|seconds| seconds >= MIN_MANAGEMENT_EXPIRY)
    }

    /// Every rule that spans members, judged on the whole state; pointers are this struct's member names.
    ///
    /// `management`: the client belongs to a tenant's management application and may hold its scopes.
    pub fn check(&self, management: bool) -> Violations {
        let mut faults = Violations::default();
        self.check_uris(&mut faults);
        self.check_authentication(&mut faults);
        self.check_grants(management, &mut faults);
        if let Some(device) = self.device_authorization.as_ref().filter(|d| d.enabled) {
            for (member, uri) in [
                ("approval_uri", &device.approval_uri),
                ("success_uri", &device.success_uri),
                ("input_uri", &device.input_uri),
            ] {
                if uri.is_none() {
                    faults.push(format!("/device_authorization/{member}"), Invalid::Required);
                }
            }
        }
        faults
    }

    fn check_uris(&self, faults: &mut Violations) {
        let policy = UriPolicy {
            allow_http: self.allow_http_redirects,
            allow_private_schemes: self.allow_all_schemes,
        };
        let native = self.client_type == ClientType::Native;
        let redirects = self
            .redirect_uris
            .iter()
            .map(|uri| uri.check(policy, native));
        for (at, checked) in redirects.enumerate() {
            if let Err(invalid) = checked {
                faults.push(format!("/redirect_uris/{at}"), invalid);
            }
        }
        let logouts = self.post_logout_redirect_uris.iter();
        for (at, checked) in logouts.map(|uri| uri.check(policy, native)).enumerate() {
            if let Err(invalid) = checked {
                faults.push(format!("/post_logout_redirect_uris/{at}"), invalid);
            }
        }
        if let Some(Err(invalid)) = self
            .logout_uri
            .as_ref()
            .map(|uri| uri.check(policy, native))
        {
            faults.push("/logout_uri", invalid);
        }
        if self.redirect_uris.is_empty() && self.grant_types.iter().any(|g| g.uses_redirects()) {
            faults.push("/redirect_uris", Invalid::NoRedirectUri);
        }
    }

    fn check_authentication(&self, faults: &mut Violations) {
        let method = self.token_endpoint_auth_method;
        if method == TokenEndpointAuthMethod::None && self.client_type != ClientType::Native {
            faults.push("/token_endpoint_auth_method", NONE_IS_NATIVE);
        }
        if method == TokenEndpointAuthMethod::PrivateKeyJwt && self.jwks.is_none() {
            faults.push("/jwks", Invalid::Required);
        }
    }

    fn check_grants(&self, management: bool, faults: &mut Violations) {
        // RFC 6749 §4.4: confidential clients only.
        if !self.token_endpoint_auth_method.is_confidential()
            && self.grant_types.contains(&GrantType::ClientCredentials)
        {
            faults.push("/grant_types", CREDENTIALS_NEED_A_METHOD);
        }
        if !management {
            for (at, scope) in self.scopes.iter().enumerate() {
                if !scopes::ordinary_client_may_hold(scope) {
                    faults.push(
                        format!("/scopes/{at}"),
                        Invalid::Conflict(
                            "is reserved for the management application; choose a name outside apps:, clients:, logins:, grants:, events: and urn:opc:, or one of apps:read apps:edit apps:access clients:secrets",
                        ),
                    );
                }
            }
        }
    }
}

/// A registered client, without its secrets: those are read only to be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub client_id: ClientId,
    /// The app it belongs to.
    pub app_id: AppId,
    /// What its owner set.
    pub settings: ClientSettings,
    /// The kill switch.
    pub status: Status,
    /// The status before, once it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_status: Option<Status>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The client that changed it last.
    pub updated_by: String,
    /// Its ETag.
    pub version: Version,
    /// Whether it came with its app and can't be deleted alone.
    pub default: bool,
}

impl Client {
    /// A client as `by` registers it at `at`.
    pub fn register(
        id: ClientId,
        app: &AppId,
        settings: ClientSettings,
        by: &str,
        at: Timestamp,
    ) -> Self {
        Self {
            client_id: id,
            app_id: *app,
            settings,
            status: Status::new(true),
            previous_status: None,
            created_at: at,
            created_by: by.to_owned(),
            updated_at: at,
            updated_by: by.to_owned(),
            version: Version::first(),
            default: false,
        }
    }

    /// The next version, with other settings.
    #[must_use]
    pub fn changed(self, settings: ClientSettings, by: &str, at: Timestamp) -> Self {
        Self {
            settings,
            updated_at: at,
            updated_by: by.to_owned(),
            version: self.version.next(),
            ..self
        }
    }
}
