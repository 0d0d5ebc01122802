//! What must be true of the table after any storm, fault or crash: read past every rule, item by item.
//!
//! The rules are written from `docs/DATA.md` and not from the code that writes the items; only whether
//! an item can be read is asked of the product's own reads.

mod index;
mod items;
mod plain;
mod readable;
mod rules;

use std::{collections::BTreeMap, fmt};

use engine::{Engine, Observer};
use serde_json::{Value, json};

use items::Items;

/// What is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which rule it breaks.
    pub rule: Rule,
    /// The item's `pk/sk`.
    pub key: String,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}: {}", self.rule, self.key, self.why)
    }
}

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// An app's code name, unique name, audience and chosen client id each have their guard.
    AppWithoutGuard,
    /// An app has its default client, and that one a secret where it needs one.
    AppWithoutClient,
    /// A guard leads to a living app of that name, or is the tombstone of one that is gone.
    GuardWithoutApp,
    /// A pointer leads to an app that is or was.
    PointerWithoutApp,
    /// A client stands beside its app.
    ClientWithoutApp,
    /// A tenant has its management application, which has its tenant.
    TenantWithoutApp,
    /// A deleted app is in the work list, and nothing else is.
    DeletionWithoutWork,
    /// Versions and the like count what was written.
    CounterOff,
    /// A single-use value says who used it and until when it counts; a kept answer, what it is about.
    SingleUse,
    /// Both indexes hold the living apps as they are, and nothing else.
    IndexOff,
    /// Every item is of a kind that is known, and can be read.
    Unreadable,
    /// No secret, token or private key lies in plain.
    Plain,
}

/// What an audit has seen.
#[derive(Debug, Default)]
pub struct Audit {
    /// How many items of each kind.
    pub items: BTreeMap<String, usize>,
    /// What is wrong.
    pub violations: Vec<Violation>,
}

impl Audit {
    /// Looks at the whole table behind `engine`, past its observer.
    pub async fn of(engine: &Engine) -> Self {
        let engine = engine.clone().with_observer(std::sync::Arc::new(Unseen));
        let items = Items::of(scan(&engine, None));
        let mut audit = Self::of_items(&engine, &items);
        readable::check(&engine, &items, &mut audit).await;
        audit
    }

    /// The same without a read of each item by the product.
    pub fn of_structure(engine: &Engine) -> Self {
        Self::of_items(engine, &Items::of(scan(engine, None)))
    }

    fn of_items(engine: &Engine, items: &Items) -> Self {
        let mut audit = Self {
            items: items.kinds(),
            violations: Vec::new(),
        };
        rules::check(items, &mut audit);
        index::check(engine, items, &mut audit);
        plain::check(items, &mut audit);
        audit
    }

    /// How many items there are.
    pub fn count(&self) -> usize {
        self.items.values().sum()
    }

    /// What is wrong, a line each; nothing when nothing is.
    pub fn lines(&self) -> String {
        let lines: Vec<_> = self.violations.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    /// Fails unless nothing is wrong.
    pub fn assert_sound(&self, after: &str) {
        assert!(
            self.violations.is_empty(),
            "after {after}:\n{}",
            self.lines()
        );
    }

    fn found(&mut self, rule: Rule, key: impl Into<String>, why: impl Into<String>) {
        self.violations.push(Violation {
            rule,
            key: key.into(),
            why: why.into(),
        });
    }
}

/// Takes the place of an observer that the audit must not disturb.
#[derive(Debug)]
struct Unseen;

impl Observer for Unseen {}

/// Every item of the table, or of one of its indexes, as DynamoDB's own JSON.
pub(crate) fn scan(engine: &Engine, index: Option<&str>) -> Vec<Value> {
    let mut items = Vec::new();
    let mut request = json!({ "TableName": "roster" });
    if let Some(index) = index {
        request["IndexName"] = json!(index);
    } else {
        request["ConsistentRead"] = json!(true);
    }
    loop {
        let mut page = engine.ask("Scan", &request);
        items.append(page["Items"].as_array_mut().unwrap());
        match page["LastEvaluatedKey"].take() {
            Value::Null => return items,
            next => request["ExclusiveStartKey"] = next,
        }
    }
}
