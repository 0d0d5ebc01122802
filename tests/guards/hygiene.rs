//! What no file of the repository may hold.

use crate::workspace::{files, none, read, root, sources};

/// Split, so that this file does not hold them itself.
const UNFINISHED: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("<<<<", "<<< "),
];

/// Hosts of package registries: which one a machine uses is the machine's business.
const HOSTS: [&str; 9] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("arti", "factory"),
    concat!("py", "pi.org"),
    concat!("files.python", "hosted.org"),
    concat!("registry.", "npmjs.org"),
    concat!("deb.", "debian.org"),
    concat!("proxy.", "golang.org"),
    concat!("sparse+", "http"),
];

fn holding(words: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in files() {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                faults.push(format!("{}:{number} holds {word}", path.display()));
            }
        }
    }
    faults
}

#[test]
fn nothing_is_left_for_later() {
    none(&holding(&UNFINISHED));
}

#[test]
fn no_registry_host_is_named() {
    none(&holding(&HOSTS));
}

#[test]
fn every_package_comes_from_the_default_registry() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let ours = "registry+https://github.com/rust-lang/crates.io-index";
    let strangers: Vec<_> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|package| package.get("source")?.as_str())
        .filter(|source| *source != ours)
        .map(ToOwned::to_owned)
        .collect();
    none(&strangers);
}

/// `#[expect(…, reason = "…")]` goes when its cause goes; an `allow` stays for ever.
#[test]
fn lints_are_expected_not_allowed() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let of_tests = ["tests", "shared/testkit"]
            .iter()
            .any(|d| path.starts_with(d));
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if !of_tests && (line.starts_with("#[allow(") || line.starts_with("#![allow(")) {
                faults.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    none(&faults);
}

#[test]
fn every_expected_lint_says_why() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for part in ["#[expect(", "#![expect("] {
            for (at, _) in text.match_indices(part) {
                // This file names the attribute itself.
                let quoted = text[..at].ends_with('"') || text[..at].ends_with('`');
                let attribute = text[at..].split(")]").next().unwrap();
                if !quoted && !attribute.contains("reason = ") {
                    faults.push(format!("{}: {attribute}", path.display()));
                }
            }
        }
    }
    none(&faults);
}

/// Files lie where their readers look.
#[test]
fn the_root_is_complete() {
    let missing: Vec<_> = [
        "LICENSE",
        "README.md",
        "deny.toml",
        "docs/ARCHITECTURE.md",
        "justfile",
        "rust-toolchain.toml",
    ]
    .into_iter()
    .filter(|path| !root().join(path).is_file())
    .map(ToOwned::to_owned)
    .collect();
    none(&missing);
}
