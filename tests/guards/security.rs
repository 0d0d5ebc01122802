//! `docs/SECURITY.md` against the tests that it names and the lists that it answers; `SECURITY.md` against what
//! whoever has found a hole needs.

use std::{collections::BTreeSet, fs};

use crate::{
    documents::between,
    workspace::{none, read, root, sources},
};

pub(crate) const DOCUMENT: &str = "docs/SECURITY.md";
/// How the last cell of a row begins that names no test.
const REASON: &str = "No test: ";
/// Fewer characters give no reason.
const SHORTEST_REASON: usize = 30;

/// What the document must have under a heading of its own.
const SECTIONS: [&str; 9] = [
    "## Trust boundaries",
    "## What each foothold gets",
    "## What each function's role gets",
    "## Known limits",
    "## Lessons that others paid for",
    "## OWASP ASVS 5.0, V10.4",
    "## RFC 9700",
    "## RFC 7662 §4 and RFC 7009 §5",
    "## What is left to whoever deploys",
];

/// The sections of RFC 9700 from 2 to 4 that say anything; §4 ends with 4.17.
const RFC_9700: [&str; 28] = [
    "2.1", "2.1.1", "2.1.2", "2.2", "2.2.1", "2.2.2", "2.3", "2.4", "2.5", "2.6", "3", "4.1",
    "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", "4.9", "4.10", "4.11", "4.12", "4.13", "4.14",
    "4.15", "4.16", "4.17",
];

/// The tables of a part of the document, and the first cell of each row that it must have.
fn lists() -> Vec<(&'static str, Vec<String>)> {
    let numbers = |start: &str, end: u16| (1..=end).map(|n| format!("{start}{n}")).collect();
    let given = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    vec![
        ("lessons", numbers("", 58)),
        ("code-flow", given(&["A", "B", "C", "D", "E", "F", "G"])),
        ("asvs", numbers("10.4.", 16)),
        ("rfc-9700", given(&RFC_9700)),
        ("rfc-7662", given(&["4a", "4b", "4c", "4d", "4e", "4f"])),
        ("rfc-7009", given(&["5a", "5b", "5c", "5d", "5e"])),
    ]
}

/// The cells of a table's rows, without its head.
pub(crate) fn rows(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let line = line.strip_prefix('|').unwrap_or(line);
            let line = line.trim_end().strip_suffix('|').unwrap_or(line);
            line.split('|').map(str::trim).collect()
        })
        .collect()
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        all + part.split_once("-->").map_or("", |(_, rest)| rest)
    })
}

/// What stands between backticks.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a file has a test of this name that runs whenever `cargo test` does.
fn is_test(file: &str, name: &str) -> bool {
    let Ok(text) = fs::read_to_string(root().join(file)) else {
        return false;
    };
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let declaration = format!("fn {name}(");
    lines.iter().enumerate().any(|(at, line)| {
        let declares = line.trim_start_matches("async ").starts_with(&declaration);
        let above = lines.iter().take(at).rev();
        let above: Vec<_> = above.take_while(|l| !["", "}"].contains(*l)).collect();
        let has = |start: &str| above.iter().any(|line| line.starts_with(start));
        declares && (has("#[test]") || has("#[tokio::test")) && !has("#[ignore")
    })
}

/// What is wrong with a row: four cells, and the last one names tests that are there or says why there are none.
fn faults_of(row: &[&str]) -> Vec<String> {
    let [key, what, how, held] = row else {
        return vec![format!("{row:?} has {} cells of 4", row.len())];
    };
    if [key, what, how]
        .iter()
        .any(|cell| without_comments(cell).is_empty())
    {
        return vec![format!("{key}: a cell is empty")];
    }
    let held = without_comments(held);
    let tests: Vec<_> = quoted(&held).filter(|name| name.contains("::")).collect();
    let reason = held.trim().strip_prefix(REASON);
    match reason {
        None if tests.is_empty() => vec![format!("{key}: neither a test nor a reason")],
        Some(reason) if reason.trim().len() < SHORTEST_REASON => {
            vec![format!("{key}: {reason:?} is no reason")]
        }
        _ => {
            let missing = tests.iter().filter(|test| {
                let (file, name) = test.split_once("::").unwrap_or((test, ""));
                !is_test(file, name)
            });
            missing
                .map(|test| format!("{key}: there is no test {test}"))
                .collect()
        }
    }
}

/// What is wrong with a table that must have a row for each of `keys`, in their order.
fn faults_in(part: &str, table: &str, keys: &[String]) -> Vec<String> {
    let rows = rows(table);
    let found: Vec<_> = rows.iter().filter_map(|row| row.first().copied()).collect();
    let mut faults = Vec::new();
    let has = |key: &String| found.contains(&key.as_str());
    faults.extend(
        keys.iter()
            .filter(|k| !has(k))
            .map(|k| format!("{part}: no row {k}")),
    );
    if faults.is_empty() && found != *keys {
        faults.push(format!(
            "{part}: rows twice, unknown or out of order: {found:?}"
        ));
    }
    let wrong = rows.iter().flat_map(|row| faults_of(row));
    faults.extend(wrong.map(|fault| format!("{part}: {fault}")));
    faults
}

#[test]
fn every_lesson_and_item_of_a_checklist_has_a_test_or_a_reason() {
    let document = read(DOCUMENT);
    let mut faults = Vec::new();
    for (part, keys) in lists() {
        faults.extend(faults_in(part, between(&document, part), &keys));
    }
    none(&faults);
}

/// The guard above finds what it is there for.
#[test]
fn rows_that_hold_nothing_are_found() {
    let here = "`tests/guards/security.rs::rows_that_hold_nothing_are_found`";
    let keys: Vec<_> = ["1", "2"].map(str::to_owned).into();
    let head = "| # | a | b | c |\n|---|---|---|---|\n";
    let good = format!("| 1 | a | b | {here} |\n");
    let reason = "| 2 | a | b | No test: Roster has no pages that could run anything. |\n";
    let faults = |rows: &str| faults_in("x", &format!("{head}{rows}"), &keys);
    none(&faults(&format!("{good}{reason}")));
    let of_file = |file: &str, name: &str| format!("| 2 | a | b | `{file}::{name}` |\n");
    let this = "tests/guards/security.rs";
    for (second, expected) in [
        ("", "no row 2"),
        ("| 2 | a | b | |\n", "neither a test nor a reason"),
        (
            "| 2 | a | b | <!-- a comment --> |\n",
            "neither a test nor a reason",
        ),
        (
            "| 2 | a | | No test: there is none, and that is all there is. |\n",
            "empty",
        ),
        ("| 2 | a | b | No test: none. |\n", "is no reason"),
        ("| 2 | a | b |\n", "3 cells of 4"),
        (&good, "no row 2"),
        (&format!("{reason}{reason}"), "twice"),
        (&of_file(this, "is_test"), "there is no test"),
        (&of_file(this, "rows_that_hold"), "there is no test"),
        (
            &of_file("tests/guards/nowhere.rs", "a_test"),
            "there is no test",
        ),
        (
            &of_file("tests/faults/soak.rs", "a_soak"),
            "there is no test",
        ),
    ] {
        let found = faults(&format!("{good}{second}")).join("\n");
        assert!(found.contains(expected), "{second:?}: {found:?}");
    }
}

#[test]
fn the_document_has_what_it_is_cited_for() {
    let document = read(DOCUMENT);
    let mut faults = Vec::new();
    for section in SECTIONS {
        let mut lines = document.lines().skip_while(|line| *line != section).skip(1);
        let said = lines.by_ref().take_while(|line| !line.starts_with("## "));
        if said.filter(|line| !line.is_empty()).count() < 2 {
            faults.push(format!("{DOCUMENT} says nothing under {section}"));
        }
    }
    // Whoever follows a number from the code finds it here.
    let mut numbers = BTreeSet::new();
    for (_, text) in sources() {
        for start in ["CVE-", "RUSTSEC-"] {
            for (at, _) in text.match_indices(start) {
                let part = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
                let number: String = text[at..].chars().take_while(part).collect();
                if number.len() > "CVE-2020-".len() {
                    numbers.insert(number);
                }
            }
        }
    }
    let absent = numbers
        .iter()
        .filter(|number| !document.contains(number.as_str()));
    faults.extend(absent.map(|number| format!("{DOCUMENT} does not know {number}")));
    for file in ["README.md", "docs/ARCHITECTURE.md"] {
        if !read(file).contains("SECURITY.md)") {
            faults.push(format!("{file} has no link to SECURITY.md"));
        }
    }
    none(&faults);
}

/// RFC 9116: `Contact` and `Expires` are required.
#[test]
fn it_is_written_down_how_to_report_a_hole() {
    let text = read("SECURITY.md");
    let missing: Vec<_> = [
        "## Reporting",
        "## Supported versions",
        "## security.txt",
        "/.well-known/security.txt",
        "\nContact: mailto:security@example.com\n",
        "\nExpires: ",
        "\nCanonical: ",
        "placeholder",
    ]
    .into_iter()
    .filter(|part| !text.contains(part))
    .map(|part| format!("SECURITY.md has no {part:?}"))
    .collect();
    none(&missing);
}
