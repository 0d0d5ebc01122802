//! The table of roles in `docs/SECURITY.md` against `operations.rs`.

use std::{collections::BTreeSet, fmt::Write as _};

use api::operations::{self, OPERATIONS, On, Operation};

use crate::{
    documents::between,
    security::{DOCUMENT, quoted, rows},
    workspace::{none, read, root},
};

const HEAD: &str = "| operations | reads | writes | master secret | what an intruder gets beyond that | what limits it |\n\
                    |---|---|---|---|---|---|\n";
/// What stands for a text that nobody has written yet.
const UNWRITTEN: &str = "?";

/// The kinds of items and the indexes that these actions are allowed on.
fn on(operation: &Operation, actions: &[&str]) -> String {
    let granted = operation
        .grants
        .iter()
        .filter(|grant| actions.contains(&grant.action));
    let mut kinds = BTreeSet::new();
    for grant in granted {
        match grant.on {
            On::Keys(patterns) => {
                kinds.extend(
                    patterns
                        .iter()
                        .map(|p| format!("`{}`", p.trim_end_matches("#*"))),
                );
            }
            On::Index(name) => {
                kinds.insert(format!("index `{name}`"));
            }
        }
    }
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}

/// What an operation's role reads, writes, and whether it has the master secret: three cells.
fn rights(operation: &Operation) -> String {
    let reads = on(operation, &["GetItem", "BatchGetItem", "Query"]);
    let mut writes = Vec::new();
    for (verb, action) in [
        ("put", "PutItem"),
        ("update", "UpdateItem"),
        ("delete", "DeleteItem"),
        ("put or delete", "BatchWriteItem"),
    ] {
        let kinds = on(operation, &[action]);
        if !kinds.is_empty() {
            writes.push(format!("{verb} {kinds}"));
        }
    }
    let writes = if writes.is_empty() {
        "nothing".into()
    } else {
        writes.join("; ")
    };
    let master = if operation.master { "yes" } else { "no" };
    format!("{reads} | {writes} | {master}")
}

/// The table as it should stand: what each row says in words is kept, and operations whose rights differ get
/// rows of their own.
fn rewritten(written: &str) -> String {
    let mut table = HEAD.to_owned();
    let mut left: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
    let mut add = |names: &[&str], rights: &str, words: &str| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(table, "| {} | {rights} | {words} |", names.join(", "));
    };
    for row in rows(written) {
        let words = row.get(4..).unwrap_or_default().join(" | ");
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for name in quoted(row.first().copied().unwrap_or_default()) {
            let Some(at) = left.iter().position(|other| *other == name) else {
                continue;
            };
            left.remove(at);
            let rights = operations::by_name(name).map(rights).unwrap_or_default();
            match groups.iter_mut().find(|(same, _)| *same == rights) {
                Some((_, names)) => names.push(name),
                None => groups.push((rights, vec![name])),
            }
        }
        for (rights, names) in groups {
            add(&names, &rights, &words);
        }
    }
    for name in left {
        let rights = operations::by_name(name).map(rights).unwrap_or_default();
        add(&[name], &rights, &format!("{UNWRITTEN} | {UNWRITTEN}"));
    }
    table
}

/// With `UPDATE_SECURITY=1` in the environment the rights are written instead of compared; words are left alone.
#[test]
fn every_role_is_described_as_it_is() {
    let document = read(DOCUMENT);
    let written = between(&document, "roles");
    let expected = rewritten(written);
    if std::env::var_os("UPDATE_SECURITY").is_some() {
        let marker = "<!-- roles -->\n";
        let (old, new) = (format!("{marker}{written}"), format!("{marker}{expected}"));
        // Renamed into place: the other guards read it at the same time.
        let file = root().join("target/SECURITY.md");
        std::fs::write(&file, document.replace(&old, &new)).unwrap();
        std::fs::rename(file, root().join(DOCUMENT)).unwrap();
        return;
    }
    let mut faults = Vec::new();
    for line in expected
        .lines()
        .filter(|line| !written.lines().any(|old| old == *line))
    {
        faults.push(format!("missing: {line}"));
    }
    for line in written
        .lines()
        .filter(|line| !expected.lines().any(|new| new == *line))
    {
        faults.push(format!("no longer so: {line}"));
    }
    for row in rows(written) {
        let words = row.get(4..).unwrap_or_default();
        if words.len() != 2 || words.iter().any(|cell| ["", UNWRITTEN].contains(cell)) {
            faults.push(format!(
                "{} says nothing of an intruder or of what limits one",
                row[0]
            ));
        }
    }
    if !faults.is_empty() {
        let hint = format!(
            "UPDATE_SECURITY=1 cargo test -p tests --test guards roles; then fill every {UNWRITTEN}"
        );
        faults.push(hint);
    }
    none(&faults);
}

/// The comparison above finds what it is there for.
#[test]
fn an_operation_without_a_row_gets_one_that_asks_for_words() {
    let table = rewritten(&rewritten(HEAD));
    assert_eq!(rows(&table).len(), OPERATIONS.len());
    assert!(rows(&table).iter().all(|row| row[4..] == [UNWRITTEN; 2]));
    // Two in one row are parted when their rights differ, and each keeps the words; a name twice goes.
    let row = "| `sweep`, `token`, `sweep`, `gone` | x | y | no | words | limits |\n";
    let table = rewritten(&format!("{HEAD}{row}"));
    let told: Vec<_> = rows(&table)
        .into_iter()
        .filter(|row| row[4] == "words")
        .collect();
    let names: Vec<_> = told.iter().map(|row| row[0]).collect();
    assert_eq!(names, ["`sweep`", "`token`"]);
    assert_eq!(told[1][3], "yes");
    assert_eq!(rows(&table).len(), OPERATIONS.len());
}
