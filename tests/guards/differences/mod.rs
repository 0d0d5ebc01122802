//! `docs/DIALECTS.md` against the three documents that Roster implements: every request of theirs is sent as
//! they show it, and what differs from what they show is a row with a reason.
#![expect(
    clippy::indexing_slicing,
    reason = "a sample that names what is not there has failed"
)]

mod rows;
mod samples;
mod seen;
mod world;

use std::{collections::BTreeSet, env, fs, sync::Arc};

use serde_json::json;

use self::{
    rows::{Groups, UNWRITTEN},
    samples::Document,
    seen::{Difference, Found},
};
use crate::{
    documents::between,
    workspace::{none, read, root},
};

const DIALECTS: &str = "docs/DIALECTS.md";
/// Files beside this one, and parts of the document.
const DOCUMENTS: [&str; 3] = [
    "applications-and-clients",
    "openid-applications",
    "oauth-client-app",
];

/// Every difference of a document; its operations are asked side by side.
async fn seen_in(document: Document) -> BTreeSet<Difference> {
    let document = Arc::new(document);
    let work: Vec<_> = (0..document.operations.len())
        .map(|at| {
            let document = document.clone();
            tokio::spawn(async move {
                let operation = document.operations.get(at).unwrap();
                seen::differences(&document, operation).await
            })
        })
        .collect();
    let mut all = BTreeSet::new();
    for seen in work {
        all.append(&mut seen.await.unwrap());
    }
    all
}

/// With `UPDATE_DIALECTS=1` in the environment rows that are not so any more are taken away, and what no row
/// says gets one, whose reason a person has to write.
#[tokio::test(flavor = "multi_thread")]
async fn every_difference_from_the_documents_is_a_row_with_a_reason_and_no_row_is_stale() {
    let text = read(DIALECTS);
    let (mut faults, mut new) = (Vec::new(), text.clone());
    for name in DOCUMENTS {
        let document = Document::read(name);
        let groups = document.groups.clone();
        let seen = seen_in(document).await;
        let table = between(&text, name);
        let rows = rows::parsed(table);
        faults.extend(rows::faults(&rows, &groups, &seen));
        let marker = format!("<!-- {name} -->\n");
        let updated = rows::written(&rows::updated(&rows, &groups, &seen));
        new = new.replace(&format!("{marker}{table}"), &format!("{marker}{updated}"));
    }
    if env::var_os("UPDATE_DIALECTS").is_some() {
        // Renamed into place: the other guards read it at the same time.
        let aside = root().join("target/DIALECTS.md");
        fs::write(&aside, new).unwrap();
        fs::rename(aside, root().join(DIALECTS)).unwrap();
    } else {
        if !faults.is_empty() {
            faults.push(format!(
                "run `UPDATE_DIALECTS=1 cargo test -p tests --test guards`, and write the reasons in {DIALECTS}"
            ));
        }
        none(&faults);
    }
}

fn difference(operation: &str, place: &str, document: &str, roster: &str) -> Difference {
    Difference {
        operation: operation.into(),
        place: place.into(),
        document: document.into(),
        roster: roster.into(),
    }
}

/// The guard above finds what it is there for.
#[test]
fn a_member_that_is_absent_extra_or_of_another_kind_is_a_difference() {
    let shown = [
        ("/data", "object"),
        ("/id", "letters and digits"),
        ("/at", "date-time"),
        ("/list", "array"),
        ("/list/*", "string"),
        ("/gone", "object"),
        ("/gone/inner", "string"),
    ];
    let shown = shown.map(|(place, kind)| (place.to_owned(), kind.to_owned()));
    let mut found = Found("ask", BTreeSet::new());
    let answer = json!({
        "data": {
            "id": "a-b", "at": "2019-08-24T14:15:22Z", "list": ["a", 1],
            "more": {"inner": 1},
        },
        "next": null,
    });
    found.members(&shown.into(), "/data", &answer);
    let expected = [
        ("/gone", "object", "absent"),
        ("/id", "letters and digits", "string"),
        ("/list/*", "string", "number"),
        ("/more", "absent", "object"),
        ("/next", "absent", "null"),
    ];
    let expected = expected.map(|(place, d, r)| difference("ask", place, d, r));
    assert_eq!(found.1, BTreeSet::from(expected));
}

#[test]
fn rows_that_are_stale_missing_doubled_or_without_a_reason_are_found_and_updated() {
    let groups: Groups = [(
        "all".to_owned(),
        ["read", "write"].map(str::to_owned).into(),
    )]
    .into();
    let seen = BTreeSet::from([
        difference("read", "/a", "string", "absent"),
        difference("write", "/a", "string", "absent"),
        difference("write", "/b", "string", "absent"),
    ]);
    let head = rows::written(&[]);
    let reason = "It is so because it has to be so.";
    let table = |rows: &[(&str, &str)]| {
        let row = |(requests, places): &(&str, &str)| {
            format!("| {requests} | {places} | string | absent | {reason} |\n")
        };
        rows::parsed(&format!(
            "{head}{}",
            rows.iter().map(row).collect::<String>()
        ))
    };
    let good = table(&[("all", "`/a`"), ("write", "`/b`")]);
    none(&rows::faults(&good, &groups, &seen));
    assert_eq!(rows::updated(&good, &groups, &seen), good);
    for (bad, fault) in [
        (&[("all", "`/a`")][..], "no row"),
        (&[("all", "`/a`, `/b`")], "not so"),
        (&[("all", "`/a`"), ("write", "`/b`, `/c`")], "not so"),
        (&[("all", "`/a`"), ("write; erase", "`/b`")], "not so"),
        (&[("all", "`/a`"), ("write", "`/a`, `/b`")], "said twice"),
        (
            &[("all", "`/a`"), ("write", "`/b`"), ("read", "")],
            "says nothing",
        ),
    ] {
        let rows = table(bad);
        let faults = rows::faults(&rows, &groups, &seen);
        assert!(
            faults.iter().any(|f| f.starts_with(fault)),
            "{bad:?}: {faults:?}"
        );
        // What is left is so; what is new has no reason yet.
        let updated = rows::updated(&rows, &groups, &seen);
        let faults = rows::faults(&updated, &groups, &seen);
        let open =
            |fault: &String| fault.starts_with("no reason") || fault.starts_with("said twice");
        assert!(faults.iter().all(open), "{bad:?}: {faults:?}");
    }
    let unwritten = rows::written(&rows::updated(&[], &groups, &seen));
    assert_eq!(
        unwritten,
        format!(
            "{head}| all | `/a` | string | absent | {UNWRITTEN} |\n| write | `/b` | string | absent | {UNWRITTEN} |\n"
        )
    );
    let faults = rows::faults(&rows::parsed(&unwritten), &groups, &seen);
    assert_eq!(
        faults.iter().filter(|f| f.starts_with("no reason")).count(),
        2
    );
}

#[test]
fn the_document_is_linked_from_where_readers_start() {
    let unlinked = ["README.md", "docs/ARCHITECTURE.md"]
        .into_iter()
        .filter(|file| !read(file).contains("DIALECTS.md)"))
        .map(|file| format!("{file} has no link to {DIALECTS}"));
    none(&unlinked.collect::<Vec<_>>());
}
