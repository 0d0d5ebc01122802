//! A request as every handler sees it, whether API Gateway or the local server brought it.

use std::{collections::HashMap, fmt};

use domain::{Invalid, Place, Violations};

use crate::{ApiError, Route};

/// The longest body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// A query or a form may have so many parameters.
pub const MAX_PARAMETERS: usize = 64;

/// Whether a query or a form has more than `most` parameters; told without reading them.
pub(crate) fn has_more_parameters(text: &[u8], most: usize) -> bool {
    text.split(|byte| *byte == b'&').nth(most).is_some()
}

/// A request that has a route. Which one is the gateway's word (`routeKey`), never read off the URI.
/// `Debug` shows nothing that its caller wrote but the headers' names.
#[derive(Clone)]
pub struct Request {
    /// Where it goes.
    pub route: &'static Route,
    /// Path parameters, decoded.
    pub path: Vec<(String, String)>,
    /// The query string as sent, without `?`.
    pub query: String,
    /// Headers: names in lower case, repeated ones joined by commas.
    pub headers: HashMap<String, String>,
    /// The body, decoded from base64 where the gateway encoded it.
    pub body: Vec<u8>,
    /// The API's own host name, as the gateway knows it; never a header.
    pub host: String,
    /// The gateway's id of the request.
    pub id: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers, bodies and queries carry credentials; a path may carry one by mistake.
        let mut headers: Vec<_> = self.headers.keys().collect();
        headers.sort_unstable();
        f.debug_struct("Request")
            .field("route", &self.route)
            .field("id", &self.id)
            .field("host", &self.host)
            .field("headers", &headers)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Headers as [`Request::headers`] has them.
pub fn joined(headers: impl IntoIterator<Item = (String, String)>) -> HashMap<String, String> {
    let mut joined = HashMap::with_capacity(16);
    for (mut name, value) in headers {
        name.make_ascii_lowercase();
        joined
            .entry(name)
            .and_modify(|known: &mut String| {
                known.push(',');
                known.push_str(&value);
            })
            .or_insert(value);
    }
    joined
}

impl Request {
    /// Fails when there are two `Authorization` headers, which arrive joined by a comma: one of them is never
    /// taken for the only one, and no credential of ours holds a comma. RFC 6749 §5.2 and RFC 6750 §3.1 have
    /// `invalid_request`, 400, for more than one credential.
    pub fn check_authorization(&self) -> Result<(), ApiError> {
        const TWO: &str =
            "was sent two times, or holds a comma, which stands between two; send it one time";
        match self.header("authorization") {
            Some(value) if value.contains(',') => {
                Err(Violations::one(Place::Header("Authorization"), Invalid::Conflict(TWO)).into())
            }
            _ => Ok(()),
        }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A path parameter; empty when the route has none of that name.
    pub fn path_parameter(&self, name: &str) -> &str {
        self.path
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value)
    }

    /// The media type of the body, in lower case, without parameters; none where two were sent, joined by a
    /// comma, which no parameter of ours holds.
    pub fn media_type(&self) -> String {
        let one = |value: &&str| !value.contains(',');
        let value = self.header("content-type").filter(one).unwrap_or_default();
        let bare = value.split(';').next().unwrap_or_default();
        bare.trim().to_ascii_lowercase()
    }

    /// The query parameters as they were sent, decoded, when there are no more than [`MAX_PARAMETERS`].
    pub fn parameters(&self) -> Result<form_urlencoded::Parse<'_>, ApiError> {
        if has_more_parameters(self.query.as_bytes(), MAX_PARAMETERS) {
            return Err(Violations::one(Place::Query, Invalid::TooMany(MAX_PARAMETERS)).into());
        }
        Ok(form_urlencoded::parse(self.query.as_bytes()))
    }

    /// The query parameters; an unknown or repeated one is a fault at its name.
    pub fn query_parameters(
        &self,
        known: &[&str],
        faults: &mut Violations,
    ) -> Result<HashMap<String, String>, ApiError> {
        let mut found = HashMap::new();
        let mut repeated = Vec::new();
        for (name, value) in self.parameters()? {
            if !known.contains(&name.as_ref()) {
                faults.push(Place::parameter(name), Invalid::Unknown);
            } else if found.contains_key(name.as_ref()) {
                repeated.push(name);
            } else {
                found.insert(name.to_string(), value.to_string());
            }
        }
        for name in repeated {
            // Which value is meant nobody knows, so neither is judged.
            found.remove(name.as_ref());
            faults.push(Place::parameter(name), Invalid::Duplicate);
        }
        Ok(found)
    }

    /// The value of the only query parameter that the route takes; an unknown or repeated one is refused.
    pub fn only_parameter(&self, known: &str) -> Result<Option<String>, ApiError> {
        let mut faults = Violations::default();
        let found = self.query_parameters(&[known], &mut faults)?.remove(known);
        Ok(faults.or(found)?)
    }

    /// Refuses every query parameter.
    pub fn no_parameters(&self) -> Result<(), ApiError> {
        let mut faults = Violations::default();
        self.query_parameters(&[], &mut faults)?;
        Ok(faults.or(())?)
    }
}
