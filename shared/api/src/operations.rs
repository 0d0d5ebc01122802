//! Every operation as data: what it is for, what it may do to the table, whether it reads the master secret,
//! when it runs by itself. `template.yaml` has its functions and policies from here (a guard compares), and
//! tests hold every request that a handler makes against it, both ways.

use table::keys::{
    APP_IDS, LISTING,
    pattern::{
        self, APP, ASSERTION, AUDIENCE, CLIENT_ID, CODE, IDEMPOTENCY, LATEST_SIGNING_KEY, NAME,
        REVOKED, SIGNING_KEY_HALVES, SIGNING_KEYS, SUBDOMAIN, SWEEP, TENANT,
    },
};

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
/// The public halves of the keys that tokens are signed with; in INIT also of operations that verify none.
const KEYS: Grant = on("Query", &[SIGNING_KEYS]);

const fn operation(
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

/// Every operation, by name.
#[rustfmt::skip]
pub static OPERATIONS: [Operation; 28] = [
    operation("change-status", "Switches an app or a client on or off.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    operation("create-app", "Registers an app with its default client.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        on("PutItem", &[APP, CODE, NAME, AUDIENCE, SUBDOMAIN, CLIENT_ID, IDEMPOTENCY]),
    ]),
    operation("create-client", "Adds a client to an app.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("PutItem", &[APP, IDEMPOTENCY]),
        on("UpdateItem", &[APP]),
        on("Query", &[APP]),
    ]),
    operation("create-grant", "Gives an app a role.", false, &[
        CALLER, KEYS,
        on("GetItem", &[CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    operation("create-tenant", "Makes a tenant with its management application, or a fresh secret for one.", true, &[
        on("GetItem", &[TENANT, LATEST_SIGNING_KEY]),
        on("PutItem", &[TENANT, APP, CODE, SIGNING_KEYS, SIGNING_KEY_HALVES, LATEST_SIGNING_KEY]),
        on("Query", &[SIGNING_KEYS]),
        on("UpdateItem", &[APP]),
    ]),
    operation("delete-app", "Deletes an app with its clients.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("PutItem", &[SWEEP]),
        on("UpdateItem", &[APP, CODE]),
        on("Query", &[APP]),
        on("BatchWriteItem", &[APP]),
        on("DeleteItem", &[NAME, AUDIENCE, SUBDOMAIN]),
    ]),
    operation("delete-client", "Deletes a client.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        on("DeleteItem", &[APP]),
        on("UpdateItem", &[APP]),
    ]),
    operation("delete-grant", "Takes a role from an app.", false, &[
        CALLER, KEYS,
        on("GetItem", &[CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    operation("describe-provider", "Says what the SCIM dialect can do.", false, &[CALLER, KEYS, on("GetItem", &[CLIENT_ID])]),
    operation("discovery", "Publishes the issuer's metadata and keys.", false, &[KEYS]),
    operation("get-app", "Reads an app.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
    ]),
    operation("get-client", "Reads a client.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
    ]),
    operation("get-grant", "Reads a role that an app was given.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
    ]),
    operation("introspect", "Says whether a token is active (RFC 7662).", true, &[
        KEYS,
        on("BatchGetItem", &[APP, REVOKED]),
        on("GetItem", &[APP, CLIENT_ID]),
        on("PutItem", &[ASSERTION]),
        on("UpdateItem", &[APP]),
    ]),
    operation("issue-secret", "Issues a client another secret.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID, IDEMPOTENCY]),
        on("UpdateItem", &[APP]),
        on("PutItem", &[IDEMPOTENCY]),
    ]),
    operation("list-app-roles", "Lists the roles that apps can be given.", false, &[CALLER, KEYS, on("GetItem", &[CLIENT_ID])]),
    operation("list-apps", "Lists a tenant's apps.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        query(LISTING),
        query(APP_IDS),
    ]),
    operation("list-clients", "Lists an app's clients.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("Query", &[APP]),
    ]),
    operation("list-grants", "Lists the roles that apps were given.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        query(LISTING),
    ]),
    operation("list-secrets", "Lists a client's secrets, or reads one, without the secrets.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
    ]),
    operation("revoke", "Revokes a token (RFC 7009).", true, &[
        KEYS,
        on("BatchGetItem", &[APP]),
        on("GetItem", &[APP, CLIENT_ID]),
        on("PutItem", &[ASSERTION, REVOKED]),
        on("UpdateItem", &[APP]),
    ]),
    operation("revoke-secret", "Ends a secret at once.", false, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    operation("rotate-keys", "Makes and removes signing keys when it is time.", true, &[
        on("GetItem", &[LATEST_SIGNING_KEY]),
        on("Query", &[SIGNING_KEYS, SIGNING_KEY_HALVES]),
        on("PutItem", &[SIGNING_KEYS, SIGNING_KEY_HALVES, LATEST_SIGNING_KEY]),
        on("UpdateItem", &[SIGNING_KEYS, SIGNING_KEY_HALVES]),
        on("DeleteItem", &[SIGNING_KEYS, SIGNING_KEY_HALVES]),
    ]).every("rate(6 hours)"),
    operation("sweep", "Removes what deleted apps have left.", false, &[
        on("Query", &[SWEEP, APP]),
        on("BatchWriteItem", &[APP]),
        on("DeleteItem", &[APP, SWEEP]),
    ]).every("rate(1 hour)"),
    operation("token", "Issues access tokens (RFC 6749 §3.2).", true, &[
        on("Query", &[SIGNING_KEYS, SIGNING_KEY_HALVES]),
        on("BatchGetItem", &[APP, AUDIENCE]),
        on("GetItem", &[APP, CLIENT_ID]),
        on("PutItem", &[ASSERTION]),
        on("UpdateItem", &[APP]),
    ]),
    operation("update-app", "Changes an app.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CODE, CLIENT_ID]),
        on("UpdateItem", &[APP]),
        on("PutItem", &[NAME, AUDIENCE, SUBDOMAIN]),
        on("DeleteItem", &[NAME, AUDIENCE, SUBDOMAIN]),
    ]),
    operation("update-client", "Changes a client.", true, &[
        CALLER, KEYS,
        on("GetItem", &[APP, CLIENT_ID]),
        on("UpdateItem", &[APP]),
    ]),
    operation("update-resources", "Sets the resources that a client may ask for.", false, &[
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
    const fn every(mut self, schedule: &'static str) -> Self {
        self.schedule = Some(schedule);
        self
    }

    /// What allows an action on an index, or on the table at a partition key: the grant, and the key pattern
    /// that fits. IAM decides alike: by the action, the resource and `dynamodb:LeadingKeys`.
    pub fn granting(
        &self,
        action: &str,
        index: Option<&str>,
        key: &str,
    ) -> Option<(&'static Grant, Option<&'static str>)> {
        let mut of_action = self.grants.iter().filter(|grant| grant.action == action);
        of_action.find_map(|grant| match grant.on {
            On::Index(name) => (index == Some(name)).then_some((grant, None)),
            On::Keys(patterns) if index.is_none() => {
                let fitting = patterns.iter().find(|pattern| pattern::fits(pattern, key));
                fitting.map(|pattern| (grant, Some(*pattern)))
            }
            On::Keys(_) => None,
        })
    }
}
