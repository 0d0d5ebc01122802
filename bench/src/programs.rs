//! The programs under measurement, built as they ship.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{Outcome, report::progress};

/// A function that does nothing.
pub(crate) const FLOOR: &str = "floor";

/// The functions that INIT gives the master secret. A test compares with their `main`.
pub(crate) const WITH_MASTER: [&str; 10] = [
    "create-app",
    "create-client",
    "create-tenant",
    "introspect",
    "issue-secret",
    "revoke",
    "rotate-keys",
    "token",
    "update-app",
    "update-client",
];

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A new directory on the disk of the build, since the system's may lie in memory. It goes when dropped.
pub(crate) fn scratch() -> Outcome<TempDir> {
    let place = root().join("target/bench");
    std::fs::create_dir_all(&place)?;
    Ok(TempDir::new_in(place)?)
}

/// Every function, by name.
pub(crate) fn functions() -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("functions"))? {
        let name = entry?.file_name().into_string();
        names.push(name.map_err(|name| format!("{} is not UTF-8", name.display()))?);
    }
    names.sort();
    Ok(names)
}

/// Where the programs to measure are: `elsewhere`, if they were built already, or built here as they ship.
pub(crate) fn directory(elsewhere: Option<&Path>, packages: &[String]) -> Outcome<PathBuf> {
    elsewhere.map_or_else(|| build("release", packages), |path| Ok(path.to_owned()))
}

/// Builds packages with a profile, as their own users do; where the programs are.
pub(crate) fn build(profile: &str, packages: &[String]) -> Outcome<PathBuf> {
    let packages = packages.iter().flat_map(|name| ["-p", name]);
    progress(format_args!("building with the profile {profile}"));
    let status = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .current_dir(root())
        .args(["build", "--quiet", "--profile", profile])
        .args(packages)
        .status()?;
    if !status.success() {
        return Err("the build failed".into());
    }
    Ok(root().join("target").join(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_with_the_master_secret_are_known() {
        let mut found = Vec::new();
        for name in functions().unwrap() {
            let main = root().join(format!("functions/{name}/src/main.rs"));
            let main = std::fs::read_to_string(main).unwrap();
            if main.contains("_with_master") {
                found.push(name);
            }
        }
        assert_eq!(found, WITH_MASTER);
    }
}
