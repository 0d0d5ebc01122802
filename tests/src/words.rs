//! The words of each dialect: names of members, headers, parameters and paths that its callers know and that those of
//! another dialect do not.

/// A dialect's own words.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// What the dialect is called.
    pub dialect: &'static str,
    /// What no other dialect has.
    pub own: &'static [&'static str],
}

/// The native dialect.
pub const NATIVE: Words = Words {
    dialect: "native",
    own: &[
        "?force",
        "/v1/",
        "app_description",
        "app_name",
        "client_auth_method",
        "client_description",
        "client_display_name",
        "client_grant_types",
        "client_scopes",
        "client_type",
        "grant_types",
        "logout_uri",
        "post_logout_redirect_uris",
        "redirect_uris",
        "resource_ids",
        "response_types",
        "token_endpoint_auth_method",
    ],
};

/// The openid-apps dialect.
pub const OPENID_APPS: Words = Words {
    dialect: "openid-apps",
    own: &[
        "/oauth/service/token",
        "/platform/v1/",
        "access_token_format",
        "oauth_redirect_uris",
        "redirect_uri",
        "service_id",
        "service_secret",
    ],
};

/// The SCIM dialect.
pub const SCIM: Words = Words {
    dialect: "SCIM",
    own: &[
        "/admin/v1/",
        "AppStatusChanger",
        "accessTokenExpiry",
        "allUrlSchemesAllowed",
        "allowedGrants",
        "allowedOperations",
        "allowedScopes",
        "appId",
        "basedOnTemplate",
        "bypassConsent",
        "clientSecret",
        "clientType",
        "displayName",
        "forceDelete",
        "isOAuthClient",
        "isOAuthResource",
        "logoutUri",
        "opc-retry-token",
        "postLogoutRedirectUris",
        "redirectUris",
        "sortBy",
        "startIndex",
    ],
};

/// The OAuth endpoints, whose callers know a client's credentials and the members of a token request.
pub const OAUTH: Words = Words {
    dialect: "OAuth",
    own: &["client_assertion", "client_assertion_type"],
};

/// Of native and openid-apps, but of no other.
pub const IDEMPOTENCY: [&str; 2] = ["idempotency-key", "app_code_name"];

/// The words of `all` that stand in a text, letter case aside, none of them as a part of a longer one.
pub fn found(text: &str, all: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    let text = text.to_lowercase();
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let stands = |word: &&str| {
        let word = word.to_lowercase();
        text.match_indices(&word).any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
            let begins = word.starts_with('?') || !before.is_some_and(part);
            begins && (word.ends_with('/') || !after.is_some_and(part))
        })
    };
    all.into_iter().filter(stands).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole() {
        let found = |text| found(text, NATIVE.own.iter().chain(OPENID_APPS.own).copied());
        assert_eq!(found("repeat with ?force=true."), ["?force"]);
        assert_eq!(found("DELETE x?force=true."), ["?force"]);
        assert!(found("repeat with ?forceDelete=true").is_empty());
        assert_eq!(found("oauth_redirect_uris/0 is"), ["oauth_redirect_uris"]);
        assert_eq!(found("page through GET /v1/applications"), ["/v1/"]);
        assert!(found("GET /platform/v1/x").contains(&"/platform/v1/"));
        assert!(!found("GET /platform/v1/x").contains(&"/v1/"));
        assert!(found("an application's name").is_empty());
    }
}
