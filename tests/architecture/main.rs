//! The plan of the code, held against the code: which module and crate uses which, how long a file
//! is, that every file says what it is, and that the documents agree with it.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the code has failed")]

mod circles;
mod documents;
mod layers;
mod manifests;
mod pictures;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files under `dir` whose names end in `.ext`, sorted.
pub(crate) fn files(dir: &Path, ext: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ext));
        } else if path.extension().is_some_and(|it| it == ext) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The crates of the engine, and the crates of ours that each may use.
pub(crate) const ENGINE: [(&str, &[&str]); 6] = [
    ("wire", &[]),
    ("rdb", &[]),
    ("replication", &["wire"]),
    ("store", &["rdb", "wire"]),
    ("scripts", &["wire"]),
    ("acl", &["wire"]),
];

/// The crates that only tests use, and the crates of ours that each may use.
pub(crate) const TESTING: [(&str, &[&str]); 2] =
    [("chaos", &["test-support"]), ("test-support", &[])];

/// The folders of `crates/`, sorted.
pub(crate) fn crates() -> Vec<String> {
    let entries = fs::read_dir(root().join("crates")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
