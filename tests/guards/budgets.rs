//! What a reader has to hold in mind at once: lengths of files.

use crate::workspace::{none, read, root, sources};

/// Any file.
const FILE: usize = 400;
/// A function's wiring.
const MAIN: usize = 15;
/// An endpoint without its tests.
const ENDPOINT: usize = 150;
/// A decision record.
const RECORD: usize = 40;

#[test]
fn no_file_is_long() {
    let faults: Vec<_> = sources()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE)
        .map(|(path, lines)| format!("{}: {lines} lines of {FILE}", path.display()))
        .collect();
    none(&faults);
}

#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let Ok(inside) = path.strip_prefix("functions") else {
            continue;
        };
        let (budget, lines) = if inside.ends_with("src/main.rs") {
            (MAIN, text.lines().count())
        } else if inside.ends_with("src/lib.rs") {
            (ENDPOINT, without_tests(&text))
        } else {
            continue;
        };
        if lines > budget {
            faults.push(format!("{}: {lines} lines of {budget}", path.display()));
        }
    }
    none(&faults);
}

/// The lines before the tests.
fn without_tests(text: &str) -> usize {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .count()
}

#[test]
fn decision_records_are_short() {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(root().join("docs/adr")).unwrap() {
        let path = entry.unwrap().path();
        let text = read(&path);
        let lines = text.lines().count();
        if lines > RECORD {
            faults.push(format!("{}: {lines} lines of {RECORD}", path.display()));
        }
        for part in ["## Context", "## Decision", "## Consequences"] {
            if !text.lines().any(|line| line == part) {
                faults.push(format!("{}: no {part}", path.display()));
            }
        }
    }
    none(&faults);
}
