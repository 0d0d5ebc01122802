//! How a client proves itself at the token endpoint (RFC 6749 §2.3).

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// How a client authenticates at the token endpoint (RFC 7591 §2, RFC 8414 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointAuthMethod {
    /// Secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// Secret in the form body.
    ClientSecretPost,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
    /// A public client: no secret; PKCE is required of it.
    None,
}

impl TokenEndpointAuthMethod {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    /// A method by its registered name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "client_secret_basic" => Ok(Self::ClientSecretBasic),
            "client_secret_post" => Ok(Self::ClientSecretPost),
            "private_key_jwt" => Ok(Self::PrivateKeyJwt),
            "none" => Ok(Self::None),
            _ => Err(Invalid::Choice(
                "client_secret_basic, client_secret_post, private_key_jwt, none",
            )),
        }
    }

    /// Whether a client of this method holds secrets.
    pub const fn uses_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }

    /// Whether the client can authenticate at all (RFC 6749 §2.1 "confidential").
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::None)
    }
}
