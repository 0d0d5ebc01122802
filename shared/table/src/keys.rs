//! The only place that formats a key.
//!
//! A partition key is `<TYPE>#<part>[#<part>]`. No part can hold a `#` (every part is a newtype whose
//! alphabet leaves it out), so two different inputs never give one key.

use std::fmt;

use domain::{AppId, ClientId, CodeName, Subdomain, TenantId};

/// Name of the partition-key attribute.
pub const PK: &str = "pk";
/// Name of the sort-key attribute.
pub const SK: &str = "sk";
/// The attribute that puts an app item into its tenant's listing: the partition key of [`LISTING`].
pub const LISTED_IN: &str = "listed_in";
/// The index that lists a tenant's apps in the order of their ids, which is the order of creation.
pub const LISTING: &str = "apps_by_tenant";

const APP: &str = "APP#";

/// What the partition keys of each kind begin with, as IAM's `dynamodb:LeadingKeys` compares them.
pub mod pattern {
    /// An app and its clients.
    pub const APP: &str = "APP#*";
    /// Guards of code names.
    pub const CODE: &str = "CODE#*";
    /// Guards of unique names.
    pub const NAME: &str = "NAME#*";
    /// Guards of audiences.
    pub const AUDIENCE: &str = "AUDIENCE#*";
    /// Guards of subdomains.
    pub const SUBDOMAIN: &str = "SUBDOMAIN#*";
    /// Pointers of chosen client ids.
    pub const CLIENT_ID: &str = "CLIENT_ID#*";
    /// Kept answers.
    pub const IDEMPOTENCY: &str = "IDEMPOTENCY#*";
    /// The work list of deletions.
    pub const SWEEP: &str = super::SWEEP;
    /// Used assertions.
    pub const ASSERTION: &str = "ASSERTION#*";
    /// Revoked tokens.
    pub const REVOKED: &str = "REVOKED#*";
    /// Tenants.
    pub const TENANT: &str = "TENANT#*";
    /// The public halves of signing keys, and the key of cursors.
    pub const SIGNING_KEYS: &str = super::SIGNING_KEYS;
    /// The private halves of signing keys.
    pub const SIGNING_KEY_HALVES: &str = super::SIGNING_KEY_HALVES;
    /// The mark of the latest signing key.
    pub const LATEST_SIGNING_KEY: &str = super::LATEST;

    /// Whether a partition key fits a pattern, as IAM's `StringLike` has it.
    pub fn fits(pattern: &str, key: &str) -> bool {
        pattern
            .strip_suffix('*')
            .map_or(pattern == key, |start| key.starts_with(start))
    }

    /// Every one.
    #[cfg(test)]
    pub(super) const ALL: [&str; 14] = [
        APP,
        CODE,
        NAME,
        AUDIENCE,
        SUBDOMAIN,
        CLIENT_ID,
        IDEMPOTENCY,
        SWEEP,
        ASSERTION,
        REVOKED,
        TENANT,
        SIGNING_KEYS,
        SIGNING_KEY_HALVES,
        LATEST_SIGNING_KEY,
    ];
}

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place in it.
    pub sk: String,
}

/// As errors name it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pk, self.sk)
    }
}

/// An app with its default client.
pub fn app(app_id: &AppId) -> Key {
    Key {
        pk: format!("{APP}{app_id}"),
        sk: "APP".into(),
    }
}

/// A further client of an app.
pub fn client(app_id: &AppId, client_id: &ClientId) -> Key {
    Key {
        pk: format!("{APP}{app_id}"),
        sk: format!("{CLIENTS}{client_id}"),
    }
}

/// What keeps a code name unique in its tenant, and leads from it to the app.
pub fn code_name_guard(tenant: &TenantId, code_name: &CodeName) -> Key {
    Key {
        pk: format!("CODE#{tenant}#{code_name}"),
        sk: "GUARD".into(),
    }
}

/// The index of the same apps that holds keys only: for counting.
pub const APP_IDS: &str = "app_ids_by_tenant";

/// What keeps a name unique in its tenant, for apps for which that was asked. The name stands here as
/// the SHA-256 of its folded form in hex, because it can hold any character.
pub fn name_guard(tenant: &TenantId, folded_digest: &str) -> Key {
    Key {
        pk: format!("NAME#{tenant}#{folded_digest}"),
        sk: "GUARD".into(),
    }
}

/// What keeps a resource server's audience unique in its tenant, and leads from it to the app. The
/// audience stands here as its SHA-256 in hex, because it can hold a `#`.
pub fn audience_guard(tenant: &TenantId, digest: &str) -> Key {
    Key {
        pk: format!("AUDIENCE#{tenant}#{digest}"),
        sk: "GUARD".into(),
    }
}

/// What keeps a subdomain unique in its tenant.
pub fn subdomain_guard(tenant: &TenantId, subdomain: &Subdomain) -> Key {
    Key {
        pk: format!("SUBDOMAIN#{tenant}#{subdomain}"),
        sk: "GUARD".into(),
    }
}

/// What leads from a chosen client id to its app; such ids are unique in the deployment.
pub fn client_id_pointer(id: &ClientId) -> Key {
    Key {
        pk: format!("CLIENT_ID#{id}"),
        sk: "POINTER".into(),
    }
}

/// The sort key behind which an app's further clients stand.
pub const CLIENTS: &str = "CLIENT#";

/// The partition of the apps whose deletion is not swept yet.
pub const SWEEP: &str = "SWEEP";

/// A deleted app's place in the work list.
pub fn sweep(app_id: &AppId) -> Key {
    Key {
        pk: SWEEP.into(),
        sk: format!("{APP}{app_id}"),
    }
}

/// What a caller was answered under an idempotency key, which stands here as its SHA-256 in hex.
pub fn idempotency(tenant: &TenantId, caller: &ClientId, operation: &str, digest: &str) -> Key {
    Key {
        pk: format!("IDEMPOTENCY#{tenant}#{caller}#{operation}#{digest}"),
        sk: "RECORD".into(),
    }
}

/// A client's assertion, by the SHA-256 of its `jti` in hex.
pub fn assertion(client: &ClientId, digest: &str) -> Key {
    Key {
        pk: format!("ASSERTION#{client}#{digest}"),
        sk: "USED".into(),
    }
}

/// A revoked token of a client, by the SHA-256 of its `jti` in hex.
pub fn revoked_token(client: &ClientId, digest: &str) -> Key {
    Key {
        pk: format!("REVOKED#{client}#{digest}"),
        sk: "TOKEN".into(),
    }
}

/// A tenant.
pub fn tenant(tenant: &TenantId) -> Key {
    Key {
        pk: format!("TENANT#{tenant}"),
        sk: "TENANT".into(),
    }
}

/// The partition of the public halves of the deployment's signing keys.
pub const SIGNING_KEYS: &str = "SIGNING_KEYS";
/// The partition of their private halves, which fewer may read: IAM tells partitions apart, not attributes.
pub const SIGNING_KEY_HALVES: &str = "SIGNING_KEY_HALVES";
/// What a signing key's id stands behind, in both.
pub const KEY: &str = "KEY#";

/// The public half of one signing key.
pub fn signing_key(kid: &str) -> Key {
    Key {
        pk: SIGNING_KEYS.into(),
        sk: format!("{KEY}{kid}"),
    }
}

/// The private half of one signing key.
pub fn signing_key_half(kid: &str) -> Key {
    Key {
        pk: SIGNING_KEY_HALVES.into(),
        sk: format!("{KEY}{kid}"),
    }
}

/// The sort key of the key of list cursors.
pub const CURSOR_KEY: &str = "CURSOR_KEY";

/// The key of list cursors. It lies beside the public halves, so that one query has both.
pub fn cursor_key() -> Key {
    Key {
        pk: SIGNING_KEYS.into(),
        sk: CURSOR_KEY.into(),
    }
}

const LATEST: &str = "LATEST_SIGNING_KEY";

/// What names the signing key that was added last.
pub fn latest_signing_key() -> Key {
    Key {
        pk: LATEST.into(),
        sk: "LATEST".into(),
    }
}

/// The app that a partition key names.
pub fn parse_app_pk(pk: &str) -> Option<AppId> {
    AppId::parse(pk.strip_prefix(APP)?).ok()
}

/// The app whose item has this key.
pub fn app_of(key: &Key) -> Option<AppId> {
    parse_app_pk(&key.pk).filter(|id| app(id) == *key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_key() -> impl Strategy<Value = (String, Key)> {
        let tenant = "[a-z0-9]{1,8}";
        prop_oneof![
            (any::<u64>(), any::<[u8; 10]>()).prop_map(|(ms, random)| {
                let id = AppId::generate(ms, random);
                (format!("app {id}"), app(&id))
            }),
            (any::<u64>(), any::<[u8; 10]>(), "[A-Za-z0-9._~-]{1,20}").prop_map(
                |(ms, random, c)| {
                    let id = AppId::generate(ms, random);
                    let c = ClientId::parse(&c).unwrap();
                    (format!("client {id} {c}"), client(&id, &c))
                }
            ),
            (tenant, "[a-z0-9]{1,8}(_[a-z0-9]{1,3})?").prop_map(|(t, c)| {
                let (t, c) = (TenantId::parse(&t).unwrap(), CodeName::parse(&c).unwrap());
                (format!("code {t} {c}"), code_name_guard(&t, &c))
            }),
            tenant.prop_map(|t| {
                let t = TenantId::parse(&t).unwrap();
                (format!("tenant {t}"), super::tenant(&t))
            }),
            (any::<u64>(), any::<[u8; 10]>()).prop_map(|(ms, random)| {
                let id = AppId::generate(ms, random);
                (format!("sweep {id}"), sweep(&id))
            }),
            (tenant, "[0-9a-f]{1,9}").prop_map(|(t, d)| {
                let tenant = TenantId::parse(&t).unwrap();
                (format!("name {t} {d}"), name_guard(&tenant, &d))
            }),
            (tenant, "[0-9a-f]{1,9}").prop_map(|(t, d)| {
                let tenant = TenantId::parse(&t).unwrap();
                (format!("audience {t} {d}"), audience_guard(&tenant, &d))
            }),
            (tenant, "[a-z0-9]{1,8}").prop_map(|(t, label)| {
                let (tenant, subdomain) = (TenantId::parse(&t).unwrap(), Subdomain::parse(&label));
                let key = subdomain_guard(&tenant, &subdomain.unwrap());
                (format!("subdomain {t} {label}"), key)
            }),
            "[A-Za-z0-9_]{1,9}".prop_map(|c| {
                let id = ClientId::chosen(&c).unwrap();
                (format!("client id {c}"), client_id_pointer(&id))
            }),
            (
                tenant,
                "[A-Za-z0-9._~-]{1,9}",
                "[a-z-]{1,9}",
                "[0-9a-f]{1,9}"
            )
                .prop_map(|(t, c, o, d)| {
                    let text = format!("idempotency {t} {c} {o} {d}");
                    let (t, c) = (TenantId::parse(&t).unwrap(), ClientId::parse(&c).unwrap());
                    (text, idempotency(&t, &c, &o, &d))
                }),
            "[a-z0-9]{1,8}".prop_map(|kid| (format!("key {kid}"), signing_key(&kid))),
            "[a-z0-9]{1,8}".prop_map(|kid| (format!("half {kid}"), signing_key_half(&kid))),
            Just(("cursor key".into(), cursor_key())),
            Just(("latest key".into(), latest_signing_key())),
            ("[A-Za-z0-9._~-]{1,9}", "[0-9a-f]{1,9}", any::<bool>()).prop_map(|(c, d, used)| {
                let id = ClientId::parse(&c).unwrap();
                let key = if used {
                    assertion(&id, &d)
                } else {
                    revoked_token(&id, &d)
                };
                (format!("token {used} {c} {d}"), key)
            }),
        ]
    }

    proptest! {
        #[test]
        fn two_inputs_never_share_a_key((a, ka) in any_key(), (b, kb) in any_key()) {
            prop_assert_eq!(a == b, ka == kb);
        }

        #[test]
        fn a_key_fits_one_pattern((_, key) in any_key()) {
            let fitting = pattern::ALL.into_iter().filter(|one| pattern::fits(one, &key.pk));
            prop_assert_eq!(fitting.count(), 1, "{}", key);
        }

        #[test]
        fn an_app_key_leads_back(ms in any::<u64>(), random in any::<[u8; 10]>()) {
            let id = AppId::generate(ms, random);
            prop_assert_eq!(parse_app_pk(&app(&id).pk), Some(id));
            prop_assert_eq!(app_of(&app(&id)), Some(id));
            let other = client(&id, &ClientId::default_of(&id));
            prop_assert_eq!(app_of(&other), None);
        }
    }
}
