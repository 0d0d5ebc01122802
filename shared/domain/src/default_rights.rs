//! What a client may do when nobody says: it follows from how the client authenticates.

use crate::{App, GrantType, Scope, TokenEndpointAuthMethod, scopes};

/// The grants and scopes of a client for which none are named.
///
/// Nothing is stored of who chose them: a client whose grants are the default ones of its method has them by
/// default, and so they are exchanged for those of another method when it gets one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultRights {
    /// How it may obtain tokens.
    pub grant_types: Vec<GrantType>,
    /// What its tokens may carry.
    pub scopes: Vec<Scope>,
}

impl DefaultRights {
    /// Of an app's default client: enough for one that authenticates to read and edit its own app.
    pub fn of_default_client(method: TokenEndpointAuthMethod) -> Self {
        if !method.is_confidential() {
            return Self {
                grant_types: vec![GrantType::AuthorizationCode],
                scopes: Vec::new(),
            };
        }
        let names = [scopes::READ, scopes::EDIT];
        Self {
            grant_types: vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
            scopes: names.iter().filter_map(|s| Scope::parse(s).ok()).collect(),
        }
    }

    /// Of a further client of `app`: the grants of a default client, as far as the app's own has them too, and
    /// no scopes. So whoever may edit the app may make such a client, whatever else their token holds.
    pub fn of_further_client(app: &App, method: TokenEndpointAuthMethod) -> Self {
        let granted = &app.default_client.settings.grant_types;
        let mut grant_types = Self::of_default_client(method).grant_types;
        grant_types.retain(|grant| grant.uses_redirects() || granted.contains(grant));
        Self {
            grant_types,
            scopes: Vec::new(),
        }
    }

    /// Of the default client of `app`, or of a further one.
    pub fn of(app: &App, is_default_client: bool, method: TokenEndpointAuthMethod) -> Self {
        if is_default_client {
            Self::of_default_client(method)
        } else {
            Self::of_further_client(app, method)
        }
    }
}
