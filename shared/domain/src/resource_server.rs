//! An app as a resource server (RFC 6749 §1.1), and what tokens for it carry (RFC 8707 §2.2).

use serde::{Deserialize, Serialize};

use crate::{Description, ResourceId, Scope, scopes};

/// What an app offers to others as a resource server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceServer {
    /// Whether it is one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enabled: bool,
    /// What its tokens name as audience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<ResourceId>,
    /// The scopes it understands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<OfferedScope>,
}

/// A scope that a resource server understands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedScope {
    /// Its name.
    pub value: Scope,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Whether users are asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requires_consent: bool,
}

impl ResourceServer {
    /// The audience that is this server's alone in its tenant: the one it names while it is enabled.
    pub fn claimed(&self) -> Option<&ResourceId> {
        self.audience.as_ref().filter(|_| self.enabled)
    }

    /// Whether it understands `scope`: by its name, or by its fully qualified one, which is the audience
    /// with the name behind it (SCIM's `fqs`).
    pub fn offers(&self, scope: &Scope) -> bool {
        let audience = self.audience.as_ref().map(ResourceId::as_str);
        let named = audience.and_then(|audience| scope.as_str().strip_prefix(audience));
        let mut offered = self.scopes.iter().map(|offered| offered.value.as_str());
        offered.any(|name| name == scope.as_str() || Some(name) == named)
    }
}

/// Of the scopes that a client holds, those that a token for resources may carry: nothing that Roster
/// keeps for itself, and nothing that one of the registered `servers` among them does not offer. Each
/// scope of a token counts at each of its audiences.
pub fn carried(held: &[Scope], servers: &[&ResourceServer]) -> Vec<Scope> {
    let mut held = held.to_vec();
    held.retain(|scope| !scopes::is_reserved(scope) && servers.iter().all(|s| s.offers(scope)));
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn server(audience: &str, scopes: &[&str]) -> ResourceServer {
        let offered = scopes.iter().map(|name| OfferedScope {
            value: scope(name),
            description: None,
            requires_consent: false,
        });
        ResourceServer {
            enabled: true,
            audience: Some(ResourceId::parse(audience).unwrap()),
            scopes: offered.collect(),
        }
    }

    fn texts(carried: &[Scope]) -> Vec<&str> {
        carried.iter().map(Scope::as_str).collect()
    }

    #[test]
    fn an_audience_is_claimed_while_the_server_is_enabled() {
        let mut server = server("https://api.example.com", &[]);
        assert!(server.claimed().is_some());
        server.enabled = false;
        assert_eq!(server.claimed(), None);
    }

    #[test]
    fn a_scope_is_offered_by_its_name_or_its_qualified_name_and_nothing_between() {
        let server = server("http://example.com/", &["photos", "a"]);
        for (asked, offered) in [
            ("photos", true),
            ("http://example.com/photos", true),
            ("http://example.com/a", true),
            ("http://example.com/", false),
            ("http://example.com/photo", false),
            ("http://example.com/photoss", false),
            ("http://example.org/photos", false),
            ("PHOTOS", false),
        ] {
            assert_eq!(server.offers(&scope(asked)), offered, "{asked}");
        }
    }

    #[test]
    fn a_token_for_resources_carries_nothing_reserved_and_only_what_each_server_offers() {
        let held: Vec<_> = scopes::MANAGEMENT
            .into_iter()
            .chain([scopes::ME, "logins:accept", "grants:read", "events:read"])
            .chain(["photos", "films"])
            .map(scope)
            .collect();
        assert_eq!(texts(&carried(&held, &[])), ["photos", "films"]);
        // Even a server that claims to offer reserved ones gets none.
        let greedy = server("apps:", &["edit", "apps:edit", scopes::ME, "photos"]);
        assert_eq!(texts(&carried(&held, &[&greedy])), ["photos"]);
        let films = server("films", &["films", "photos"]);
        assert_eq!(texts(&carried(&held, &[&films])), ["photos", "films"]);
        assert_eq!(texts(&carried(&held, &[&films, &greedy])), ["photos"]);
        assert!(carried(&held, &[&server("none", &[])]).is_empty());
    }
}
