//! An app: what third parties register, with the client that comes with it.

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AppId, Client, ClientId, ClientSettings, CodeName, Description, Invalid, Name, ResourceId,
    ResourceServer, Scope, ServiceProviderId, Subdomain, TenantId, Timestamp, Version, Violations,
    WebUri, scopes, unseen,
};

/// An app with its default client is at most this long, as JSON.
pub const MAX_BYTES: usize = 64 * 1024;
/// Default of `invite_member_email_expiration_minutes`.
pub const DEFAULT_INVITE_MINUTES: u32 = 2880;

/// Makes the app the tenant's Authentication Hub.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticatorPreferences {
    /// Whether other apps log in through this one.
    pub is_centralized: bool,
    /// Where they send their users; required when centralized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uri: Option<WebUri>,
}

/// Everything about an app that its owner may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppProfile {
    /// Shown to people; not unique.
    pub app_name: Name,
    /// Shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_description: Option<Description>,
    /// Where its picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<WebUri>,
    /// Identity providers associated with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_providers: Vec<ServiceProviderId>,
    /// Authentication Hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_preferences: Option<AuthenticatorPreferences>,
    /// Whether it may ask to create users in login flows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_public_signup: bool,
    /// Its login page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uri: Option<WebUri>,
    /// Of the admin portal offered to organizations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subdomain: Option<Subdomain>,
    /// How long an invitation is good for.
    pub invite_member_email_expiration_minutes: u32,
    /// Whether it is one of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trusted: bool,
    /// Whether its users are not asked for consent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bypass_consent: bool,
    /// What it offers to others as a resource server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_server: Option<ResourceServer>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// What its owner calls it in another system (RFC 7643 §3.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Name>,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its kind.
    pub key: Name,
    /// Its value.
    pub value: Name,
}

/// A role given to an app's default client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleGrant {
    /// When.
    pub granted_at: Timestamp,
    /// By whom.
    pub granted_by: String,
}

impl AppProfile {
    /// A profile with every default.
    pub const fn named(app_name: Name) -> Self {
        Self {
            app_name,
            app_description: None,
            logo: None,
            service_providers: Vec::new(),
            authenticator_preferences: None,
            allow_public_signup: false,
            login_uri: None,
            subdomain: None,
            invite_member_email_expiration_minutes: DEFAULT_INVITE_MINUTES,
            trusted: false,
            bypass_consent: false,
            resource_server: None,
            tags: Vec::new(),
            external_id: None,
        }
    }

    /// The audience that is this app's alone in its tenant.
    pub fn audience(&self) -> Option<&ResourceId> {
        self.resource_server
            .as_ref()
            .and_then(ResourceServer::claimed)
    }

    fn check(&self) -> Violations {
        match &self.authenticator_preferences {
            Some(hub) if hub.is_centralized && hub.login_uri.is_none() => {
                Violations::one("/authenticator_preferences/login_uri", Invalid::Required)
            }
            _ => Violations::default(),
        }
    }
}

/// The kill switch, and who threw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether tokens are issued and honoured.
    pub active: bool,
    /// Why it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Description>,
    /// Who changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

impl Status {
    /// As created.
    pub const fn new(active: bool) -> Self {
        Self {
            active,
            reason: None,
            changed_by: None,
            changed_at: None,
        }
    }
}

/// How an app gets its code name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeNameChoice {
    /// From its name, with a postfix when taken.
    FromName,
    /// As asked; refused when taken.
    Explicit(CodeName),
}

/// The command that every dialect's create request becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateApp {
    /// Its code name.
    pub code_name: CodeNameChoice,
    /// The app.
    pub profile: AppProfile,
    /// Its default client.
    pub client: ClientSettings,
    /// Whether it may be used at once.
    pub active: bool,
    /// Whether the request itself named grants or scopes, instead of leaving them to the defaults.
    pub names_rights: bool,
    /// A chosen id of the default client, instead of one that Roster makes.
    pub client_id: Option<ClientId>,
    /// Whether its name is to be unlike that of any other app for which this was asked.
    pub unique_name: bool,
}

impl CreateApp {
    /// The code name to try first: `app_<postfix>` when the name has no ASCII letter or digit.
    pub fn first_code_name(&self, random: u64) -> CodeName {
        match &self.code_name {
            CodeNameChoice::Explicit(name) => name.clone(),
            CodeNameChoice::FromName => CodeName::from_name(self.profile.app_name.as_str())
                .unwrap_or_else(|| CodeName::with_postfix(None, random)),
        }
    }

    /// The code name to try when the last one was taken; `None` for an explicit one.
    pub fn next_code_name(&self, random: u64) -> Option<CodeName> {
        match &self.code_name {
            CodeNameChoice::Explicit(_) => None,
            CodeNameChoice::FromName => {
                let base = CodeName::from_name(self.profile.app_name.as_str());
                Some(CodeName::with_postfix(base.as_ref(), random))
            }
        }
    }
}

/// A registered app with its default client: one aggregate, one item, one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its id.
    pub app_id: AppId,
    /// Its owner.
    pub tenant_id: TenantId,
    /// Its human id, unique in the tenant; never changes.
    pub code_name: CodeName,
    /// What its owner set.
    pub profile: AppProfile,
    /// The kill switch, for all its clients.
    pub status: Status,
    /// The status before, once it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_status: Option<Status>,
    /// Whether it is its tenant's management application.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub management: bool,
    /// Read-only to callers; set by an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_preferences: Option<Value>,
    /// Read-only to callers; set by an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_sharing_group_id: Option<String>,
    /// Whether no other app for which this was asked may have its name, letter case aside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique_name: bool,
    /// The Me role, if its default client has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub me_role: Option<RoleGrant>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// The client that registered it.
    pub created_by: String,
    /// When it or its default client last changed.
    pub updated_at: Timestamp,
    /// The client that changed it last.
    pub updated_by: String,
    /// Its ETag; covers the default client too.
    pub version: Version,
    /// The client that came with it.
    pub default_client: Client,
}

/// Who registers, where and when.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The new app's id.
    pub app_id: AppId,
    /// The caller's tenant.
    pub tenant_id: TenantId,
    /// The caller.
    pub by: String,
    /// Now.
    pub at: Timestamp,
    /// Whether this is the tenant's management application.
    pub management: bool,
}

impl App {
    /// The app that `command` describes.
    pub fn register(command: CreateApp, code_name: CodeName, how: &Registration) -> Self {
        Self {
            app_id: how.app_id,
            tenant_id: how.tenant_id.clone(),
            code_name,
            profile: command.profile,
            status: Status::new(command.active),
            previous_status: None,
            management: how.management,
            login_preferences: None,
            password_sharing_group_id: None,
            unique_name: command.unique_name,
            me_role: None,
            created_at: how.at,
            created_by: how.by.clone(),
            updated_at: how.at,
            updated_by: how.by.clone(),
            version: Version::first(),
            default_client: Client {
                default: true,
                ..Client::register(
                    command
                        .client_id
                        .unwrap_or_else(|| ClientId::default_of(&how.app_id)),
                    &how.app_id,
                    command.client,
                    &how.by,
                    how.at,
                )
            },
        }
    }

    /// The next version, with the next version of its default client.
    #[must_use]
    pub fn with_default_client(self, default_client: Client) -> Self {
        Self {
            updated_at: default_client.updated_at,
            updated_by: default_client.updated_by.clone(),
            default_client,
            version: self.version.next(),
            ..self
        }
    }

    /// The next version, with another profile and other settings of the default client, whose own
    /// version moves only when its settings do.
    #[must_use]
    pub fn changed(
        self,
        profile: AppProfile,
        client: ClientSettings,
        by: &str,
        at: Timestamp,
    ) -> Self {
        let default_client = if client == self.default_client.settings {
            self.default_client
        } else {
            self.default_client.changed(client, by, at)
        };
        Self {
            profile,
            default_client,
            updated_at: at,
            updated_by: by.to_owned(),
            version: self.version.next(),
            ..self
        }
    }
}

impl App {
    /// Every scope that tokens of its client may carry: its own, and what its roles add.
    pub fn scopes_of(&self, client: &Client) -> Vec<Scope> {
        let mut all = client.settings.scopes.clone();
        if client.default && self.me_role.is_some() {
            all.extend(Scope::parse(scopes::ME));
        }
        all
    }

    /// Whether its client can work: neither of them is switched off.
    pub const fn lets_work(&self, client: &Client) -> bool {
        self.status.active && client.status.active
    }
}

/// A name as names are compared (Unicode UAX #15, NFKC): forms of one character are one, and letter case,
/// spare white space and what does not show make no difference. By way of upper case, so that ß is ss.
pub fn folded(name: &Name) -> String {
    folded_text(name.as_str())
}

/// A part of a name, as names are compared.
pub fn folded_text(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let words: Vec<_> = composed.split_whitespace().collect();
    let shown: String = words.join(" ");
    let shown: String = shown.chars().filter(|c| !unseen::is_ignored(*c)).collect();
    shown.to_uppercase().to_lowercase().replace('ς', "σ")
}

/// Every rule that spans members of an app and its default client, judged on the whole state.
///
/// Pointers into the client's settings start with `/client`, the app's with the member.
pub fn check(profile: &AppProfile, client: &ClientSettings, management: bool) -> Violations {
    let mut faults = profile.check();
    let of_client = client.check(management);
    faults.extend(of_client.renamed(|pointer| format!("/client{pointer}")));
    let bytes = json_len(profile).saturating_add(json_len(client));
    if bytes > MAX_BYTES {
        faults.push("", Invalid::TooLong(MAX_BYTES));
    }
    faults
}

fn json_len(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |text| text.len())
}
