//! A fresh table for each test, and a second, unobserved client for what `Table` can't do.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{
    Builder, Config, Credentials, Region, SharedHttpClient, timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::types::{AttributeValue, TableStatus};
use domain::{App, CodeName, TenantId};
use engine::{Call, Engine};
use table::{Table, connect, keys};

use crate::watcher::Watcher;

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) struct Ground {
    pub(crate) table: Table,
    /// Writes poison and reads everything; its calls are not counted.
    pub(crate) raw: Client,
    pub(crate) name: String,
    watcher: Option<Arc<Watcher>>,
}

/// The endpoint to test instead of the embedded engine; region and credentials come with it.
fn endpoint() -> Option<String> {
    std::env::var("AWS_ENDPOINT_URL_DYNAMODB").ok()
}

/// The generated client's, for what `Table` can't do.
fn config(http: SharedHttpClient) -> Builder {
    Config::builder()
        .behavior_version_latest()
        .region(Region::from_static("us-east-1"))
        .endpoint_url("http://embedded.invalid")
        .timeout_config(TimeoutConfig::disabled())
        .http_client(http)
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let ground = match endpoint() {
            Some(url) => Self::at(&url).await,
            None => Self::embedded(),
        };
        ground.table.create_if_absent().await.unwrap();
        ground.ready().await;
        ground.calls();
        ground
    }

    /// With the means to inject faults; `None` where the tests run against another endpoint.
    pub(crate) async fn with_faults() -> Option<(Self, Arc<Watcher>)> {
        // Not even connected: these tests pause the time, and a socket does not wait for that.
        if endpoint().is_some() {
            return None;
        }
        let ground = Self::new().await;
        let watcher = ground.watcher.clone()?;
        Some((ground, watcher))
    }

    fn embedded() -> Self {
        let watcher = Arc::new(Watcher::default());
        let engine = Engine::memory().unwrap();
        let raw = Client::from_conf(config(engine.http_client()).allow_no_auth().build());
        let observed = engine.with_observer(watcher.clone());
        Self {
            table: Table::new(
                connect::embedded(observed.http_client()).unwrap(),
                "contract",
            ),
            raw,
            name: "contract".into(),
            watcher: Some(watcher),
        }
    }

    async fn at(url: &str) -> Self {
        let aws = connect::Aws::from_env(None).await.unwrap();
        let credentials = Credentials::new("local", "local", None, None, "contract");
        let raw = config(aws.http_client())
            .endpoint_url(url)
            .credentials_provider(credentials);
        // What it answers is tested, not how soon.
        let sdk = aws.dynamodb().unwrap().without_budgets();
        let name = format!(
            "contract-{:016x}",
            RandomState::new().build_hasher().finish()
        );
        Self {
            table: Table::new(sdk, name.clone()),
            raw: Client::from_conf(raw.build()),
            name,
            watcher: None,
        }
    }

    async fn ready(&self) {
        loop {
            let about = self.raw.describe_table().table_name(&self.name).send();
            let status = about.await.unwrap().table.unwrap().table_status;
            if status == Some(TableStatus::Active) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Waits until the index has what the table has.
    pub(crate) async fn settle(&self) {
        if self.watcher.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether calls are seen: not against another endpoint.
    pub(crate) const fn is_observed(&self) -> bool {
        self.watcher.is_some()
    }

    /// The calls since the last look; none against another endpoint.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.watcher.as_ref().map(|w| w.take()).unwrap_or_default()
    }

    /// What the calls since the last look were, in order, and what they cost.
    pub(crate) fn assert_cost(&self, operations: &[&str], read: f64, write: Write) {
        if self.watcher.is_none() {
            return;
        }
        let calls = self.calls();
        let made: Vec<_> = calls.iter().map(|c| c.operation.as_str()).collect();
        assert_eq!(made, operations);
        let sum = |of: fn(&Call) -> f64| calls.iter().map(of).sum::<f64>();
        let written: Vec<_> = calls.iter().filter(|c| c.capacity.write > 0.0).collect();
        let found = (
            sum(|c| c.capacity.read),
            written.iter().map(|c| c.capacity.table).sum::<f64>(),
            written.iter().map(|c| c.capacity.indexes).sum::<f64>(),
        );
        assert_eq!(
            found,
            (read, write.table, write.index),
            "read, table, index"
        );
    }

    /// Every item of the table.
    pub(crate) async fn items(&self) -> Vec<Item> {
        let pages = self.raw.scan().table_name(&self.name).consistent_read(true);
        let items = pages.into_paginator().items().send();
        items.collect::<Result<_, _>>().await.unwrap()
    }

    /// How many items of a kind there are.
    pub(crate) async fn count(&self, kind: &str) -> usize {
        let items = self.items().await;
        items.iter().filter(|i| i["kind"] == s(kind)).count()
    }

    /// The item of an app, as stored.
    pub(crate) async fn stored(&self, app: &App) -> Item {
        self.at_key(&keys::app(&app.app_id)).await.expect("the app")
    }

    pub(crate) async fn at_key(&self, key: &keys::Key) -> Option<Item> {
        let get = self.raw.get_item().table_name(&self.name);
        let get = get.set_key(Some(key_item(key))).consistent_read(true);
        get.send().await.unwrap().item
    }

    /// Writes an item as it is.
    pub(crate) async fn put(&self, item: Item) {
        let put = self.raw.put_item().table_name(&self.name);
        put.set_item(Some(item)).send().await.unwrap();
    }

    /// Takes an item away.
    pub(crate) async fn delete(&self, key: &keys::Key) {
        let delete = self.raw.delete_item().table_name(&self.name);
        delete.set_key(Some(key_item(key))).send().await.unwrap();
    }

    /// No guard without its app, no app without its guard.
    pub(crate) async fn assert_whole(&self) {
        let items = self.items().await;
        let of = |kind: &str| -> Vec<_> { items.iter().filter(|i| i["kind"] == s(kind)).collect() };
        let (apps, guards) = (of("app"), of("code_name"));
        assert_eq!(apps.len(), guards.len(), "as many guards as apps");
        for app in apps {
            let id = app["pk"].as_s().unwrap().strip_prefix("APP#").unwrap();
            let tenant = TenantId::parse(app["tenant_id"].as_s().unwrap()).unwrap();
            let name = app["app"].as_m().unwrap()["code_name"].as_s();
            let name = CodeName::parse(name.unwrap()).unwrap();
            let pk = keys::code_name_guard(&tenant, &name).pk;
            let guard = guards.iter().find(|g| g["pk"] == s(&pk)).expect("a guard");
            assert_eq!(guard["app_id"], s(id));
        }
    }
}

/// Write units: those of the table itself, and the index's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Write {
    pub(crate) table: f64,
    pub(crate) index: f64,
}

pub(crate) const NO_WRITE: Write = Write {
    table: 0.0,
    index: 0.0,
};

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn n(number: &str) -> AttributeValue {
    AttributeValue::N(number.to_owned())
}

pub(crate) fn key_item(key: &keys::Key) -> Item {
    [("pk".into(), s(&key.pk)), ("sk".into(), s(&key.sk))].into()
}

/// How large `DynamoDB` takes an item to be, by its developer guide ("item sizes and formats").
pub(crate) fn item_size(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + size(value))
        .sum()
}

fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(items) => 3 + items.iter().map(|v| 1 + size(v)).sum::<usize>(),
        AttributeValue::M(map) => {
            3 + map
                .iter()
                .map(|(k, v)| k.len() + 1 + size(v))
                .sum::<usize>()
        }
        _ => 1,
    }
}
