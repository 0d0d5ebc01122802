//! Items that no version of Roster wrote: left out of lists, 500 where they are asked for, never taken for
//! absent, never a panic.

use std::{
    collections::BTreeMap,
    panic,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use testkit::{Value, json};

use crate::{
    report,
    requests::{Ask, every},
    world::Snapshot,
};

/// Panics of any thread: the dispatcher makes a 500 of them, which would pass for the right answer.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// A way to spoil an item.
type Poison = (&'static str, fn(&mut Value));

const POISONS: [Poison; 11] = [
    ("no kind", |item| remove(item, "kind")),
    ("an unknown kind", |item| {
        item["kind"] = json!({"S": "unheard_of"});
    }),
    ("no schema", |item| remove(item, "schema")),
    ("a newer schema", |item| item["schema"] = json!({"N": "2"})),
    ("its first attribute missing", |item| {
        if let Some(name) = own(item).first() {
            remove(item, name);
        }
    }),
    ("its last attribute missing", |item| {
        if let Some(name) = own(item).last() {
            remove(item, name);
        }
    }),
    ("every attribute of another type", |item| {
        for name in own(item) {
            // An index can't have its keys otherwise.
            if name != "listed_in" {
                item[name] = json!({"L": [{"NULL": true}]});
            }
        }
    }),
    ("every member of its maps of another type", |item| {
        for map in maps(item) {
            for member in map.values_mut() {
                *member = json!({"L": [{"NULL": true}]});
            }
        }
    }),
    ("times as text", |item| {
        let times = |name: &str| name.ends_with("_at") || name == "signs_from";
        let text = json!({"S": "2026-01-01T00:00:00Z"});
        for name in own(item).into_iter().filter(|name| times(name)) {
            item[name] = text.clone();
        }
        for map in maps(item) {
            for (_, time) in map.iter_mut().filter(|(name, _)| times(name)) {
                *time = text.clone();
            }
        }
    }),
    ("digests of the wrong length", |item| {
        let secrets = item.pointer_mut("/secrets/M");
        for (_, secret) in secrets.and_then(Value::as_object_mut).into_iter().flatten() {
            secret["M"]["digest"] = json!({"B": "AAAA"});
        }
    }),
    ("400 KB", |item| {
        item["ballast"] = json!({"S": "x".repeat(390_000)});
    }),
];

fn remove(item: &mut Value, name: &str) {
    item.as_object_mut().unwrap().remove(name);
}

/// The maps in which an item holds most of what it says.
fn maps(item: &mut Value) -> impl Iterator<Item = &mut serde_json::Map<String, Value>> {
    let attributes = item.as_object_mut().into_iter().flatten();
    let maps = attributes.filter(|(name, _)| ["app", "client"].contains(&name.as_str()));
    maps.filter_map(|(_, value)| value["M"].as_object_mut())
}

/// What the item says beyond its key and kind.
fn own(item: &Value) -> Vec<String> {
    let names = item.as_object().unwrap().keys().cloned();
    names
        .filter(|name| !["pk", "sk", "kind", "schema"].contains(&name.as_str()))
        .collect()
}

/// Whether a status says that something is not there, or that the caller is nobody.
const fn denies(status: u16) -> bool {
    matches!(status, 401 | 403 | 404)
}

/// Every poison in every item under every request, each `stride`th.
async fn run(stride: usize) -> String {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Relaxed);
        usual(info);
    }));
    let snapshot = Snapshot::take().await;
    let asks: Vec<Ask> = every(&snapshot).into_iter().collect();
    let mut clean = Vec::new();
    for ask in &asks {
        clean.push(ask.send(&snapshot.restore(1).await).await.status);
    }
    let (mut statuses, mut cases, mut failures) = (BTreeMap::new(), 0, Vec::new());
    let (mut number, mut kinds) = (0, BTreeMap::new());
    for at in 0..snapshot.items.len() {
        for (what, poison) in POISONS {
            let mut items = snapshot.items.clone();
            poison(&mut items[at]);
            if items[at] == snapshot.items[at] {
                continue;
            }
            let kind = snapshot.items[at]["kind"]["S"].as_str().unwrap().to_owned();
            let key = snapshot.items[at]["pk"]["S"].as_str().unwrap();
            let poisoned = snapshot.with(items.clone());
            for (ask, clean) in asks.iter().zip(&clean) {
                number += 1;
                // What is refused by a condition alone is judged by an item that nobody has read before.
                let unread = what.starts_with("every") && ask.name().contains("/Grants");
                if number % stride != 0 && !(unread && key.starts_with("APP#")) {
                    continue;
                }
                cases += 1;
                *kinds.entry(kind.clone()).or_insert(0) += 1;
                let world = poisoned.restore(1).await;
                let answer = ask.send(&world).await;
                *statuses.entry(answer.status).or_insert(0) += 1;
                let status = answer.status;
                let sound =
                    status == *clean || status == 500 && ask.tells_an_id(&answer) || status == 409;
                if denies(status) && status != *clean || !sound {
                    failures.push(format!(
                        "{} with {what} in {key}: {status} {}",
                        ask.name(),
                        answer.body
                    ));
                }
            }
        }
    }
    drop(panic::take_hook());
    let count = failures.len();
    assert!(
        failures.is_empty(),
        "{count} of {cases}:\n{}",
        failures.join("\n")
    );
    assert_eq!(PANICS.load(Relaxed), 0);
    format!(
        "* Poison: {cases} cases of {} poisons in items of {} kinds under {} requests, answered {statuses:?}. No panic, \
         nothing taken for absent.\n",
        POISONS.len(),
        kinds.len(),
        asks.len(),
    )
}

#[tokio::test(start_paused = true)]
async fn a_slice_of_poison() {
    println!("{}", run(101).await);
}

#[tokio::test(start_paused = true)]
#[ignore = "a campaign: just faults"]
async fn poison_everywhere() {
    report::section("5 poison", &run(1).await);
}
