//! Both indexes against the items.

use std::collections::BTreeMap;

use engine::Engine;
use serde_json::{Value, json};
use table::keys::{APP_IDS, LISTING};

use super::{Audit, Rule, items::Items, scan};

pub(super) fn check(engine: &Engine, items: &Items, audit: &mut Audit) {
    for app in items.of_kind("app") {
        let listed_in = if app.deleted() {
            ""
        } else {
            app.text("tenant_id")
        };
        if app.text("listed_in") != listed_in {
            let why = format!("it is listed in {:?}", app.text("listed_in"));
            audit.found(Rule::IndexOff, app.key(), why);
        }
    }
    let description = engine.ask("DescribeTable", &json!({"TableName": "roster"}));
    for index in description["Table"]["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
    {
        let name = index["IndexName"].as_str().unwrap();
        let projected = index["Projection"]["NonKeyAttributes"].as_array();
        let projected = projected.into_iter().flatten().filter_map(Value::as_str);
        let attributes: Vec<_> = ["pk", "sk", "listed_in"]
            .into_iter()
            .chain(projected)
            .collect();
        compare(engine, items, name, &attributes, audit);
    }
    for name in [LISTING, APP_IDS] {
        if !description.to_string().contains(name) {
            audit.found(Rule::IndexOff, name, "there is no such index");
        }
    }
}

fn compare(engine: &Engine, items: &Items, name: &str, attributes: &[&str], audit: &mut Audit) {
    let key = |entry: &Value| {
        let text = |name: &str| entry[name]["S"].as_str().unwrap_or_default().to_owned();
        format!("{}/{}", text("pk"), text("sk"))
    };
    let entries = scan(engine, Some(name)).into_iter();
    let mut entries: BTreeMap<_, _> = entries.map(|entry| (key(&entry), entry)).collect();
    for item in items.iter().filter(|item| item.has("listed_in")) {
        let mut expected = serde_json::Map::new();
        for attribute in attributes {
            if let Some(value) = item.json().get(*attribute) {
                expected.insert((*attribute).to_owned(), value.clone());
            }
        }
        match entries.remove(&item.key()) {
            Some(entry) if entry == Value::Object(expected) => {}
            Some(_) => audit.found(
                Rule::IndexOff,
                item.key(),
                format!("{name} has it otherwise"),
            ),
            None => audit.found(Rule::IndexOff, item.key(), format!("{name} lacks it")),
        }
    }
    for key in entries.into_keys() {
        audit.found(
            Rule::IndexOff,
            key,
            format!("{name} has it, the table has not"),
        );
    }
}
