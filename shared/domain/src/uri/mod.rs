//! URIs that callers register: where user agents are sent, and links shown to people.
//!
//! A URI is kept exactly as written and nothing is ever normalised: redirect URIs are compared byte
//! by byte (RFC 9700 §2.1, RFC 6749 §3.1.2). So only URIs are accepted that every reader splits
//! alike: `parse` applies the rules of every dialect, [`UriPolicy`] those that a client may lift.

use crate::Invalid;
use crate::newtype::text_newtype;

mod rules;

#[cfg(test)]
mod tests;

/// What a URI's scheme and host make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriKind {
    /// `https`.
    Https,
    /// `http` to the loopback interface: exactly `127.0.0.1`, `[::1]` or `localhost` (RFC 8252 §7.3, §8.3).
    Loopback,
    /// `http` to any other host.
    PlainHttp,
    /// A private-use scheme, a reversed domain name (RFC 8252 §7.1).
    PrivateUse,
}

/// What a client may register beyond https and http on loopback. The default is nothing more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UriPolicy {
    /// `http` to any host.
    pub allow_http: bool,
    /// Private-use schemes for clients that are not native.
    pub allow_private_schemes: bool,
}

/// A private-use scheme where the client may have none.
pub const PRIVATE_SCHEME: Invalid =
    Invalid::Uri("must use https; private-use schemes are not for this client");

impl UriPolicy {
    fn check(self, kind: UriKind, native: bool) -> Result<(), Invalid> {
        match kind {
            UriKind::PlainHttp if !self.allow_http => Err(Invalid::Uri(
                "must use https; http is only for 127.0.0.1, [::1] and localhost",
            )),
            UriKind::PrivateUse if !(native || self.allow_private_schemes) => Err(PRIVATE_SCHEME),
            _ => Ok(()),
        }
    }
}

/// Where the answer to an authorization request goes (RFC 6749 §3.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// A redirect URI that keeps the rules of every dialect; its client's are [`check`](Self::check)ed
    /// with the whole client.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        rules::absolute(text).map(|_| Self(text.to_owned()))
    }

    /// Whether a client under `policy` may have it.
    pub fn check(&self, policy: UriPolicy, native: bool) -> Result<(), Invalid> {
        policy.check(self.kind(), native)
    }

    /// What its scheme and host make of it.
    pub fn kind(&self) -> UriKind {
        rules::kind(&self.0)
    }

    /// Whether a request that names `requested` may be sent there: the same bytes, except that an
    /// app on `127.0.0.1` or `[::1]` takes whatever port it gets (RFC 8252 §7.3). `localhost` is a
    /// name that may resolve elsewhere (§8.3), so it has no such freedom.
    pub fn matches(&self, requested: &str) -> bool {
        self.0 == requested
            || rules::loopback_without_port(&self.0).is_some_and(|registered| {
                rules::loopback_without_port(requested) == Some(registered)
            })
    }
}

text_newtype!(RedirectUri);

/// Where a user agent goes at or after logout (OpenID Connect RP-Initiated Logout §3.1,
/// Front-Channel Logout §2). The rules of redirect URIs hold; equal means the same bytes, ports too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogoutUri(String);

impl LogoutUri {
    /// A logout URI that keeps the rules of every dialect.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        rules::absolute(text).map(|_| Self(text.to_owned()))
    }

    /// Whether a client under `policy` may have it.
    pub fn check(&self, policy: UriPolicy, native: bool) -> Result<(), Invalid> {
        policy.check(self.kind(), native)
    }

    /// What its scheme and host make of it.
    pub fn kind(&self) -> UriKind {
        rules::kind(&self.0)
    }
}

text_newtype!(LogoutUri);

/// A page or picture of the app: logo, login, approval. https, or http on loopback, in any dialect.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebUri(String);

impl WebUri {
    /// A web URI from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        UriPolicy::default().check(rules::absolute(text)?, false)?;
        Ok(Self(text.to_owned()))
    }
}

text_newtype!(WebUri);
