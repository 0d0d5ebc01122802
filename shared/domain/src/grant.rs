//! Grant types and response types, by their registered names (RFC 6749, RFC 7591 §2, RFC 8628, CIBA).

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A way to obtain a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 7523 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
    /// RFC 8628.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// OpenID CIBA Core §4.
    #[serde(rename = "urn:openid:params:grant-type:ciba")]
    Ciba,
    /// RFC 6749 §4.2; stored when asked through SCIM, served by no endpoint (RFC 9700 §2.1.2).
    Implicit,
    /// RFC 6749 §4.3; stored when asked through SCIM, served by no endpoint (RFC 9700 §2.4).
    Password,
}

impl GrantType {
    /// Every grant, in the order in which messages list them.
    pub const ALL: [Self; 8] = [
        Self::AuthorizationCode,
        Self::ClientCredentials,
        Self::RefreshToken,
        Self::JwtBearer,
        Self::DeviceCode,
        Self::Ciba,
        Self::Implicit,
        Self::Password,
    ];

    /// The grants that the token endpoint serves: it refuses any other, metadata list these, and SCIM warns of the
    /// rest.
    pub const SERVED: [Self; 1] = [Self::ClientCredentials];

    /// Whether the token endpoint serves it.
    pub fn is_served(self) -> bool {
        Self::SERVED.contains(&self)
    }

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::Ciba => "urn:openid:params:grant-type:ciba",
            Self::Implicit => "implicit",
            Self::Password => "password",
        }
    }

    /// A grant by its registered name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|grant| grant.as_str() == text)
            .ok_or(Invalid::Choice(
                "authorization_code, client_credentials, refresh_token, \
                 urn:ietf:params:oauth:grant-type:jwt-bearer, \
                 urn:ietf:params:oauth:grant-type:device_code, urn:openid:params:grant-type:ciba",
            ))
    }

    /// Withdrawn by RFC 9700: kept where a SCIM caller sends it, never served.
    pub const fn is_withdrawn(self) -> bool {
        matches!(self, Self::Implicit | Self::Password)
    }

    /// Whether the grant sends the user agent back to a redirect URI.
    pub const fn uses_redirects(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::Implicit)
    }
}

/// What an authorization request may ask for: an allow-list, not a hybrid flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseType {
    /// An authorization code.
    Code,
    /// An ID token.
    IdToken,
}

impl ResponseType {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
        }
    }

    /// A response type by its name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "code" => Ok(Self::Code),
            "id_token" => Ok(Self::IdToken),
            _ => Err(Invalid::Choice("code, id_token")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_serde_agree() {
        for grant in GrantType::ALL {
            assert_eq!(GrantType::parse(grant.as_str()), Ok(grant));
            assert_eq!(serde_json::to_value(grant).unwrap(), grant.as_str());
        }
        for kind in [ResponseType::Code, ResponseType::IdToken] {
            assert_eq!(ResponseType::parse(kind.as_str()), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
