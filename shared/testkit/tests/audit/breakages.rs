//! What breaks a table, and the rule that says so.

use testkit::{audit::Rule, json};

use super::{HASH, World};

/// What it is, how it is done, and the rule that says so; others may too.
pub(super) type Breakage = (&'static str, fn(&World), Rule);

pub(super) const BREAKAGES: [Breakage; 45] = [
    (
        "no guard",
        |w| w.remove("code_name", false),
        Rule::AppWithoutGuard,
    ),
    (
        "no guard of the name",
        |w| w.remove("name", false),
        Rule::AppWithoutGuard,
    ),
    (
        "no guard of the audience",
        |w| w.remove("audience", false),
        Rule::AppWithoutGuard,
    ),
    (
        "the audience is another's",
        |w| w.set("audience", false, "app_id", json!({"S": "x"})),
        Rule::GuardWithoutApp,
    ),
    (
        "no guard of the subdomain",
        |w| w.remove("subdomain", false),
        Rule::AppWithoutGuard,
    ),
    (
        "the subdomain is another's",
        |w| w.set("subdomain", false, "app_id", json!({"S": "x"})),
        Rule::GuardWithoutApp,
    ),
    (
        "no pointer",
        |w| w.remove("client_id", false),
        Rule::AppWithoutGuard,
    ),
    (
        "the guard is another's",
        |w| w.set("code_name", false, "app_id", json!({"S": "x"})),
        Rule::AppWithoutGuard,
    ),
    (
        "a tombstone of a living app",
        |w| w.set("code_name", false, "deleted_at", json!({"N": "1"})),
        Rule::AppWithoutGuard,
    ),
    (
        "no tombstone",
        |w| w.remove("code_name", true),
        Rule::AppWithoutGuard,
    ),
    (
        "no default client",
        |w| {
            w.change("app", false, |i| {
                drop(i.as_object_mut().unwrap().remove("client"));
            });
        },
        Rule::AppWithoutClient,
    ),
    (
        "no secret",
        |w| w.set("app", false, "secrets", json!({"M": {}})),
        Rule::AppWithoutClient,
    ),
    (
        "no secret of a further client",
        |w| w.set("client", false, "secrets", json!({"M": {}})),
        Rule::AppWithoutClient,
    ),
    ("no app", |w| w.remove("app", false), Rule::GuardWithoutApp),
    (
        "a guard of another name",
        |w| {
            w.change("code_name", false, |i| {
                i["pk"] = json!({"S": "CODE#default#another"});
            });
        },
        Rule::GuardWithoutApp,
    ),
    (
        "a guard of another tenant",
        |w| {
            w.change("code_name", false, |i| {
                i["pk"] = json!({"S": "CODE#another#myapp"});
            });
        },
        Rule::GuardWithoutApp,
    ),
    (
        "a guard of another's name",
        |w| {
            w.change("name", false, |i| {
                i["pk"] = json!({"S": format!("NAME#default#{HASH}")});
            });
        },
        Rule::GuardWithoutApp,
    ),
    (
        "a name of no app",
        |w| w.set("name", false, "app_id", json!({"S": "x"})),
        Rule::GuardWithoutApp,
    ),
    (
        "a pointer to nowhere",
        |w| w.set("client_id", false, "app_id", json!({"S": "x"})),
        Rule::PointerWithoutApp,
    ),
    (
        "a pointer of another id",
        |w| {
            w.change("client_id", false, |i| {
                i["pk"] = json!({"S": "CLIENT_ID#other"});
            });
        },
        Rule::PointerWithoutApp,
    ),
    (
        "a client of no app",
        |w| {
            w.change("client", false, |i| {
                i["pk"] = json!({"S": "APP#00000000-0000-7000-8000-000000000000"});
            });
        },
        Rule::ClientWithoutApp,
    ),
    (
        "a client of another tenant",
        |w| w.set("client", false, "tenant_id", json!({"S": "another"})),
        Rule::ClientWithoutApp,
    ),
    (
        "no tenant",
        |w| w.remove("tenant", false),
        Rule::TenantWithoutApp,
    ),
    (
        "a tenant without its app",
        |w| w.set("tenant", false, "management_app_id", json!({"S": "x"})),
        Rule::TenantWithoutApp,
    ),
    (
        "no work",
        |w| w.remove("sweep", true),
        Rule::DeletionWithoutWork,
    ),
    (
        "work for a living app",
        |w| {
            w.change("sweep", true, |i| {
                i["sk"] = json!({"S": format!("APP#{}", w.made.id())});
            });
        },
        Rule::DeletionWithoutWork,
    ),
    (
        "no version",
        |w| w.set("app", false, "app.version", json!({"N": "0"})),
        Rule::CounterOff,
    ),
    (
        "the client's version is ahead",
        |w| w.set("app", false, "client.version", json!({"N": "9"})),
        Rule::CounterOff,
    ),
    (
        "a count of clients that is off",
        |w| w.set("app", false, "clients", json!({"N": "7"})),
        Rule::CounterOff,
    ),
    (
        "secrets that nobody issued",
        |w| {
            w.change("client", false, |i| {
                let one = i["secrets"]["M"]
                    .as_object()
                    .unwrap()
                    .values()
                    .next()
                    .unwrap()
                    .clone();
                i["secrets"]["M"]["aaaaaaaaaa"] = one;
            });
        },
        Rule::CounterOff,
    ),
    (
        "an assertion nobody used",
        |w| w.set("assertion", false, "used_by", json!({"S": ""})),
        Rule::SingleUse,
    ),
    (
        "an assertion for ever",
        |w| w.set("assertion", false, "expires_at", json!({"S": "1"})),
        Rule::SingleUse,
    ),
    (
        "a revocation under another key",
        |w| {
            w.change("revoked_token", false, |i| {
                i["pk"] = json!({"S": "REVOKED#chosen#x"});
            });
        },
        Rule::SingleUse,
    ),
    (
        "an answer about nothing",
        |w| {
            w.set(
                "idempotency",
                false,
                "made",
                json!({"M": {"app_id": {"S": "x"}}}),
            );
        },
        Rule::SingleUse,
    ),
    (
        "a living app that is not listed",
        |w| {
            w.change("app", false, |i| {
                drop(i.as_object_mut().unwrap().remove("listed_in"));
            });
        },
        Rule::IndexOff,
    ),
    (
        "a deleted app that is listed",
        |w| w.set("app", true, "listed_in", json!({"S": "default"})),
        Rule::IndexOff,
    ),
    (
        "an unknown kind",
        |w| {
            w.app
                .put_raw(&json!({"pk": {"S": "x"}, "sk": {"S": "y"}, "kind": {"S": "z"}}));
        },
        Rule::Unreadable,
    ),
    (
        "a newer schema",
        |w| w.set("client", false, "schema", json!({"N": "2"})),
        Rule::Unreadable,
    ),
    (
        "a signing key that is none",
        |w| w.set("signing_key", false, "public_key", json!({"S": "x"})),
        Rule::Unreadable,
    ),
    (
        "a private half that is no bytes",
        |w| {
            let text = json!({"S": "x"});
            w.set("signing_key_half", false, "sealed_private_key", text);
        },
        Rule::Unreadable,
    ),
    (
        "a key of cursors that is no bytes",
        |w| w.set("cursor_key", false, "cursor_key", json!({"S": "x"})),
        Rule::Unreadable,
    ),
    (
        "a secret in a text",
        |w| {
            w.set(
                "client",
                false,
                "note",
                json!({"S": format!("is {}", w.made.secret)}),
            );
        },
        Rule::Plain,
    ),
    (
        "a secret in bytes",
        |w| {
            w.set(
                "idempotency",
                false,
                "sealed_answer",
                json!({"B": data_encoding::BASE64.encode(w.made.secret.as_bytes())}),
            );
        },
        Rule::Plain,
    ),
    (
        "a token in a text",
        |w| {
            w.set(
                "client",
                false,
                "note",
                json!({"S": format!("is {}", w.app.admin)}),
            );
        },
        Rule::Plain,
    ),
    (
        "a private key in bytes",
        |w| {
            // The start of what `openssl pkcs8` makes of a P-256 key.
            let key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
            w.set(
                "signing_key_half",
                false,
                "sealed_private_key",
                json!({"B": key}),
            );
        },
        Rule::Plain,
    ),
];
