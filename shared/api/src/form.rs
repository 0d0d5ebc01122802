//! The form bodies of the OAuth endpoints (RFC 6749 §3.2): every parameter at most once.

use std::collections::HashMap;

use domain::client::MAX_GRANTED;

use crate::{
    ApiError, Request,
    request::{MAX_PARAMETERS, has_more_parameters},
};

/// Parameters that may be repeated (RFC 8707 §2), as often as a client has resources.
const REPEATABLE: &str = "resource";

/// A form's parameters, empty ones included.
pub struct Form {
    single: HashMap<String, String>,
    resources: Vec<String>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values can be secrets.
        f.debug_list().entries(self.single.keys()).finish()
    }
}

impl Form {
    /// The body's parameters, when there are no more than are served.
    pub fn read(request: &Request) -> Result<Self, ApiError> {
        if request.media_type() != "application/x-www-form-urlencoded" {
            return Err(invalid(
                "Send the parameters as application/x-www-form-urlencoded.",
            ));
        }
        let body =
            std::str::from_utf8(&request.body).map_err(|_| invalid("The body must be UTF-8."))?;
        let most = MAX_PARAMETERS + MAX_GRANTED;
        if has_more_parameters(&request.body, most) {
            return Err(invalid(&format!("Send at most {most} parameters.")));
        }
        let mut form = Self {
            single: HashMap::new(),
            resources: Vec::new(),
        };
        for (name, value) in form_urlencoded::parse(body.as_bytes()) {
            if value.contains('\u{fffd}') || name.contains('\u{fffd}') {
                return Err(invalid("Parameters must be UTF-8."));
            }
            if name == REPEATABLE {
                form.resources.push(value.into());
                continue;
            }
            if form.single.contains_key(name.as_ref()) {
                return Err(invalid(&format!(
                    "The parameter {} is repeated.",
                    printable(&name)
                )));
            }
            form.single.insert(name.into(), value.into());
        }
        if form.single.len() > MAX_PARAMETERS || form.resources.len() > MAX_GRANTED {
            return Err(invalid(&format!(
                "Send at most {MAX_PARAMETERS} parameters and {MAX_GRANTED} resources."
            )));
        }
        Ok(form)
    }

    /// A parameter's value; an empty one counts as absent (RFC 6749 §3.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.single.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// A required parameter's value.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name)
            .ok_or_else(|| invalid(&format!("The parameter {name} is missing.")))
    }

    /// The `resource` parameters.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }
}

/// RFC 6749 §5.2: an `error_description` is printable ASCII without quotes and backslashes.
fn printable(text: &str) -> String {
    let clean = text
        .chars()
        .filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'));
    clean.take(64).collect()
}

fn invalid(description: &str) -> ApiError {
    ApiError::oauth("invalid_request", description)
}
