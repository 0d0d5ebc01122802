//! Access patterns 5 and 6, their reads: an app's clients, and a client with its app from the client id alone.

use std::collections::HashMap;

use domain::{App, AppId, Client, ClientId, EndedSecrets, StoredSecret, TenantId};

use crate::{
    Table, TableError,
    guard::ClientIdPointer,
    item::{Item, decode, key_item, string, text},
    keys::{self, CLIENTS, Key, PK, SK},
    read::Projection,
    record::{AppRecord, ClientRecord, READABLE, WITH_SECRETS},
    sdk::{QueryInput, Request},
    stand_in,
};

/// A client and the app whose kill switch it hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The app.
    pub app: App,
    /// The client: the app's default one, or another.
    pub client: Client,
}

impl Principal {
    /// Whether neither the app nor the client is switched off.
    pub const fn is_active(&self) -> bool {
        self.app.lets_work(&self.client)
    }
}

/// A principal with what proves it.
#[derive(Debug)]
pub struct Credentials {
    /// Who it is.
    pub principal: Principal,
    /// Its secrets, dead ones included.
    pub secrets: Vec<StoredSecret>,
    /// Moves with every secret issued or revoked.
    pub secrets_rev: u64,
    /// Secrets whose tokens ended with them.
    pub ended_secrets: EndedSecrets,
}

/// One page of an app's clients, the default one first, then in the order of creation.
#[derive(Debug)]
pub struct ClientPage {
    /// The app.
    pub app: App,
    /// The clients.
    pub clients: Vec<Client>,
    /// Where the next page starts, when there is one.
    pub next: Option<ClientId>,
    /// Items that could not be read, and were left out.
    pub unreadable: usize,
}

/// The item that holds a client: its app's for the default one, else its own.
pub(crate) fn key_of(client: &Client) -> Key {
    if client.default {
        keys::app(&client.app_id)
    } else {
        keys::client(&client.app_id, &client.client_id)
    }
}

impl Table {
    /// Pattern 6, for those who check secrets: with their digests.
    pub async fn credentials(&self, id: &ClientId) -> Result<Option<Credentials>, TableError> {
        self.client_and_app(id, &WITH_SECRETS).await
    }

    /// Pattern 6, for everybody else: without digests.
    pub async fn principal(&self, id: &ClientId) -> Result<Option<Principal>, TableError> {
        let found = self.client_and_app(id, &READABLE).await?;
        Ok(found.map(|credentials| credentials.principal))
    }

    /// An app's default client with its secrets' digests, from the app's id.
    pub async fn default_credentials(
        &self,
        app_id: &AppId,
    ) -> Result<Option<Credentials>, TableError> {
        let Some(item) = self.get(&keys::app(app_id), Some(&WITH_SECRETS)).await? else {
            return Ok(None);
        };
        default_credentials(item, *app_id, &WITH_SECRETS)
    }

    /// The app that a client id leads to; it does not say that either exists.
    pub(crate) async fn app_of(&self, id: &ClientId) -> Result<Option<AppId>, TableError> {
        if let Some(app_id) = id.app_id() {
            return Ok(Some(app_id));
        }
        // What is neither made nor chosen names no client.
        if ClientId::chosen(id.as_str()).is_err() {
            return Ok(None);
        }
        // A chosen id leads to its app by a pointer, and costs the same reads when nobody has it.
        let nobody = stand_in::app_id(id);
        let Some(item) = self.get(&keys::client_id_pointer(id), None).await? else {
            stand_in::pointer();
            return Ok(Some(nobody));
        };
        Ok(Some(decode::<ClientIdPointer>(item)?.app_id))
    }

    async fn client_and_app(
        &self,
        id: &ClientId,
        attributes: &Projection,
    ) -> Result<Option<Credentials>, TableError> {
        let Some(app_id) = self.app_of(id).await? else {
            return Ok(None);
        };
        let wanted = client_keys(&app_id, id);
        let mut items = match wanted.as_slice() {
            [app] => {
                let item = self.get(app, Some(attributes)).await?;
                item.map(|item| (app.sk.clone(), item))
                    .into_iter()
                    .collect()
            }
            several => self.get_all(several, attributes).await?,
        };
        let absent = stand_in::fill(&mut items, &wanted);
        let found = credentials_of(items, id, app_id, attributes)?;
        Ok(found.filter(|_| !absent))
    }

    /// Pattern 5: one page of an app's clients, in one query; behind the first page one read more,
    /// of the app, which can be another's or deleted.
    pub async fn clients_page(
        &self,
        tenant: &TenantId,
        app_id: &AppId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Option<ClientPage>, TableError> {
        let app = match after {
            None => None,
            Some(_) => match self.app(tenant, app_id).await? {
                Some(app) => Some(app),
                None => return Ok(None),
            },
        };
        let query = QueryInput::builder()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :app")
            .expression_attribute_values(":app", text(keys::app(app_id).pk))
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX));
        let query = query
            .projection_expression(&READABLE.expression)
            .set_expression_attribute_names(Some(READABLE.names.clone()));
        let start = after.map(|id| {
            let key = if id.is_default_form() || id.app_id().is_none() {
                keys::app(app_id)
            } else {
                keys::client(app_id, id)
            };
            key_item(&key)
        });
        let answer = query
            .set_exclusive_start_key(start)
            .send_to(&self.sdk)
            .await
            .map_err(|e| TableError::from_sdk("Query", &e))?;
        let more = answer.last_evaluated_key.is_some();
        page_of(
            answer.items.unwrap_or_default(),
            more,
            (tenant, app_id),
            app,
            limit,
        )
    }
}

/// The items that hold a client and its app: one for a default client.
pub(crate) fn client_keys(app_id: &AppId, id: &ClientId) -> Vec<Key> {
    if id.is_default_form() || id.app_id().is_none() {
        vec![keys::app(app_id)]
    } else {
        vec![keys::app(app_id), keys::client(app_id, id)]
    }
}

/// The client that [`client_keys`]' items hold.
pub(crate) fn credentials_of(
    mut items: HashMap<String, Item>,
    id: &ClientId,
    app_id: AppId,
    attributes: &Projection,
) -> Result<Option<Credentials>, TableError> {
    let Some(app) = items.remove(&keys::app(&app_id).sk) else {
        return Ok(None);
    };
    if client_keys(&app_id, id).len() == 1 {
        let found = default_credentials(app, app_id, attributes)?;
        return Ok(found.filter(|found| found.principal.client.client_id == *id));
    }
    let Some(client) = items.remove(&keys::client(&app_id, id).sk) else {
        return Ok(None);
    };
    // Both are decoded, so that a deleted app costs the same.
    let app = decode::<AppRecord>(app)?.into_live_app(app_id)?;
    let record: ClientRecord = decode(client)?;
    let (secrets_rev, ended_secrets) = (record.secrets_rev, record.ended_secrets.clone());
    let (client, secrets) = record.into_parts(id.clone())?;
    Ok(app.map(|app| Credentials {
        principal: Principal { app, client },
        secrets,
        secrets_rev,
        ended_secrets,
    }))
}

fn default_credentials(
    item: Item,
    app_id: AppId,
    attributes: &Projection,
) -> Result<Option<Credentials>, TableError> {
    let has_secrets = item.contains_key("secrets");
    let record: AppRecord = decode(item)?;
    if record.deleted_at.is_some() {
        return Ok(None);
    }
    // Written with every app, be they none: an app without them does not pass for one with none.
    if attributes.asks_for("secrets") && !has_secrets {
        let key = keys::app(&app_id).to_string();
        return Err(TableError::corrupt(key, "it has no secrets"));
    }
    let (secrets_rev, ended_secrets) = (record.secrets_rev, record.ended_secrets.clone());
    let (app, secrets) = record.into_parts(app_id)?;
    let client = app.default_client.clone();
    Ok(Some(Credentials {
        principal: Principal { app, client },
        secrets,
        secrets_rev,
        ended_secrets,
    }))
}

fn page_of(
    items: Vec<Item>,
    more: bool,
    (tenant, app_id): (&TenantId, &AppId),
    known: Option<App>,
    limit: u32,
) -> Result<Option<ClientPage>, TableError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut clients = Vec::with_capacity(items.len().min(limit));
    let mut items = items.into_iter();
    let first = known.is_none();
    let app = match known {
        Some(app) => Some(app),
        // The first page begins with the app, which holds its default client.
        None => match items.next() {
            Some(item) if string(&item, SK) == keys::app(app_id).sk => {
                decode::<AppRecord>(item)?.into_live_app(*app_id)?
            }
            _ => None,
        },
    };
    let Some(app) = app.filter(|app| app.tenant_id == *tenant) else {
        return Ok(None);
    };
    let mut next = None;
    if first {
        next = Some(app.default_client.client_id.clone());
        clients.push(app.default_client.clone());
    }
    let mut page = ClientPage {
        app,
        clients,
        next,
        unreadable: 0,
    };
    let mut rest = items.peekable();
    while page.clients.len() + page.unreadable < limit
        && let Some(item) = rest.next()
    {
        let id = string(&item, SK).strip_prefix(CLIENTS);
        let id = id.and_then(|id| ClientId::parse(id).ok());
        let decoded = match id {
            Some(id) => {
                page.next = Some(id.clone());
                decode::<ClientRecord>(item).and_then(|record| record.into_parts(id))
            }
            None => Err(TableError::corrupt(
                string(&item, PK),
                "its sort key names no client",
            )),
        };
        match decoded {
            Ok((client, _)) => page.clients.push(client),
            Err(e) => {
                tracing::error!(error = %e, "a client was left out of a list");
                page.unreadable += 1;
            }
        }
    }
    if rest.peek().is_none() && !more {
        page.next = None;
    }
    Ok(Some(page))
}
