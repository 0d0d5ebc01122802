//! What a change takes besides `apps:edit` (contracts: OAuth endpoints, who may do what).

use crate::{AppProfile, ClientSettings, scopes};

/// The further scopes that a change needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RightsNeeded {
    /// It changes `trusted`, grants, scopes or what URIs are let in: `apps:trust`.
    pub trust: bool,
    /// It changes the resources a client may ask for: `apps:access`.
    pub access: bool,
}

impl RightsNeeded {
    /// To change an app.
    pub fn for_profile(old: &AppProfile, new: &AppProfile) -> Self {
        Self {
            trust: old.trusted != new.trusted,
            access: false,
        }
    }

    /// To change a client.
    pub fn for_settings(old: &ClientSettings, new: &ClientSettings) -> Self {
        Self {
            trust: !same(&old.grant_types, &new.grant_types)
                || !same(&old.scopes, &new.scopes)
                || !same(&old.allowed_operations, &new.allowed_operations)
                || old.allow_http_redirects != new.allow_http_redirects
                || old.allow_all_schemes != new.allow_all_schemes,
            access: !same(&old.resources, &new.resources),
        }
    }

    /// To make a client whose rights go beyond those of its app's default client.
    pub fn for_new_client(app: &ClientSettings, new: &ClientSettings) -> Self {
        Self {
            trust: !within(&new.grant_types, &app.grant_types)
                || !within(&new.scopes, &app.scopes)
                || !within(&new.allowed_operations, &app.allowed_operations)
                || (new.allow_http_redirects && !app.allow_http_redirects)
                || (new.allow_all_schemes && !app.allow_all_schemes),
            access: !within(&new.resources, &app.resources),
        }
    }

    /// What either needs.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            trust: self.trust || other.trust,
            access: self.access || other.access,
        }
    }

    /// The scopes.
    pub fn scopes(self) -> impl Iterator<Item = &'static str> {
        let trust = self.trust.then_some(scopes::TRUST);
        trust
            .into_iter()
            .chain(self.access.then_some(scopes::ACCESS))
    }
}

fn within<T: PartialEq>(few: &[T], many: &[T]) -> bool {
    few.iter().all(|item| many.contains(item))
}

fn same<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a.len() == b.len() && within(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GrantType, Name, ResourceId, TokenEndpointAuthMethod};

    fn settings(grants: &[GrantType], resources: &[&str]) -> ClientSettings {
        let name = Name::parse("a").unwrap();
        ClientSettings {
            grant_types: grants.into(),
            resources: resources
                .iter()
                .map(|r| ResourceId::parse(r).unwrap())
                .collect(),
            ..ClientSettings::named(name, TokenEndpointAuthMethod::ClientSecretBasic)
        }
    }

    #[test]
    fn order_does_not_matter_and_every_change_counts() {
        use GrantType::{AuthorizationCode as A, ClientCredentials as C};
        let old = settings(&[A, C], &["x", "y"]);
        let needed = |new| {
            RightsNeeded::for_settings(&old, &new)
                .scopes()
                .collect::<Vec<_>>()
        };
        assert_eq!(needed(settings(&[C, A], &["y", "x"])), [""; 0]);
        assert_eq!(needed(settings(&[A], &["x", "y"])), ["apps:trust"]);
        assert_eq!(needed(settings(&[A, C], &["x"])), ["apps:access"]);
        assert_eq!(needed(settings(&[], &[])), ["apps:trust", "apps:access"]);
        let made = |new| {
            RightsNeeded::for_new_client(&old, &new)
                .scopes()
                .collect::<Vec<_>>()
        };
        assert_eq!(made(settings(&[A], &["x"])), [""; 0]);
        assert_eq!(
            made(settings(&[A, GrantType::Password], &["z"])),
            ["apps:trust", "apps:access"]
        );
    }
}
