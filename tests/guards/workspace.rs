//! The checkout: its manifests as Cargo sees them, its files as text.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use cargo_metadata::{Metadata, MetadataCommand, Package};

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap()
});

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The members of the workspace.
pub(crate) fn members() -> &'static [Package] {
    &METADATA.packages
}

/// Where a member lies: `functions/token`, say.
pub(crate) fn place(package: &Package) -> &str {
    let directory = package.manifest_path.parent().unwrap();
    directory.strip_prefix(root()).unwrap().as_str()
}

/// The text of a file, by its path from the root.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The directories directly inside one.
pub(crate) fn directories(path: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(root().join(path))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every text file of the checkout, by its path from the root: what is built, hidden or ignored left out.
pub(crate) fn files() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_str().unwrap();
            let hidden = name.starts_with('.') && name != ".ci";
            if hidden || ["target", "node_modules"].contains(&name) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 50, "the checkout is not where it should be");
    found.sort();
    found
}

/// The files in Rust.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let mut files = files();
    files.retain(|(path, _)| path.extension().is_some_and(|e| e == "rs"));
    files
}

/// Fails with the whole list of faults, so that one run shows them all.
#[track_caller]
pub(crate) fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
