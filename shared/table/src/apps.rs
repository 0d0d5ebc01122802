//! Access patterns 1 to 3: create an app, read it by id or code name.

use aws_sdk_dynamodb::types::TransactWriteItem;
use data_encoding::HEXLOWER;
use domain::{App, AppId, CodeName, ResourceId, StoredSecret, TenantId, app};
use ring::digest;

use crate::{
    CreateAppError, IdempotencyRecord, Table, TableError, Unique,
    error::{CONDITION_FAILED, reason},
    guard::{AudienceGuard, ClientIdPointer, CodeNameGuard, NameGuard, SubdomainGuard},
    idempotency::replayed,
    item::decode,
    keys::{self, Key},
    record::{AppRecord, READABLE},
    transact::{codes, jitter_of, put_new},
};

/// The puts that make an app: itself with its default client, the guard of its code name, and what
/// keeps a unique name, an audience and a chosen client id unique.
pub(crate) fn app_puts(
    table: &str,
    app: &App,
    secret: Option<&StoredSecret>,
) -> Result<Vec<(Part, TransactWriteItem)>, TableError> {
    let (app_id, client_id) = (app.app_id, &app.default_client.client_id);
    let mut puts = vec![
        (
            Part::App,
            put_new(table, &keys::app(&app_id), &AppRecord::new(app, secret))?,
        ),
        (
            Part::CodeName,
            put_new(
                table,
                &keys::code_name_guard(&app.tenant_id, &app.code_name),
                &CodeNameGuard {
                    app_id,
                    deleted_at: None,
                },
            )?,
        ),
    ];
    for (unique, guard) in guards(app) {
        if let Some(guard) = guard {
            let put = put_guard(table, unique, &guard, app_id)?;
            puts.push((Part::Unique(unique), put));
        }
    }
    if client_id.app_id().is_none() {
        let pointer = keys::client_id_pointer(client_id);
        let put = put_new(table, &pointer, &ClientIdPointer { app_id })?;
        puts.push((Part::ClientId, put));
    }
    Ok(puts)
}

/// What an item of a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    App,
    CodeName,
    Unique(Unique),
    ClientId,
    Idempotency,
}

/// The guards of what only one app may have, where an app has it.
pub(crate) fn guards(app: &App) -> [(Unique, Option<Key>); 3] {
    let subdomain = app.profile.subdomain.as_ref();
    [
        (Unique::Name, name_guard(app)),
        (Unique::Audience, audience_guard(app)),
        (
            Unique::Subdomain,
            subdomain.map(|s| keys::subdomain_guard(&app.tenant_id, s)),
        ),
    ]
}

/// The put of a guard that nobody has.
pub(crate) fn put_guard(
    table: &str,
    unique: Unique,
    guard: &Key,
    app_id: AppId,
) -> Result<TransactWriteItem, TableError> {
    match unique {
        Unique::Name => put_new(table, guard, &NameGuard { app_id }),
        Unique::Audience => put_new(table, guard, &AudienceGuard { app_id }),
        Unique::Subdomain => put_new(table, guard, &SubdomainGuard { app_id }),
    }
}

/// The guard of an app's name, where that is to be unique.
fn name_guard(app: &App) -> Option<Key> {
    let name = &app.profile.app_name;
    app.unique_name
        .then(|| keys::name_guard(&app.tenant_id, &sha256_hex(&app::folded(name))))
}

/// The guard of the audience that an app claims as a resource server.
pub(crate) fn audience_guard(app: &App) -> Option<Key> {
    let audience = app.profile.audience()?;
    Some(audience_key(&app.tenant_id, audience))
}

/// The key of an audience's guard.
pub(crate) fn audience_key(tenant: &TenantId, audience: &ResourceId) -> Key {
    keys::audience_guard(tenant, &sha256_hex(audience.as_str()))
}

fn sha256_hex(text: &str) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

impl Table {
    /// Pattern 1: an app, its default client and the guard of its code name, all or nothing.
    ///
    /// With `record`, what the caller is answered is kept in the same transaction.
    pub async fn create_app(
        &self,
        app: &App,
        secret: Option<&StoredSecret>,
        record: Option<&IdempotencyRecord>,
    ) -> Result<(), CreateAppError> {
        let mut puts = app_puts(&self.name, app, secret)?;
        let record = self.idempotency_put(record)?;
        puts.extend(record.map(|put| (Part::Idempotency, put)));
        let (parts, items): (Vec<_>, Vec<_>) = puts.into_iter().unzip();
        let Err(reasons) = self.transact(items, jitter_of(&app.app_id)).await? else {
            return Ok(());
        };
        let refused = |part| {
            let at = parts.iter().position(|p| *p == part)?;
            (reason(&reasons, at) == CONDITION_FAILED).then_some(at)
        };
        // What no other code name would mend comes first.
        if let Some(at) = refused(Part::Idempotency) {
            return Err(CreateAppError::Replay(Box::new(replayed(&reasons, at)?)));
        }
        if refused(Part::ClientId).is_some() {
            return Err(CreateAppError::ClientIdTaken);
        }
        for (unique, _) in guards(app) {
            if refused(Part::Unique(unique)).is_some() {
                return Err(CreateAppError::Taken(unique));
            }
        }
        if refused(Part::CodeName).is_some() {
            return Err(CreateAppError::CodeNameTaken);
        }
        let codes = format!("{:?}", codes(&reasons));
        Err(TableError::internal("creating an app", &codes).into())
    }

    /// Pattern 2: an app of `tenant` with its default client, strongly consistent.
    ///
    /// Another tenant's app is absent, like one that never was.
    pub async fn app(&self, tenant: &TenantId, id: &AppId) -> Result<Option<App>, TableError> {
        let Some(item) = self.get(&keys::app(id), Some(&READABLE)).await? else {
            return Ok(None);
        };
        AppRecord::living(item, *id, tenant)
    }

    /// Pattern 3, its first half: the id of the app that has a code name.
    pub async fn app_id_of(
        &self,
        tenant: &TenantId,
        code_name: &CodeName,
    ) -> Result<Option<AppId>, TableError> {
        let guard = keys::code_name_guard(tenant, code_name);
        let Some(item) = self.get(&guard, None).await? else {
            return Ok(None);
        };
        let guard: CodeNameGuard = decode(item)?;
        Ok(guard.deleted_at.is_none().then_some(guard.app_id))
    }
}
