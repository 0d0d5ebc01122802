//! The README against the code: routes, settings, commands.

use std::fmt::Write as _;

use api::{
    routes::{Access, ROUTES, Reach, Route},
    settings,
};

use crate::workspace::{none, read, root};

/// The part of a text between `<!-- name -->` and `<!-- /name -->`.
pub(crate) fn between<'a>(text: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let rest = text.split_once(&open).map(|(_, rest)| rest);
    let part = rest.and_then(|rest| rest.split_once(&close));
    part.unwrap_or_else(|| panic!("there is no part {name}")).0
}

fn access(route: &Route) -> String {
    match route.access {
        Access::Public => "anyone".into(),
        Access::Client => "a client, by its own credentials".into(),
        Access::Scope(scope, Reach::Tenant) => format!("`{scope}`, management application"),
        Access::Scope(scope, Reach::OwnApp) => {
            format!("`{scope}`; other applications: their own app only")
        }
    }
}

fn endpoint_table() -> String {
    let mut table = String::from("| method | path | operation | who |\n|---|---|---|---|\n");
    for route in &ROUTES {
        let Route {
            method,
            path,
            operation,
            ..
        } = route;
        let _ = writeln!(
            table,
            "| {method} | `{path}` | `{operation}` | {} |",
            access(route)
        );
    }
    table
}

/// With `UPDATE_README=1` in the environment the table is written instead of compared.
#[test]
fn the_readme_lists_the_routes() {
    let readme = read("README.md");
    let (written, expected) = (between(&readme, "endpoints"), endpoint_table());
    if std::env::var_os("UPDATE_README").is_some() {
        let marker = "<!-- endpoints -->\n";
        let (old, new) = (format!("{marker}{written}"), format!("{marker}{expected}"));
        let updated = readme.replace(&old, &new);
        // Renamed into place: the other guards read it at the same time.
        let new = root().join("target/README.md");
        std::fs::write(&new, updated).unwrap();
        std::fs::rename(new, root().join("README.md")).unwrap();
    } else {
        let differs = |a: &str, b: &str| {
            let lines: Vec<_> = a.lines().filter(|line| !b.contains(line)).collect();
            lines.join("\n")
        };
        let (gone, new) = (differs(written, &expected), differs(&expected, written));
        assert!(
            written == expected,
            "run `UPDATE_README=1 cargo test -p tests --test guards` and commit README.md\n\
             no longer so:\n{gone}\nmissing:\n{new}"
        );
    }
}

#[test]
fn the_readme_lists_the_settings() {
    let readme = read("README.md");
    let named: Vec<_> = between(&readme, "settings")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(named, settings::ALL);
}

#[test]
fn one_command_tests_everywhere() {
    let command = "cargo test --workspace";
    let faults: Vec<_> = ["README.md", "justfile", ".ci/run"]
        .into_iter()
        .filter(|file| !read(file).lines().any(|line| line.trim() == command))
        .map(|file| format!("{file} has no line `{command}`"))
        .collect();
    none(&faults);
}

#[test]
fn links_lead_to_files() {
    let mut faults = Vec::new();
    for (path, text) in crate::workspace::files() {
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        let directory = root().join(path.parent().unwrap());
        for (_, rest) in text
            .match_indices("](")
            .map(|(at, _)| text.split_at(at + 2))
        {
            let target = rest.split([')', '#']).next().unwrap();
            let elsewhere = target.is_empty() || target.contains("://");
            if !elsewhere && !directory.join(target).exists() {
                faults.push(format!("{} links to {target}", path.display()));
            }
        }
    }
    none(&faults);
}
