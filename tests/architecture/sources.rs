//! The source files: how long they are, and how they begin.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{crates, files, root};

/// The longest source file, in lines.
const MAX_LINES: usize = 400;

/// The most source files side by side in a folder, its `mod.rs` among them.
const MAX_FILES: usize = 16;

/// Every source file of the workspace's packages, and of their tests, benchmarks and fuzz targets.
fn sources() -> Vec<PathBuf> {
    let crates = crates().into_iter().map(|name| root().join("crates").join(name));
    let packages = crates.flat_map(|package| [package.join("fuzz"), package]);
    let packages = packages.chain([root().to_owned(), root().join("fuzz")]);
    let kinds = ["src", "tests", "benches", "examples", "fuzz_targets"];
    let folders = packages.flat_map(|package| kinds.map(|kind| package.join(kind)));
    folders.filter(|folder| folder.exists()).flat_map(|folder| files(&folder, "rs")).collect()
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{}: {lines} lines, more than {MAX_LINES}", file.display()));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{}: does not begin with what it is (`//!`)", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The module that `file` holds, and the file that has to declare it: `main.rs`, `mod.rs`, or the
/// one beside the folder.
fn declared_in(file: &Path) -> (String, PathBuf) {
    let module = if file.ends_with("mod.rs") { file.parent().unwrap() } else { file };
    let folder = module.parent().unwrap();
    let heads = [folder.join("main.rs"), folder.join("mod.rs"), folder.with_extension("rs")];
    let name = module.file_stem().unwrap().to_str().unwrap().to_owned();
    (name, heads.into_iter().find(|head| head.exists()).unwrap())
}

/// A file that is not declared is not compiled, and its tests do not run.
#[test]
fn integration_tests_are_in_small_folders_and_all_compiled() {
    let mut sizes = BTreeMap::<_, usize>::new();
    let mut wrong = Vec::new();
    for file in files(&root().join("tests/it"), "rs") {
        *sizes.entry(file.parent().unwrap().to_owned()).or_default() += 1;
        if file.ends_with("main.rs") {
            continue;
        }
        let (name, head) = declared_in(&file);
        let text = fs::read_to_string(&head).unwrap();
        let declares = |line: &str| line.trim_start_matches("pub ") == format!("mod {name};");
        if !text.lines().any(declares) {
            wrong.push(format!("{}: has no `mod {name};`", head.display()));
        }
    }
    let large = sizes.into_iter().filter(|(_, count)| *count > MAX_FILES);
    wrong.extend(large.map(|(folder, count)| format!("{}: {count} files", folder.display())));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn source_folders_are_small() {
    let mut sizes = BTreeMap::<_, usize>::new();
    for file in sources().into_iter().filter(|file| file.iter().any(|it| it == "src")) {
        *sizes.entry(file.parent().unwrap().to_owned()).or_default() += 1;
    }
    sizes.retain(|_, count| *count > MAX_FILES);
    assert!(sizes.is_empty(), "more than {MAX_FILES} files: {sizes:?}");
}

/// One client's state is a composition of machines; what is done with it are functions in layers.
#[test]
fn one_file_has_the_methods_of_a_client() {
    let files = files(&root().join("src/client"), "rs");
    let text = |file: &PathBuf| fs::read_to_string(file).unwrap();
    let with: Vec<_> = files.iter().filter(|file| text(file).contains("\nimpl Client ")).collect();
    assert_eq!(with, [&root().join("src/client/state/client.rs")]);
}
