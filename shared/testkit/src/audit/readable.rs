//! Every item by the reads of the product, which say whether it can be read.

use api::routes::ROUTES;
use domain::{AppId, ClientId, CodeName, TenantId, Timestamp};
use engine::Engine;
use table::{IdempotencyScope, Table, TableError, connect};

use super::{
    Audit, Rule,
    items::{Item, Items},
};

pub(super) async fn check(engine: &Engine, items: &Items, audit: &mut Audit) {
    let table = Table::new(connect::embedded(engine.http_client()).unwrap(), "roster");
    for item in items.iter() {
        if let Err(why) = read(&table, item).await {
            audit.found(Rule::Unreadable, item.key(), why);
        }
    }
    let keys = table.signing_keys().await.unwrap();
    for kid in keys.unreadable {
        audit.found(
            Rule::Unreadable,
            format!("SIGNING_KEYS/KEY#{kid}"),
            "a signing key",
        );
    }
    let halves = table.signing_key_halves().await.unwrap();
    if halves.len() != items.of_kind("signing_key_half").count() {
        audit.found(Rule::Unreadable, "SIGNING_KEY_HALVES", "some private half");
    }
    let work = table.pending_sweeps(usize::MAX).await.unwrap().len();
    if work != items.of_kind("sweep").count() {
        audit.found(Rule::Unreadable, "SWEEP", "some of the work list");
    }
}

/// Reads an item as the product does. What it leads to may be absent: other rules look at that.
async fn read(table: &Table, item: &Item) -> Result<(), String> {
    let bad = |what: &str| format!("its key names no {what}");
    let client = |id: &str| ClientId::parse(id).map_err(|_| bad("client"));
    let tenant = |id: &str| TenantId::parse(id).map_err(|_| bad("tenant"));
    let result: Result<(), TableError> = match item.kind() {
        "app" => {
            let id = AppId::parse(item.part(1)).map_err(|_| bad("app"))?;
            let read = table.default_credentials(&id).await;
            if matches!(read, Ok(None)) && !item.deleted() {
                return Err("a read takes it for absent".into());
            }
            read.map(drop)
        }
        "client" => {
            let id = item.text("sk").trim_start_matches("CLIENT#");
            table.credentials(&client(id)?).await.map(drop)
        }
        "code_name" => {
            let name = CodeName::parse(item.part(2)).map_err(|_| bad("code name"))?;
            table
                .app_id_of(&tenant(item.part(1))?, &name)
                .await
                .map(drop)
        }
        "client_id" => table.principal(&client(item.part(1))?).await.map(drop),
        "tenant" => table.tenant(&tenant(item.part(1))?).await.map(drop),
        "latest_signing_key" => table.latest_signing_key().await.map(drop),
        "idempotency" => {
            let operation = ROUTES.iter().map(|route| route.operation);
            let operation = operation.into_iter().find(|name| *name == item.part(3));
            let scope = IdempotencyScope {
                tenant_id: tenant(item.part(1))?,
                caller: client(item.part(2))?,
                operation: operation.ok_or_else(|| bad("operation"))?,
                key_digest: item.part(4).to_owned(),
            };
            table
                .kept_answer(&scope, Timestamp::from_unix(0))
                .await
                .map(drop)
        }
        _ => Ok(()),
    };
    result.map_err(|e| e.to_string())
}
