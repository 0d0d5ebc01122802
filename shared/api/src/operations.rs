//! Every operation as data: what it is for, what it may do to the table, whether it reads the master secret,
//! when it runs by itself. `template.yaml` has its functions and policies from here (a guard compares), and
//! tests hold every request that a handler makes against it, both ways.

use table::keys::pattern::{
    APP, ASSERTION, CLIENT_ID, CODE, IDEMPOTENCY, LATEST_SIGNING_KEY, NAME, REVOKED, SIGNING_KEYS,
    SWEEP, TENANT,
};
use table::keys::{APP_IDS, LISTING};

/// One operation: one crate, one binary, one Lambda function.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The name of its crate, package and binary.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub purpose: &'static str,
    /// Whether it reads the master secret in INIT.
    pub master: bool,
    /// When it runs by itself, as `EventBridge` writes it.
    pub schedule: Option<&'static str>,
    /// What it may do to the table, and nothing else.
    pub grants: &'static [Grant],
}

/// One action that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The IAM action, without its `dynamodb:`.
    pub action: &'static str,
    /// On what.
    pub on: On,
}

/// What an action is allowed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// The table, where the partition key is one of these; a `*` at the end stands for any end.
    Keys(&'static [&'static str]),
    /// This index. Its partition key is the tenant's id: any.
    Index(&'static str),
}

const fn on(action: &'static str, keys: &'static [&'static str]) -> Grant {
    Grant {
        action,
        on: On::Keys(keys),
    }
}

const fn query(index: &'static str) -> Grant {
    Grant {
        action: "Query",
        on: On::Index(index),
    }
}

/// What every operation does that knows its caller: the caller's client, app and token's revocation.
const CALLER: Grant = on("BatchGetItem", &[APP, REVOKED]);
/// The keys that tokens are verified by; in INIT also of operations that verify none.
const KEYS: Grant = on("Query", &[SIGNING_KEYS]);

const fn routed(
    name: &'static str,
    purpose: &'static str,
    master: bool,
    grants: &'static [Grant],
) -> Operation {
    Operation {
        name,
        purpose,
        master,
        schedule: None,
        grants,
    }
}

const fn unrouted(
    name: &'static str,
    purpose: &'static str,
    master: bool,
    schedule: Option<&'static str>,
    grants: &'static [Grant],
) -> Operation {
    Operation {
        name,
        purpose,
        master,
        schedule,
        grants,
    }
}

/// Every operation, by name.
#[rustfmt::skip]
pub static OPERATIONS: [Operation; 28] = [
    routed("change-status", "Switches an app or a client on or off.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    routed("create-app", "Registers an app with its default client.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        on("PutItem", &[APP, CODE, NAME, CLIENT_ID, IDEMPOTENCY]),
    ]),
    routed("create-client", "Adds a client to an app.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("PutItem", &[APP, IDEMPOTENCY]),
    ]),
    routed("create-grant", "Gives an app a role.", false, &[
        CALLER, KEYS,
        on("GetItem", &[CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    unrouted("create-tenant", "Makes a tenant with its management application, or a fresh secret for one.", true, None, &[
        on("GetItem", &[TENANT, LATEST_SIGNING_KEY]),
        on("PutItem", &[TENANT, APP, CODE, SIGNING_KEYS, LATEST_SIGNING_KEY]),
        on("Query", &[SIGNING_KEYS]),
        on("UpdateItem", &[APP]),
    ]),
    routed("delete-app", "Deletes an app with its clients.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("PutItem", &[SWEEP]),
        on("UpdateItem", &[APP, CODE]),
        on("Query", &[APP]),
        on("BatchWriteItem", &[APP]),
        on("DeleteItem", &[NAME]),
    ]),
    routed("delete-client", "Deletes a client.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        on("DeleteItem", &[APP]),
    ]),
    routed("delete-grant", "Takes a role from an app.", false, &[
        CALLER, KEYS,
        on("GetItem", &[CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    routed("describe-provider", "Says what the SCIM dialect can do.", false, &[CALLER, KEYS, on("GetItem", &[CLIENT_ID])]),
    routed("discovery", "Publishes the issuer's metadata and keys.", false, &[KEYS]),
    routed("get-app", "Reads an app.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
    ]),
    routed("get-client", "Reads a client.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
    ]),
    routed("get-grant", "Reads a role that an app was given.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
    ]),
    routed("introspect", "Says whether a token is active (RFC 7662).", true, &[
        KEYS,
        on("BatchGetItem", &[APP, REVOKED]),
        on("GetItem", &[APP, CLIENT_ID]),
        on("PutItem", &[ASSERTION]),
        on("UpdateItem", &[APP]),
    ]),
    routed("issue-secret", "Issues a client another secret.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID, IDEMPOTENCY]),
        on("UpdateItem", &[APP]),
        on("PutItem", &[IDEMPOTENCY]),
    ]),
    routed("list-app-roles", "Lists the roles that apps can be given.", false, &[CALLER, KEYS, on("GetItem", &[CLIENT_ID])]),
    routed("list-apps", "Lists a tenant's apps.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        query(LISTING),
        query(APP_IDS),
    ]),
    routed("list-clients", "Lists an app's clients.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("Query", &[APP]),
    ]),
    routed("list-grants", "Lists the roles that apps were given.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        query(LISTING),
    ]),
    routed("list-secrets", "Lists a client's secrets, without the secrets.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
    ]),
    routed("revoke", "Revokes a token (RFC 7009).", true, &[
        KEYS,
        on("BatchGetItem", &[APP]),
        on("GetItem", &[APP, CLIENT_ID]),
        on("PutItem", &[ASSERTION, REVOKED]),
        on("UpdateItem", &[APP]),
    ]),
    routed("revoke-secret", "Ends a secret at once.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    unrouted("rotate-keys", "Makes and removes signing keys when it is time.", true, Some("rate(6 hours)"), &[
        on("GetItem", &[LATEST_SIGNING_KEY]),
        on("Query", &[SIGNING_KEYS]),
        on("PutItem", &[SIGNING_KEYS, LATEST_SIGNING_KEY]),
        on("DeleteItem", &[SIGNING_KEYS]),
    ]),
    unrouted("sweep", "Removes what deleted apps have left.", false, Some("rate(1 hour)"), &[
        on("Query", &[SWEEP, APP]),
        on("BatchWriteItem", &[APP]),
        on("DeleteItem", &[APP, SWEEP]),
    ]),
    routed("token", "Issues access tokens (RFC 6749 §3.2).", true, &[
        KEYS,
        on("BatchGetItem", &[APP]),
        on("GetItem", &[APP, CLIENT_ID]),
        on("PutItem", &[ASSERTION]),
        on("UpdateItem", &[APP]),
    ]),
    routed("update-app", "Changes an app.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("UpdateItem", &[APP]),
        on("PutItem", &[NAME]),
        on("DeleteItem", &[NAME]),
    ]),
    routed("update-client", "Changes a client.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    routed("update-resources", "Sets the resources that a client may ask for.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
];

/// The operation of this name.
pub fn by_name(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

impl Operation {
    /// What allows an action on an index, or on the table at a partition key: the grant, and the key pattern
    /// that fits. IAM decides alike: by the action, the resource and `dynamodb:LeadingKeys`.
    pub fn granting(
        &self,
        action: &str,
        index: Option<&str>,
        key: &str,
    ) -> Option<(&'static Grant, Option<&'static str>)> {
        let of_action = self.grants.iter().filter(|grant| grant.action == action);
        of_action.into_iter().find_map(|grant| match grant.on {
            On::Index(name) => (index == Some(name)).then_some((grant, None)),
            On::Keys(patterns) if index.is_none() => {
                let fitting = patterns.iter().find(|pattern| fits(pattern, key));
                fitting.map(|pattern| (grant, Some(*pattern)))
            }
            On::Keys(_) => None,
        })
    }
}

/// Whether a partition key fits a pattern, as IAM's `StringLike` has it.
fn fits(pattern: &str, key: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == key, |start| key.starts_with(start))
}
