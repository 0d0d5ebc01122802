//! From an audience to the resource server that claims it.

use std::sync::LazyLock;

use domain::{App, ResourceId, TenantId};

use crate::{
    Table, TableError,
    apps::{audience_guard, audience_key},
    guard::AudienceGuard,
    item::{decode, key_of},
    keys,
    read::Projection,
    record::{AppRecord, READABLE},
};

/// At most this many audiences are looked up at once.
pub const MAX_AUDIENCES: usize = 10;

static GUARD: LazyLock<Projection> = LazyLock::new(|| Projection::of("kind, schema, app_id"));

impl Table {
    /// The apps of `tenant` that claim one of `audiences`, as they are now: switched off ones too. An
    /// audience that no app claims is any resource server's that is not registered.
    ///
    /// One round trip for the guards, and one for the apps where there are any; both strongly consistent.
    /// An app that has given its audience up in between is *unavailable*: who claims it now is not known.
    pub async fn resource_servers(
        &self,
        tenant: &TenantId,
        audiences: &[&ResourceId],
    ) -> Result<Vec<App>, TableError> {
        if audiences.len() > MAX_AUDIENCES {
            let why = format!("more than {MAX_AUDIENCES} audiences at once");
            return Err(TableError::Internal(why));
        }
        let mut wanted: Vec<_> = audiences.iter().map(|a| audience_key(tenant, a)).collect();
        wanted.sort_by(|a, b| a.pk.cmp(&b.pk));
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut claims = Vec::new();
        for guard in self.get_each(&wanted, &GUARD).await? {
            let key = key_of(&guard);
            claims.push((key, decode::<AudienceGuard>(guard)?.app_id));
        }
        // An app claims one audience, so no two guards lead to one app.
        let apps: Vec<_> = claims.iter().map(|(_, app_id)| keys::app(app_id)).collect();
        if apps.is_empty() {
            return Ok(Vec::new());
        }
        let mut servers = Vec::new();
        for item in self.get_each(&apps, &READABLE).await? {
            let key = key_of(&item);
            let app_id = keys::app_of(&key)
                .ok_or_else(|| TableError::corrupt(key.to_string(), "its key names no app"))?;
            servers.extend(decode::<AppRecord>(item)?.into_live_app(app_id)?);
        }
        let claimed = |(guard, app_id): &(keys::Key, _)| {
            let mut claiming = servers.iter().filter(|app| app.app_id == *app_id);
            claiming.any(|app| audience_guard(app).as_ref() == Some(guard))
        };
        if claims.iter().all(claimed) {
            Ok(servers)
        } else {
            let why = "an audience changed hands while it was read";
            Err(TableError::Unavailable(why.into()))
        }
    }
}
