//! The table's items, to be looked up and looked into.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

/// One item, as DynamoDB's own JSON.
pub(super) struct Item(Value);

impl Item {
    pub(super) const fn json(&self) -> &Value {
        &self.0
    }

    /// The attribute at a path such as `app.profile.app_name`; null where there is none.
    pub(super) fn at(&self, path: &str) -> &Value {
        let mut names = path.split('.');
        let first = &self.0[names.next().unwrap_or_default()];
        names.fold(first, |map, name| &map["M"][name])
    }

    /// A text attribute; empty where there is none.
    pub(super) fn text(&self, path: &str) -> &str {
        self.at(path)["S"].as_str().unwrap_or_default()
    }

    /// A number attribute.
    pub(super) fn number(&self, path: &str) -> Option<i64> {
        self.at(path)["N"].as_str()?.parse().ok()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        !self.at(path).is_null()
    }

    pub(super) fn is_true(&self, path: &str) -> bool {
        self.at(path)["BOOL"] == Value::Bool(true)
    }

    pub(super) fn kind(&self) -> &str {
        self.text("kind")
    }

    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.text("pk"), self.text("sk"))
    }

    /// The part `at` of the partition key, the type being the first.
    pub(super) fn part(&self, at: usize) -> &str {
        self.text("pk").split('#').nth(at).unwrap_or_default()
    }

    /// The app that the sort key names in the work list.
    pub(super) fn work(&self) -> &str {
        self.text("sk").strip_prefix("APP#").unwrap_or_default()
    }

    pub(super) fn deleted(&self) -> bool {
        self.has("deleted_at")
    }
}

/// All of them.
pub(super) struct Items {
    all: Vec<Item>,
    by_key: HashMap<String, usize>,
    /// Apps that were deleted and swept: what is left of them is the tombstone of their code name.
    gone: HashSet<String>,
}

impl Items {
    pub(super) fn of(items: Vec<Value>) -> Self {
        let all: Vec<_> = items.into_iter().map(Item).collect();
        let by_key = all
            .iter()
            .enumerate()
            .map(|(at, i)| (i.key(), at))
            .collect();
        let tombstones = all
            .iter()
            .filter(|i| i.kind() == "code_name" && i.deleted());
        Self {
            gone: tombstones.map(|i| i.text("app_id").to_owned()).collect(),
            by_key,
            all,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.all.iter()
    }

    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Item> {
        self.all.iter().filter(move |item| item.kind() == kind)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Item> {
        self.by_key.get(key).map(|at| &self.all[*at])
    }

    pub(super) fn app(&self, id: &str) -> Option<&Item> {
        self.get(&format!("APP#{id}/APP"))
    }

    pub(super) fn living(&self, id: &str) -> Option<&Item> {
        self.app(id).filter(|app| !app.deleted())
    }

    /// Whether an app is there, or was.
    pub(super) fn is_or_was(&self, id: &str) -> bool {
        self.app(id).is_some() || self.gone.contains(id)
    }

    pub(super) fn kinds(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for item in &self.all {
            *kinds.entry(item.kind().to_owned()).or_default() += 1;
        }
        kinds
    }
}
