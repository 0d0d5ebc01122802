//! What of a document is ignored, for the `warnings` of the answer: a misspelled attribute must not vanish.
//!
//! Unknown attributes are ignored, as the vendor does (and RFC 7643 §2.2 has it for read-only ones). Those that the
//! vendor has and this server has not are told apart from those that nobody knows.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{APP_SCHEMA, grammar::Path, members};
use crate::{ApiError, Call};

/// So many are named; a last warning says how many more there are.
const NAMED: usize = 10;
/// A longer name is like none.
const LONGEST: usize = 40;
/// How many letters a name may be away from the one that was meant.
const NEAR: usize = 2;

/// What is read of an application, each with its sub-attributes.
static READ: [(&str, &[&str]); 24] = [
    ("schemas", &[]),
    ("externalId", &[]),
    ("displayName", &[]),
    ("isOAuthClient", &[]),
    ("clientType", &[]),
    ("basedOnTemplate", &["value"]),
    ("name", &[]),
    ("active", &[]),
    ("description", &[]),
    ("redirectUris", &[]),
    ("logoutUri", &[]),
    ("postLogoutRedirectUris", &[]),
    ("allUrlSchemesAllowed", &[]),
    ("allowedGrants", &[]),
    ("allowedScopes", &["fqs"]),
    ("allowedOperations", &[]),
    ("accessTokenExpiry", &[]),
    ("refreshTokenExpiry", &[]),
    ("bypassConsent", &[]),
    ("audience", &[]),
    ("scopes", &["value", "description", "requiresConsent"]),
    ("isOAuthResource", &[]),
    ("tags", &["key", "value"]),
    ("certificates", &["certAlias"]),
];
/// What answers have: whoever sends back what was read gets no warning of it (RFC 7643 §2.2, `readOnly`).
const READ_ONLY: [&str; 5] = ["id", "meta", "warnings", "clientSecret", "grantedAppRoles"];
/// Of the vendor's schema, what this server does not have.
#[rustfmt::skip]
const VENDORS: [&str; 87] = [
    "accounts", "adminRoles", "aliasApps", "allowAccessControl", "allowOffline", "allowedTags", "appIcon",
    "appSignonPolicy", "appThumbnail", "appsNetworkPerimeters", "asOPCService", "attrRenderingMetadata",
    "attributeSets", "callbackServiceUrl", "clientIPChecking", "cloudControlProperties", "compartmentOcid",
    "contactEmailAddress", "delegatedServiceNames", "deleteInProgress", "disableKmsiTokenAuthentication",
    "domainOcid", "editableAttributes", "errorPageUrl", "grants", "hashedClientSecret",
    "homePageUrl", "icon", "idTokenEncAlgo", "idcsCreatedBy", "idcsLastModifiedBy",
    "idcsLastUpgradedInRelease", "idcsPreventedOperations", "identityProviders", "idpPolicy",
    "infrastructure", "isAliasApp", "isDatabaseService", "isEnterpriseApp", "isFormFill", "isKerberosRealm",
    "isLoginTarget", "isManagedApp", "isMobileTarget", "isMulticloudServiceApp", "isOPCService",
    "isObligationCapable", "isRadiusApp", "isSamlServiceProvider", "isUnmanagedApp", "isWebTierPolicy",
    "landingPageUrl", "linkingCallbackUrl", "loginMechanism", "loginPageUrl", "logoutPageUrl",
    "meterAsOPCService", "migrated", "ocid", "privacyPolicyUrl", "productLogoUrl", "productName",
    "protectableSecondaryAudiences", "radiusPolicy", "readyToUpgrade", "samlServiceProvider",
    "secondaryAudiences", "serviceParams", "serviceTypeURN", "serviceTypeVersion", "showInMyApps",
    "signonPolicy", "tenancyOcid", "termsOfServiceUrl", "termsOfUse", "trustPolicies", "trustScope",
    "userRoles",
    // Sub-attributes.
    "$ref", "idOfDefiningApp", "kid", "lastModified", "readOnly", "sha1Thumbprint", "wellKnownId",
    "x509Base64Certificate", "x5t",
];
const EXTENSION: &str = "urn:ietf:params:scim:schemas:oracle:idcs:extension:";

/// What of a call's document, or of a patch's operations, was ignored: one warning for each name.
pub(super) fn of(call: &Call) -> Result<Vec<String>, ApiError> {
    let body = members(call)?;
    let mut ignored = Ignored::default();
    if call.request.route.method == "PATCH" {
        let operations = member(&body, "Operations").and_then(Value::as_array);
        for operation in operations.into_iter().flatten() {
            if let Value::Object(operation) = operation {
                ignored.operation(operation);
            }
        }
    } else {
        ignored.document(&body);
    }
    Ok(ignored.warnings())
}

/// A member of a message, whose names are compared without regard to letter case.
fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut all = members.iter();
    all.find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[derive(Default)]
struct Ignored {
    seen: BTreeSet<String>,
    said: Vec<String>,
}

impl Ignored {
    fn document(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            self.attribute(name, value);
        }
    }

    /// RFC 7644 §3.5.2: without a path, the value has the members that are to change.
    fn operation(&mut self, operation: &Map<String, Value>) {
        let value = member(operation, "value").unwrap_or(&Value::Null);
        let path = member(operation, "path").and_then(Value::as_str);
        match (path.map(Path::parse), value) {
            (None, Value::Object(members)) => self.document(members),
            (Some(Some(Path::Attr(path))), value) => match path.sub_attr {
                Some(part) => self.part(&path.name, &part),
                None => self.attribute(&path.name, value),
            },
            (Some(Some(Path::Value(path, _, part))), value) => match part {
                Some(part) => self.part(&path.name, &part),
                None => self.attribute(&path.name, value),
            },
            _ => {}
        }
    }

    fn attribute(&mut self, name: &str, value: &Value) {
        let own = name
            .strip_prefix(APP_SCHEMA)
            .and_then(|n| n.strip_prefix(':'));
        let name = own.unwrap_or(name);
        let Some((known, parts)) = READ.iter().find(|(known, _)| same(known, name)) else {
            if !READ_ONLY.iter().any(|known| same(known, name)) {
                self.note(name, name, READ.iter().map(|(known, _)| *known));
            }
            return;
        };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let objects = items.iter().filter(|_| !parts.is_empty());
        for members in objects.filter_map(Value::as_object) {
            for part in members.keys() {
                self.part(known, part);
            }
        }
    }

    /// A sub-attribute; of an unknown attribute it is the attribute that is told.
    fn part(&mut self, name: &str, part: &str) {
        let Some((known, parts)) = READ.iter().find(|(known, _)| same(known, name)) else {
            return self.attribute(name, &Value::Null);
        };
        if !parts.iter().any(|known| same(known, part)) {
            self.note(&format!("{known}.{part}"), part, parts.iter().copied());
        }
    }

    fn note(&mut self, place: &str, name: &str, meant: impl Iterator<Item = &'static str>) {
        if !self.seen.insert(place.to_owned()) || self.said.len() == NAMED {
            return;
        }
        let vendors = VENDORS.iter().any(|known| same(known, name)) || name.starts_with(EXTENSION);
        self.said.push(if vendors {
            format!("{place} is not supported here and was ignored")
        } else if let Some(meant) = nearest(name, meant) {
            format!("{place} is not known and was ignored; did you mean {meant}?")
        } else {
            format!("{place} is not known and was ignored")
        });
    }

    fn warnings(mut self) -> Vec<String> {
        let more = self.seen.len() - self.said.len();
        if more > 0 {
            self.said
                .push(format!("{more} more attributes were ignored"));
        }
        self.said
    }
}

/// RFC 7643 §2.1.
fn same(known: &str, name: &str) -> bool {
    known.eq_ignore_ascii_case(name)
}

/// The attribute that was meant, if one is near.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    // Of a short name, two letters are half.
    let near = if name.len() > 4 { NEAR } else { 1 };
    if name.len() > LONGEST {
        return None;
    }
    let all = known.map(|known| (distance(name, known), known));
    let nearest = all.filter(|(distance, _)| *distance <= near).min();
    nearest.map(|(_, known)| known)
}

/// How many letters are to be put in, taken out or changed (Levenshtein), letter case aside.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (1..=b.len()).collect();
    for (at, x) in a.bytes().enumerate() {
        let (mut diagonal, mut left) = (at, at + 1);
        for (above, y) in row.iter_mut().zip(b.bytes()) {
            let changed = diagonal + usize::from(!x.eq_ignore_ascii_case(&y));
            left = changed.min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, left);
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::scim::read;

    #[test]
    fn what_is_read_is_known_by_its_spelling() {
        for (name, parts) in READ {
            for known in parts.iter().chain([&name]) {
                assert_eq!(read::spelled(&known.to_uppercase()), *known);
            }
        }
    }

    #[test]
    fn distances_are_of_letters() {
        for (a, b, letters) in [
            ("allowedScope", "allowedScopes", 1),
            ("ALLOWEDSCOPES", "allowedScopes", 0),
            ("client_type", "clientType", 1),
            ("dispalyName", "displayName", 2),
            ("", "tags", 4),
            ("tags", "", 4),
        ] {
            assert_eq!(distance(a, b), letters, "{a} {b}");
        }
        let all = || READ.iter().map(|(known, _)| *known);
        assert_eq!(nearest("tag", all()), Some("tags"));
        assert_eq!(nearest("nose", all()), None);
        assert_eq!(nearest(&"x".repeat(128), all()), None);
    }
}
