//! Manifests: one place for versions and lints, and a word on why each dependency is there.

use toml::{Table, Value};

use crate::workspace::{members, none, place, read};

fn manifest(place: &str) -> Table {
    read(format!("{place}/Cargo.toml")).parse().unwrap()
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|v| v.get("workspace")) == Some(&Value::Boolean(true))
}

#[test]
fn every_member_takes_the_workspace_lints() {
    let faults: Vec<_> = members()
        .iter()
        .map(place)
        .filter(|place| !inherits(manifest(place).get("lints")))
        .map(|place| format!("{place}: `[lints] workspace = true` is missing"))
        .collect();
    none(&faults);
}

#[test]
fn every_member_takes_the_workspace_package() {
    let mut faults = Vec::new();
    for place in members().iter().map(place) {
        let manifest = manifest(place);
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !inherits(manifest["package"].get(key)) {
                faults.push(format!("{place}: `{key}.workspace = true` is missing"));
            }
        }
        if manifest["package"].get("description").is_none() {
            faults.push(format!("{place}: a description is missing"));
        }
    }
    none(&faults);
}

#[test]
fn every_dependency_comes_from_the_workspace() {
    let mut faults = Vec::new();
    for place in members().iter().map(place) {
        let manifest = manifest(place);
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let dependencies = manifest.get(kind).and_then(Value::as_table);
            for (name, value) in dependencies.into_iter().flatten() {
                if !inherits(Some(value)) {
                    faults.push(format!("{place}: {name} is not the workspace's"));
                }
            }
        }
        if manifest.contains_key("target") {
            faults.push(format!("{place}: dependencies of some targets only"));
        }
    }
    none(&faults);
}

/// Our own crates say why in their manifests; the others beside their version.
#[test]
fn every_dependency_has_its_reason() {
    let text = read("Cargo.toml");
    let (_, rest) = text.split_once("[workspace.dependencies]\n").unwrap();
    let dependencies = rest.split("\n[").next().unwrap();
    let mut explained = false;
    let mut faults = Vec::new();
    for line in dependencies.lines() {
        let comment = line.starts_with('#');
        if !comment && !line.is_empty() {
            let ours = line.contains("{ path = ");
            if !ours && !explained && !line.contains(" # ") {
                faults.push(format!("no comment above or behind `{line}`"));
            }
        }
        explained = comment;
    }
    none(&faults);
}
