//! The rules for every URI of every client, each in one place.

use std::net::Ipv6Addr;

use url::Url;

use super::UriKind;
use crate::Invalid;
use crate::ids::ascii;

const MAX_BYTES: usize = 2048;
const MAX_HOST: usize = 253;
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];
/// The loopback hosts whose port is chosen at run time.
const LOOPBACK_LITERALS: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

const NOT_ABSOLUTE: Invalid =
    Invalid::Uri("must be an absolute URI, such as https://app.example.com/callback");
const HOST: Invalid = Invalid::Uri(
    "must name its host plainly: lower-case, international names in punycode, an IPv4 address as four \
     decimal numbers, an IPv6 address in its short form",
);
const PORT: Invalid = Invalid::Uri("must have a port from 1 to 65535, or none");

/// Whether `text` keeps the rules, and what it is then.
pub(super) fn absolute(text: &str) -> Result<UriKind, Invalid> {
    ascii(
        text,
        MAX_BYTES,
        is_uri_byte,
        "the characters of a URI (RFC 3986): no spaces, quotes, backslashes or <>`{}|^",
    )?;
    if text.contains('#') {
        return Err(Invalid::Uri("must not have a fragment (#)"));
    }
    let decoded = decode(text).ok_or(Invalid::Uri(
        "must have two hexadecimal digits after each %",
    ))?;
    if decoded.iter().any(u8::is_ascii_control) {
        return Err(Invalid::Uri("must not contain escaped control characters"));
    }

    let (scheme, rest) = text.split_once(':').ok_or(NOT_ABSOLUTE)?;
    let private = is_private_use(scheme)?;
    // RFC 8252 §7.1: a private-use URI may have its path right after the scheme.
    let (authority, tail) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, tail) = rest.split_at(end);
            (Some(authority), tail)
        }
        None if private && rest.starts_with('/') => (None, rest),
        None => return Err(NOT_ABSOLUTE),
    };
    let host = authority.map_or(Ok(""), |authority| check_authority(authority, private))?;
    check_path(tail)?;

    // A second reader: where it finds another host, so may a browser.
    let parsed = Url::parse(text).map_err(|_| HOST)?;
    if parsed.host_str().unwrap_or_default() != host {
        return Err(HOST);
    }
    Ok(kind(text))
}

/// What an accepted URI is.
pub(super) fn kind(text: &str) -> UriKind {
    if text.starts_with("https:") {
        return UriKind::Https;
    }
    let Some(rest) = text.strip_prefix("http://") else {
        return UriKind::PrivateUse;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if LOOPBACK.contains(&split_port(authority).0) {
        UriKind::Loopback
    } else {
        UriKind::PlainHttp
    }
}

/// An http URI on a loopback literal: what stands before its port and what after. `None` for any other
/// text.
pub(super) fn loopback_without_port(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = LOOPBACK_LITERALS
        .into_iter()
        .find_map(|host| text.strip_prefix(host).map(|rest| (host, rest)))?;
    let Some(rest) = rest.strip_prefix(':') else {
        return Some((host, rest));
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (port, rest) = rest.split_at(end);
    is_port(port).then_some((host, rest))
}

/// RFC 3986 §2, without the single quote: it ends an attribute or a string in too many templates.
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte)
}

/// `text` with its escapes resolved, once; `None` when one is malformed (RFC 3986 §2.1).
fn decode(text: &str) -> Option<Vec<u8>> {
    let hex = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? * 16 + hex(bytes.next()?)?,
            _ => byte,
        });
    }
    Some(decoded)
}

/// Whether the scheme is a private-use one; it must be that, `http` or `https`.
///
/// An allow-list: what browsers run, open or look up (`javascript`, `data`, `file`, `view-source`, …)
/// has no dot, and a private-use scheme must have one (RFC 8252 §7.1).
fn is_private_use(scheme: &str) -> Result<bool, Invalid> {
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !well_formed {
        return Err(NOT_ABSOLUTE);
    }
    if scheme.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(Invalid::Uri("must write its scheme in lower case"));
    }
    match scheme {
        "http" | "https" => Ok(false),
        _ if scheme.contains('.') && scheme.split('.').all(|label| !label.is_empty()) => Ok(true),
        _ => Err(Invalid::Uri(
            "must use https, http or a private-use scheme with a dot in it, such as com.example.app",
        )),
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    let end = authority
        .find(']')
        .map(|bracket| bracket + 1)
        .or_else(|| authority.find(':'))
        .unwrap_or(authority.len());
    let (host, rest) = authority.split_at(end);
    let port = (!rest.is_empty()).then(|| rest.strip_prefix(':').unwrap_or(rest));
    (host, port)
}

fn is_port(text: &str) -> bool {
    // A leading zero or sign would be a second spelling of the same port.
    text.starts_with(|c: char| matches!(c, '1'..='9')) && text.parse::<u16>().is_ok()
}

/// The host, when host and port are such that nobody reads another one out of them.
fn check_authority(authority: &str, private: bool) -> Result<&str, Invalid> {
    if authority.contains('@') {
        return Err(Invalid::Uri("must not have user-info (@ before the host)"));
    }
    if authority.contains('*') {
        return Err(Invalid::Uri("must not have a wildcard in its host"));
    }
    let (host, port) = split_port(authority);
    if port.is_some_and(|port| !is_port(port)) {
        return Err(PORT);
    }
    if host.is_empty() {
        // `com.example.app:///path` is how many native apps write it.
        return if private && port.is_none() {
            Ok(host)
        } else {
            Err(NOT_ABSOLUTE)
        };
    }
    if host.ends_with('.') {
        return Err(Invalid::Uri("must not have a dot at the end of its host"));
    }
    let plain = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => is_true_ipv6(address),
        None => is_name(host, private),
    };
    if plain { Ok(host) } else { Err(HOST) }
}

/// Not `::ffff:7f00:1` or `::7f00:1`: IPv4 addresses that no list of IPv4 addresses knows.
fn is_true_ipv6(address: &str) -> bool {
    address
        .parse::<Ipv6Addr>()
        .is_ok_and(|address| address.is_loopback() || address.to_ipv4().is_none())
}

fn is_name(host: &str, private: bool) -> bool {
    let allowed = |b: u8| {
        b.is_ascii_lowercase()
            || b.is_ascii_digit()
            || b"-_".contains(&b)
            // No DNS name, so no reader folds its case.
            || (private && b.is_ascii_uppercase())
    };
    host.len() <= MAX_HOST
        && host
            .split('.')
            .all(|label| matches!(label.len(), 1..=63) && label.bytes().all(allowed))
}

/// No segment that a browser or a proxy on the way would resolve or cut, however it is escaped.
fn check_path(tail: &str) -> Result<(), Invalid> {
    const PATH: Invalid = Invalid::Uri(
        "must not have path segments . or .., escaped backslashes or doubly escaped characters in its path",
    );
    if tail.contains(['[', ']']) {
        return Err(Invalid::Uri("must escape [ and ] outside an IPv6 address"));
    }
    let path = decode(tail.split('?').next().unwrap_or_default()).ok_or(PATH)?;
    // `;` starts a parameter that servers cut off: `/..;x/` is `/../` to some.
    let resolved = path.split(|b| *b == b'/').any(|segment| {
        let name = segment.split(|b| *b == b';').next();
        matches!(name, Some(b"." | b".."))
    });
    // What still decodes was escaped twice: `%252e`.
    let escaped_again = path
        .windows(3)
        .any(|w| matches!(w, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()));
    if resolved || escaped_again || path.contains(&b'\\') {
        return Err(PATH);
    }
    Ok(())
}
