//! The tables of `docs/DIALECTS.md`: rows with reasons, against the differences that are seen.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::seen::Difference;
use crate::security::{quoted, rows as cells};

/// The reason of a row that still needs one. In two parts, as no file may hold the word.
pub(super) const UNWRITTEN: &str = concat!("TO", "DO");
/// Fewer characters give no reason.
const SHORTEST_REASON: usize = 30;
const HEAD: &str =
    "| requests | member | in the document | in Roster | why |\n|---|---|---|---|---|\n";

/// Names for several operations at once.
pub(super) type Groups = BTreeMap<String, BTreeSet<String>>;

/// A row: each of its operations differs in each of its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Operations and groups, as they are written.
    requests: Vec<String>,
    places: Vec<String>,
    document: String,
    roster: String,
    why: String,
}

impl Row {
    /// The operations that the row is about.
    fn operations(&self, groups: &Groups) -> BTreeSet<String> {
        let named = self.requests.iter();
        named
            .flat_map(|name| {
                let one = || BTreeSet::from([name.clone()]);
                groups.get(name).cloned().unwrap_or_else(one)
            })
            .collect()
    }

    fn says(&self, operation: &str, place: &str) -> Difference {
        Difference {
            operation: operation.to_owned(),
            place: place.to_owned(),
            document: self.document.clone(),
            roster: self.roster.clone(),
        }
    }

    /// Every difference that the row claims.
    fn all(&self, groups: &Groups) -> Vec<Difference> {
        let operations = self.operations(groups);
        let each =
            |place: &String| -> Vec<_> { operations.iter().map(|o| self.says(o, place)).collect() };
        self.places.iter().flat_map(each).collect()
    }

    /// The row without what is not seen any more: first operations that differ nowhere, then places
    /// that do not differ in all that is left.
    fn kept(&self, groups: &Groups, seen: &BTreeSet<Difference>) -> Option<Self> {
        let mut operations = self.operations(groups);
        operations.retain(|o| self.places.iter().any(|p| seen.contains(&self.says(o, p))));
        let mut row = self.clone();
        row.places
            .retain(|p| operations.iter().all(|o| seen.contains(&self.says(o, p))));
        if operations != self.operations(groups) {
            row.requests = named(&operations, groups);
        }
        let empty = operations.is_empty() || row.places.is_empty();
        (!empty).then_some(row)
    }
}

/// These operations in few words: the largest groups that have no others, and the names of the rest.
fn named(operations: &BTreeSet<String>, groups: &Groups) -> Vec<String> {
    let mut fitting: Vec<_> = groups
        .iter()
        .filter(|(_, members)| members.is_subset(operations))
        .collect();
    fitting.sort_by_key(|(_, members)| Reverse(members.len()));
    let (mut rest, mut names) = (operations.clone(), Vec::new());
    for (name, members) in fitting {
        if members.is_subset(&rest) {
            rest.retain(|operation| !members.contains(operation));
            names.push(name.clone());
        }
    }
    names.extend(rest);
    names
}

pub(super) fn parsed(table: &str) -> Vec<Row> {
    let row = |cells: Vec<&str>| {
        let &[requests, places, document, roster, why] = cells.as_slice() else {
            panic!("{cells:?} are not 5 cells")
        };
        Row {
            requests: requests.split("; ").map(str::to_owned).collect(),
            places: quoted(places).map(str::to_owned).collect(),
            document: document.to_owned(),
            roster: roster.to_owned(),
            why: why.to_owned(),
        }
    };
    cells(table).into_iter().map(row).collect()
}

pub(super) fn written(rows: &[Row]) -> String {
    let mut table = HEAD.to_owned();
    for row in rows {
        let places: Vec<_> = row.places.iter().map(|p| format!("`{p}`")).collect();
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} |",
            row.requests.join("; "),
            places.join(", "),
            row.document,
            row.roster,
            row.why
        );
    }
    table
}

/// What is wrong between a table and what is seen.
pub(super) fn faults(rows: &[Row], groups: &Groups, seen: &BTreeSet<Difference>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut said = BTreeSet::new();
    for row in rows {
        if row.why.len() < SHORTEST_REASON || row.why.contains(UNWRITTEN) {
            faults.push(format!("no reason: {row:?}"));
        }
        let all = row.all(groups);
        if all.is_empty() {
            faults.push(format!("says nothing: {row:?}"));
        }
        for difference in all {
            if !seen.contains(&difference) {
                faults.push(format!("not so (any more): {difference:?}"));
            }
            if !said.insert(difference.clone()) {
                faults.push(format!("said twice: {difference:?}"));
            }
        }
    }
    let unsaid = seen.difference(&said);
    faults.extend(unsaid.map(|difference| format!("no row: {difference:?}")));
    faults
}

/// The rows without what is not seen any more, and with new ones, without a reason, for what no row says.
pub(super) fn updated(rows: &[Row], groups: &Groups, seen: &BTreeSet<Difference>) -> Vec<Row> {
    let kept = rows.iter().filter_map(|row| row.kept(groups, seen));
    let mut rows: Vec<_> = kept.collect();
    let said: BTreeSet<_> = rows.iter().flat_map(|row| row.all(groups)).collect();
    let mut new: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for difference in seen.difference(&said).cloned() {
        let Difference {
            operation,
            place,
            document,
            roster,
        } = difference;
        let operations = new.entry((place, document, roster)).or_default();
        operations.insert(operation);
    }
    rows.extend(
        new.into_iter()
            .map(|((place, document, roster), operations)| Row {
                requests: named(&operations, groups),
                places: vec![place],
                document,
                roster,
                why: UNWRITTEN.to_owned(),
            }),
    );
    rows
}
