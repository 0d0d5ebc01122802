//! Every setting of a Lambda function, read once in INIT. `template.yaml` sets them; a guard compares.

use std::env;

use domain::{PublicRoot, key_root::MalformedRoots};
use thiserror::Error;

/// Name of the table.
pub const TABLE_NAME: &str = "TABLE_NAME";
/// ARN or name of the master secret in Secrets Manager; for functions that need it.
pub const MASTER_SECRET_ARN: &str = "MASTER_SECRET_ARN";
/// The issuer, where a custom domain is used; else it is the API's own host.
pub const ISSUER: &str = "ISSUER";
/// The public roots of the key set, with commas between them; public halves of signing keys that none of them
/// signed are left out. Functions with the master secret know without it.
pub const KEY_SET_ROOTS: &str = "KEY_SET_ROOTS";
/// PEM file of roots to trust instead of Amazon's.
pub const CA_BUNDLE: &str = "CA_BUNDLE";

/// How many clients an app may have beside its default one.
pub const MAX_CLIENTS_PER_APP: &str = "MAX_CLIENTS_PER_APP";

/// Every setting, for the guard that compares with the template.
pub const ALL: [&str; 6] = [
    TABLE_NAME,
    MASTER_SECRET_ARN,
    ISSUER,
    KEY_SET_ROOTS,
    CA_BUNDLE,
    MAX_CLIENTS_PER_APP,
];

/// How much there may be of what callers make; what there is beyond a limit stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Clients of an app, beside its default one.
    pub clients_per_app: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients_per_app: 100,
        }
    }
}

/// A setting that stops INIT.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// It is required and absent or empty.
    #[error("the environment variable {0} is missing; template.yaml sets it")]
    Missing(&'static str),
    /// Its value can't be used.
    #[error("the environment variable {0} can't be used: {1}")]
    Invalid(&'static str, String),
}

/// The settings of a function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Name of the table.
    pub table_name: String,
    /// Base of the issuer, without a trailing slash.
    pub issuer: Option<String>,
    /// Where the master secret is.
    pub master_secret: Option<String>,
    /// What vouches for public halves of signing keys; empty: nothing does.
    pub key_set_roots: Vec<PublicRoot>,
    /// A file of roots.
    pub ca_bundle: Option<String>,
    /// How much there may be.
    pub limits: Limits,
}

impl Settings {
    /// From the process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(|name| env::var(name).ok())
    }

    /// From any source of named values; an empty value counts as absent.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let get = |name| source(name).filter(|value| !value.trim().is_empty());
        let issuer = get(ISSUER).map(|base| base.trim_end_matches('/').to_owned());
        if let Some(base) = &issuer {
            let http = base.starts_with("https://") || base.starts_with("http://127.0.0.1");
            if !http || base.contains(['?', '#']) {
                return Err(SettingsError::Invalid(
                    ISSUER,
                    "it must be an https URL without query or fragment (RFC 8414 §2)".into(),
                ));
            }
        }
        let roots = get(KEY_SET_ROOTS).map(|text| PublicRoot::parse_list(&text));
        let roots = roots.transpose();
        let invalid = |e: MalformedRoots| SettingsError::Invalid(KEY_SET_ROOTS, e.to_string());
        Ok(Self {
            table_name: get(TABLE_NAME).ok_or(SettingsError::Missing(TABLE_NAME))?,
            issuer,
            master_secret: get(MASTER_SECRET_ARN),
            key_set_roots: roots.map_err(invalid)?.unwrap_or_default(),
            ca_bundle: get(CA_BUNDLE),
            limits: Limits {
                clients_per_app: match get(MAX_CLIENTS_PER_APP) {
                    Some(text) => count(MAX_CLIENTS_PER_APP, &text)?,
                    None => Limits::default().clients_per_app,
                },
            },
        })
    }
}

/// A setting that counts something, from none on.
fn count(name: &'static str, text: &str) -> Result<u32, SettingsError> {
    let why = |_| SettingsError::Invalid(name, "it must be a whole number from 0 on".into());
    text.trim().parse().map_err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(|name| {
            let found = values.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_missing_setting_is_named() {
        assert_eq!(read(&[]), Err(SettingsError::Missing(TABLE_NAME)));
        assert_eq!(
            read(&[(TABLE_NAME, " ")]),
            Err(SettingsError::Missing(TABLE_NAME))
        );
    }

    #[test]
    fn the_issuer_is_https_and_has_no_trailing_slash() {
        let set = |issuer| read(&[(TABLE_NAME, "roster"), (ISSUER, issuer)]);
        assert_eq!(
            set("https://id.example.com/").unwrap().issuer.unwrap(),
            "https://id.example.com"
        );
        assert!(set("http://id.example.com").is_err());
        assert!(set("https://id.example.com?x").is_err());
    }

    #[test]
    fn limits_are_whole_numbers() {
        let set = |limit| read(&[(TABLE_NAME, "roster"), (MAX_CLIENTS_PER_APP, limit)]);
        let limits = |limit| set(limit).map(|settings| settings.limits.clients_per_app);
        assert_eq!(limits(""), Ok(100));
        assert_eq!(limits("0"), Ok(0));
        assert_eq!(limits("5000"), Ok(5000));
        for wrong in ["-1", "many", "1.5", "4294967296"] {
            assert!(set(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_root_that_is_none_stops_init_by_name() {
        let set = |roots| read(&[(TABLE_NAME, "roster"), (KEY_SET_ROOTS, roots)]);
        let one = "A".repeat(43);
        assert_eq!(set("").unwrap().key_set_roots.len(), 0);
        assert_eq!(set(&one).unwrap().key_set_roots.len(), 1);
        let two = format!("{one},{one}");
        assert_eq!(set(&two).unwrap().key_set_roots.len(), 2);
        let SettingsError::Invalid(name, _) = set("a root").unwrap_err() else {
            panic!("it is there");
        };
        assert_eq!(name, KEY_SET_ROOTS);
    }
}
