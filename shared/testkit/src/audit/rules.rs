//! What items owe one another.

use data_encoding::HEXLOWER;
use domain::{Name, app, stored_secret::MAX_LIVE};
use ring::digest::{SHA256, digest};

use super::{
    Audit, Rule,
    items::{Item, Items},
};

pub(super) fn check(items: &Items, audit: &mut Audit) {
    for item in items.iter() {
        match item.kind() {
            "app" => app_item(items, item, audit),
            "client" => client_item(items, item, audit),
            "code_name" => code_name(items, item, audit),
            "name" | "audience" | "subdomain" => unique(items, item, audit),
            "client_id" => pointer(items, item, audit),
            "sweep" => work(items, item, audit),
            "tenant" => tenant(items, item, audit),
            "idempotency" | "assertion" | "revoked_token" => single_use(items, item, audit),
            "signing_key_half" => half(items, item, audit),
            "signing_key" | "latest_signing_key" | "cursor_key" => {}
            other => audit.found(
                Rule::Unreadable,
                item.key(),
                format!("its kind is {other:?}"),
            ),
        }
    }
}

fn app_item(items: &Items, app: &Item, audit: &mut Audit) {
    let (id, tenant) = (app.part(1), app.text("tenant_id"));
    let guard = format!("CODE#{tenant}#{}/GUARD", app.text("app.code_name"));
    let guarded = items.get(&guard).filter(|g| g.text("app_id") == id);
    let mut lacks = |what: String| audit.found(Rule::AppWithoutGuard, app.key(), what);
    match guarded {
        None => lacks(format!("{guard} is missing or another's")),
        Some(guard) if guard.deleted() != app.deleted() => {
            lacks(format!("{} and it disagree on the deletion", guard.key()));
        }
        Some(_) => {}
    }
    let unique = unique_guards(app);
    for (_, guard) in unique.into_iter().filter(|_| !app.deleted()) {
        if items.get(&guard).is_none_or(|g| g.text("app_id") != id) {
            lacks(format!("{guard} is missing or another's"));
        }
    }
    if app.has("client.client_id") {
        let pointer = format!("CLIENT_ID#{}/POINTER", app.text("client.client_id"));
        if items.get(&pointer).is_none_or(|p| p.text("app_id") != id) {
            lacks(format!("{pointer} is missing or another's"));
        }
    }
    if app.deleted() {
        if items.get(&format!("SWEEP/APP#{id}")).is_none() {
            audit.found(
                Rule::DeletionWithoutWork,
                app.key(),
                "no work is left for it",
            );
        }
    } else {
        default_client(app, audit);
        secrets(app, audit);
        count_of_clients(items, app, audit);
    }
    if app.is_true("app.management") && items.get(&format!("TENANT#{tenant}/TENANT")).is_none() {
        audit.found(Rule::TenantWithoutApp, app.key(), "its tenant is missing");
    }
    counters(app, audit);
}

/// The count of its further clients is right, where there is one.
fn count_of_clients(items: &Items, app: &Item, audit: &mut Audit) {
    let clients = items.of_kind("client");
    let there = clients
        .filter(|client| client.part(1) == app.part(1))
        .count();
    let counted = app.number("clients");
    if counted.is_some_and(|counted| usize::try_from(counted) != Ok(there)) {
        let why = format!("it has {there} further clients and counts {counted:?}");
        audit.found(Rule::CounterOff, app.key(), why);
    }
}

fn default_client(app: &Item, audit: &mut Audit) {
    let parts = ["client.settings", "client.status", "client.version"];
    if !parts.iter().all(|part| app.has(part)) {
        audit.found(
            Rule::AppWithoutClient,
            app.key(),
            "it has no default client",
        );
    }
}

/// A client that authenticates by a secret has one, and not too many that live.
fn secrets(owner: &Item, audit: &mut Audit) {
    let method = owner.text("client.settings.token_endpoint_auth_method");
    let needs = method.starts_with("client_secret");
    let all = owner.at("secrets")["M"].as_object();
    let live = all.into_iter().flatten().filter(|(_, secret)| {
        let secret = &secret["M"];
        secret.get("retired_at").is_none() && secret.get("expires_at").is_none()
    });
    let live = live.count();
    if needs != all.is_some_and(|all| !all.is_empty()) {
        let has = all.map_or(0, serde_json::Map::len);
        audit.found(
            Rule::AppWithoutClient,
            owner.key(),
            format!("its client authenticates by {method} and has {has} secrets"),
        );
    }
    if live > MAX_LIVE {
        let why = format!("{live} secrets live");
        audit.found(Rule::CounterOff, owner.key(), why);
    }
}

fn counters(item: &Item, audit: &mut Audit) {
    let mut off = |why: &str| audit.found(Rule::CounterOff, item.key(), why);
    let (app, client) = (item.number("app.version"), item.number("client.version"));
    if client.unwrap_or_default() < 1 || app.is_some_and(|version| version < 1) {
        off("its version is not positive");
    }
    // Each change of the default client is one of its app.
    if app.is_some_and(|version| Some(version) < client) {
        off("its client's version is ahead");
    }
    let secrets = item.at("secrets")["M"].as_object();
    let count = secrets.map_or(0, serde_json::Map::len);
    let moved = item.number("secrets_rev").unwrap_or_default();
    if i64::try_from(count).unwrap_or(i64::MAX) > moved.saturating_add(1) {
        off("it has more secrets than were ever issued");
    }
}

/// The guards of what only this app of its tenant may have, each with its kind.
fn unique_guards(app: &Item) -> Vec<(&'static str, String)> {
    let name = app.is_true("app.unique_name").then(|| name_guard(app));
    let guards = [
        ("name", name),
        ("audience", audience_guard(app)),
        ("subdomain", subdomain_guard(app)),
    ];
    let guards = guards.into_iter();
    guards
        .filter_map(|(kind, guard)| Some((kind, guard?)))
        .collect()
}

fn name_guard(app: &Item) -> String {
    let name = Name::parse(app.text("app.profile.app_name")).ok();
    let folded = name.map(|name| app::folded(&name)).unwrap_or_default();
    let hex = HEXLOWER.encode(digest(&SHA256, folded.as_bytes()).as_ref());
    format!("NAME#{}#{hex}/GUARD", app.text("tenant_id"))
}

/// The guard of the audience of an app that is a resource server.
fn audience_guard(app: &Item) -> Option<String> {
    let server = "app.profile.resource_server";
    let audience = app.at(&format!("{server}.audience"))["S"].as_str()?;
    let hex = HEXLOWER.encode(digest(&SHA256, audience.as_bytes()).as_ref());
    let enabled = app.is_true(&format!("{server}.enabled"));
    enabled.then(|| format!("AUDIENCE#{}#{hex}/GUARD", app.text("tenant_id")))
}

fn subdomain_guard(app: &Item) -> Option<String> {
    let subdomain = app.at("app.profile.subdomain")["S"].as_str()?;
    let tenant = app.text("tenant_id");
    Some(format!("SUBDOMAIN#{tenant}#{subdomain}/GUARD"))
}

fn client_item(items: &Items, client: &Item, audit: &mut Audit) {
    let mut lacks = |why: &str| audit.found(Rule::ClientWithoutApp, client.key(), why);
    match items.app(client.part(1)) {
        // What came beside a deleted app goes with its last sweep.
        Some(app) if app.text("tenant_id") == client.text("tenant_id") => {}
        Some(_) => lacks("it is another tenant's"),
        None => lacks("its app is missing"),
    }
    if client.text("app_id") != client.part(1) {
        lacks("it names another app");
    }
    secrets(client, audit);
    counters(client, audit);
}

fn code_name(items: &Items, guard: &Item, audit: &mut Audit) {
    let app = items.living(guard.text("app_id"));
    let fits = |app: &Item| {
        app.text("tenant_id") == guard.part(1) && app.text("app.code_name") == guard.part(2)
    };
    if guard.deleted() == app.is_some() || !app.is_none_or(fits) {
        let why = "its app is missing, another's, or alive behind a tombstone";
        audit.found(Rule::GuardWithoutApp, guard.key(), why);
    }
}

fn unique(items: &Items, guard: &Item, audit: &mut Audit) {
    let app = items.living(guard.text("app_id"));
    let is_own = |(kind, key): &(_, String)| *kind == guard.kind() && *key == guard.key();
    if !app.is_some_and(|app| unique_guards(app).iter().any(is_own)) {
        let why = format!("no living app has this {}", guard.kind());
        audit.found(Rule::GuardWithoutApp, guard.key(), why);
    }
}

fn pointer(items: &Items, pointer: &Item, audit: &mut Audit) {
    let id = pointer.text("app_id");
    let fits = |app: &Item| app.text("client.client_id") == pointer.part(1);
    if !items.is_or_was(id) || !items.app(id).is_none_or(fits) {
        audit.found(Rule::PointerWithoutApp, pointer.key(), "its app never was");
    }
}

fn work(items: &Items, work: &Item, audit: &mut Audit) {
    if !items.app(work.work()).is_some_and(Item::deleted) {
        let why = "its app is not deleted, or is gone already";
        audit.found(Rule::DeletionWithoutWork, work.key(), why);
    }
}

fn tenant(items: &Items, tenant: &Item, audit: &mut Audit) {
    let app = items.living(tenant.text("management_app_id"));
    let fits =
        |app: &Item| app.is_true("app.management") && app.text("tenant_id") == tenant.part(1);
    if !app.is_some_and(fits) {
        let why = "its management application is missing";
        audit.found(Rule::TenantWithoutApp, tenant.key(), why);
    }
}

/// A private half is put and removed with its public one, and is never the last of the two.
fn half(items: &Items, half: &Item, audit: &mut Audit) {
    let public = half.key().replace("SIGNING_KEY_HALVES/", "SIGNING_KEYS/");
    if items.get(&public).is_none() {
        let why = "its public half is missing";
        audit.found(Rule::Unreadable, half.key(), why);
    }
}

fn single_use(items: &Items, item: &Item, audit: &mut Audit) {
    let mut off = |why: &str| audit.found(Rule::SingleUse, item.key(), why);
    let hash = item.text("pk").rsplit('#').next().unwrap_or_default();
    if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        off("its key is no SHA-256");
    }
    if item.number("expires_at").is_none() {
        off("it never expires");
    }
    match item.kind() {
        "assertion" if item.text("used_by").is_empty() => off("nobody used it"),
        "idempotency" if !items.is_or_was(item.text("made.app_id")) => {
            off("what it tells of never was");
        }
        _ => {}
    }
}
