//! What a change takes besides the scope of its route: scopes for what widens rights, and for a credential
//! that comes of it everything which that credential would carry. Nobody gets more than their token holds.

use crate::{
    AllowedOperation, App, AppProfile, Client, ClientSettings, CreateApp, DefaultRights,
    ResourceId, Scope, scopes,
};

/// What an access token holds for the management API.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// Whether it belongs to the tenant's management application.
    pub management: bool,
    /// Its scopes.
    pub scopes: &'a [Scope],
    /// The resources that its client may ask for.
    pub resources: &'a [ResourceId],
    /// What its client may do beside obtaining tokens.
    pub operations: &'a [AllowedOperation],
}

impl Held<'_> {
    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held.as_str() == scope)
    }
}

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lacking {
    /// A token of the management application.
    Management,
    /// These scopes.
    Scopes(Vec<String>),
}

/// The rights that a change needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RightsNeeded {
    /// It widens rights, reaches beyond the app or changes a management client: `apps:trust`.
    pub trust: bool,
    /// It sets the resources that a client may ask for: `apps:access`.
    pub access: bool,
    /// It makes, changes or replaces a credential of an existing client: `clients:secrets`.
    pub secrets: bool,
    /// The credential that comes of it, or what existing credentials gain by it.
    pub credential: Option<Credential>,
}

/// What a credential carries: what whoever has it may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// Whether it is one of the management application, for which `apps:trust` lifts nothing.
    pub management: bool,
    /// The scopes of its tokens.
    pub scopes: Vec<Scope>,
    /// The resources that its tokens may name.
    pub resources: Vec<ResourceId>,
    /// What else it allows.
    pub operations: Vec<AllowedOperation>,
}

impl Credential {
    /// A credential of a client with these settings and no role.
    fn with(management: bool, settings: &ClientSettings) -> Self {
        Self {
            management,
            scopes: settings.scopes.clone(),
            resources: settings.resources.clone(),
            operations: settings.allowed_operations.clone(),
        }
    }

    /// A credential of `client`, with these settings.
    fn of(app: &App, client: &Client, settings: &ClientSettings) -> Self {
        let with_settings = Client {
            settings: settings.clone(),
            ..client.clone()
        };
        Self {
            scopes: app.scopes_of(&with_settings),
            ..Self::with(app.management, settings)
        }
    }

    /// What credentials with `old` settings gain by `new` ones; `None` when that is nothing.
    fn gained(management: bool, old: &ClientSettings, new: &ClientSettings) -> Option<Self> {
        let gained = Self {
            management,
            scopes: beyond(&new.scopes, &old.scopes),
            resources: beyond(&new.resources, &old.resources),
            operations: beyond(&new.allowed_operations, &old.allowed_operations),
        };
        let nothing = Self {
            management,
            ..Self::default()
        };
        (gained != nothing).then_some(gained)
    }

    /// The scopes that a token lacks to hold all that this carries.
    fn beyond(&self, held: &Held<'_>) -> Vec<String> {
        if held.has(scopes::TRUST) && held.management && !self.management {
            return Vec::new();
        }
        let mut lacking: Vec<_> = beyond(&self.scopes, held.scopes)
            .iter()
            .map(ToString::to_string)
            .collect();
        if !within(&self.resources, held.resources) && !held.has(scopes::ACCESS) {
            lacking.push(scopes::ACCESS.into());
        }
        if !within(&self.operations, held.operations) && !held.has(scopes::TRUST) {
            lacking.push(scopes::TRUST.into());
        }
        lacking
    }
}

impl RightsNeeded {
    /// To register an app, besides `apps:create`.
    pub fn to_register(command: &CreateApp) -> Self {
        let CreateApp {
            profile, client, ..
        } = command;
        let plain = AppProfile::named(profile.app_name.clone());
        let confidential = client.token_endpoint_auth_method.is_confidential();
        Self {
            trust: command.names_rights
                || reaches_beyond(&plain, profile)
                || !client.allowed_operations.is_empty()
                || client.allow_http_redirects
                || client.allow_all_schemes,
            access: !client.resources.is_empty(),
            secrets: false,
            credential: confidential.then(|| Credential::with(false, client)),
        }
    }

    /// To change an app.
    pub fn to_change_profile(old: &AppProfile, new: &AppProfile) -> Self {
        Self {
            trust: reaches_beyond(old, new),
            ..Self::default()
        }
    }

    /// To give `client` of `app` other settings. Credentials that it has gain what the settings add, and a
    /// change of keys or method makes new ones, as strong as the client then is.
    pub fn to_change(app: &App, client: &Client, new: &ClientSettings) -> Self {
        let old = &client.settings;
        // Every member is named, so that a new one has its place here.
        let ClientSettings {
            name: _,
            description: _,
            client_type: _,
            token_endpoint_auth_method,
            redirect_uris: _,
            post_logout_redirect_uris: _,
            logout_uri: _,
            response_types: _,
            grant_types,
            scopes,
            resources,
            jwks,
            device_authorization: _,
            ciba_authorization: _,
            access_token_format: _,
            allow_http_redirects,
            allow_all_schemes,
            allowed_operations,
            access_token_expiry: _,
            refresh_token_expiry: _,
            certificates: _,
        } = new;
        let secrets =
            old.token_endpoint_auth_method != *token_endpoint_auth_method || old.jwks != *jwks;
        let by_default = |method| DefaultRights::of(app, client.default, method);
        let was = by_default(old.token_endpoint_auth_method);
        let is = by_default(*token_endpoint_auth_method);
        let grants = [
            (&old.grant_types, &was.grant_types),
            (grant_types, &is.grant_types),
        ];
        let granted = [(&old.scopes, &was.scopes), (scopes, &is.scopes)];
        Self {
            trust: app.management && old != new
                || !(same(&old.grant_types, grant_types) || shrinks_by_default(grants))
                || !(same(&old.scopes, scopes) || shrinks_by_default(granted))
                || !same(&old.allowed_operations, allowed_operations)
                || old.allow_http_redirects != *allow_http_redirects
                || old.allow_all_schemes != *allow_all_schemes,
            access: !same(&old.resources, resources),
            secrets,
            credential: if secrets {
                Some(Credential::of(app, client, new))
            } else {
                Credential::gained(app.management, old, new)
            },
        }
    }

    /// To make a further client of `app`, whose rights go beyond those of the app's default client only
    /// with trust, and never beyond the caller's own.
    pub fn to_add_client(app: &App, new: &ClientSettings) -> Self {
        let default = &app.default_client.settings;
        let confidential = new.token_endpoint_auth_method.is_confidential();
        Self {
            trust: app.management
                || !within(&new.grant_types, &default.grant_types)
                || !within(&new.scopes, &default.scopes)
                || !within(&new.allowed_operations, &default.allowed_operations)
                || (new.allow_http_redirects && !default.allow_http_redirects)
                || (new.allow_all_schemes && !default.allow_all_schemes),
            access: !new.resources.is_empty(),
            secrets: false,
            credential: confidential.then(|| Credential::with(app.management, new)),
        }
    }

    /// To issue a secret of a client, besides `clients:secrets`.
    pub fn to_issue_secret(app: &App, client: &Client) -> Self {
        Self {
            credential: Some(Credential::of(app, client, &client.settings)),
            ..Self::default()
        }
    }

    /// To end a secret of a client, besides `clients:secrets`: of a management client whoever might issue it
    /// another.
    pub fn to_revoke_secret(app: &App, client: &Client) -> Self {
        if app.management {
            Self::to_issue_secret(app, client)
        } else {
            Self::default()
        }
    }

    /// To switch, delete or give a role to a client, besides the scope of the route.
    pub fn to_manage(app_is_management: bool) -> Self {
        Self {
            trust: app_is_management,
            ..Self::default()
        }
    }

    /// What either needs.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            trust: self.trust || other.trust,
            access: self.access || other.access,
            secrets: self.secrets || other.secrets,
            credential: self.credential.or(other.credential),
        }
    }

    /// Fails unless a token that holds this may do it.
    pub fn check(&self, held: &Held<'_>) -> Result<(), Lacking> {
        if self.trust && !held.management {
            return Err(Lacking::Management);
        }
        let named = [
            (self.trust, scopes::TRUST),
            (self.access, scopes::ACCESS),
            (self.secrets, scopes::SECRETS),
        ];
        let mut lacking: Vec<String> = named
            .into_iter()
            .filter(|(needed, scope)| *needed && !held.has(scope))
            .map(|(_, scope)| scope.into())
            .collect();
        for scope in self.credential.iter().flat_map(|c| c.beyond(held)) {
            if !lacking.contains(&scope) {
                lacking.push(scope);
            }
        }
        if lacking.is_empty() {
            Ok(())
        } else if !held.management && lacking.iter().any(|scope| scope == scopes::TRUST) {
            Err(Lacking::Management)
        } else {
            Err(Lacking::Scopes(lacking))
        }
    }
}

/// Whether a change of an app's own members widens rights or reaches beyond the app.
fn reaches_beyond(old: &AppProfile, new: &AppProfile) -> bool {
    // Every member is named, so that a new one has its place here.
    let AppProfile {
        app_name: _,
        app_description: _,
        logo: _,
        service_providers: _,
        authenticator_preferences,
        allow_public_signup,
        login_uri: _,
        subdomain,
        invite_member_email_expiration_minutes: _,
        trusted,
        bypass_consent,
        resource_server,
        tags: _,
        external_id: _,
    } = new;
    old.trusted != *trusted
        || old.bypass_consent != *bypass_consent
        || old.resource_server != *resource_server
        || old.authenticator_preferences != *authenticator_preferences
        || old.allow_public_signup != *allow_public_signup
        || old.subdomain != *subdomain
}

/// Whether a list and what it becomes are the defaults of their methods, and nothing is gained: who may change
/// the method need not be trusted with the list as well.
fn shrinks_by_default<T: PartialEq>([(old, was), (new, is)]: [(&Vec<T>, &Vec<T>); 2]) -> bool {
    old == was && new == is && within(new, old)
}

fn within<T: PartialEq>(few: &[T], many: &[T]) -> bool {
    few.iter().all(|item| many.contains(item))
}

fn beyond<T: PartialEq + Clone>(many: &[T], few: &[T]) -> Vec<T> {
    let rest = many.iter().filter(|item| !few.contains(item));
    rest.cloned().collect()
}

fn same<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a.len() == b.len() && within(a, b)
}

#[cfg(test)]
mod tests;
