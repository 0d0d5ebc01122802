//! What a table says, without what differs from run to run: ids, times, random bytes.

use std::collections::BTreeSet;

use testkit::Value;

use crate::world::World;

/// The state of a table, comparable between runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// What there is, and what stands in it.
    content: Vec<String>,
    /// How often each was written.
    counters: Vec<String>,
}

impl State {
    pub(crate) fn of(world: &World) -> Self {
        let items = world.items();
        // A deleted app is gone for every reader; when it is swept makes no difference to any.
        let dead: BTreeSet<_> = items
            .iter()
            .filter(|item| text(item, "kind") == "app" && item.get("deleted_at").is_some())
            .map(|item| text(item, "pk"))
            .collect();
        let counts =
            |item: &&Value| !dead.contains(&text(item, "pk")) && text(item, "kind") != "sweep";
        let (mut content, mut counters) = (Vec::new(), Vec::new());
        for item in items.iter().filter(counts) {
            let (what, count) = (content_of(item), counters_of(item));
            counters.push(format!("{what} {count}"));
            content.push(what);
        }
        content.sort();
        counters.sort();
        Self { content, counters }
    }

    /// Whether both say the same, however often it was written.
    pub(crate) fn reads_as(&self, other: &Self) -> bool {
        self.content == other.content
    }

    /// What this has and `other` lacks, and the other way round.
    pub(crate) fn unlike(&self, other: &Self) -> String {
        let only = |a: &Self, b: &Self, sign: &str| {
            let only = a.counters.iter().filter(|line| !b.counters.contains(line));
            only.map(|line| [sign, line].concat()).collect::<Vec<_>>()
        };
        [only(self, other, "+ "), only(other, self, "- ")]
            .concat()
            .join("\n")
    }
}

fn text(item: &Value, name: &str) -> String {
    item[name]["S"].as_str().unwrap_or_default().to_owned()
}

fn content_of(item: &Value) -> String {
    let kind = text(item, "kind");
    let secrets = item["secrets"]["M"].as_object();
    let live = secrets.map_or(0, |all| {
        let live = all.values().filter(|s| s["M"].get("retired_at").is_none());
        live.count()
    });
    let active = |map: &str| item[map]["M"]["status"]["M"]["active"]["BOOL"].clone();
    format!(
        "{kind} {} {} {} {} role:{} deleted:{} live secrets:{live}",
        item["app"]["M"]["profile"],
        item["client"]["M"]["settings"],
        active("app"),
        active("client"),
        !item["client"]["M"]["me_role"].is_null(),
        item.get("deleted_at").is_some(),
    )
}

fn counters_of(item: &Value) -> String {
    let number = |value: &Value| value["N"].as_str().unwrap_or("-").to_owned();
    let secrets = item["secrets"]["M"]
        .as_object()
        .map_or(0, serde_json::Map::len);
    format!(
        "v{} c{} r{} {secrets} secrets",
        number(&item["app"]["M"]["version"]),
        number(&item["client"]["M"]["version"]),
        number(&item["secrets_rev"]),
    )
}
