//! `scripts/test`, run on a small package of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package with the real `scripts/test`, and nothing to install.
fn package(tests: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    write(
        "Cargo.toml",
        "[package]\nname = \"small\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [lib]\ndoctest = false\n[workspace]\n",
    );
    write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"small\"\nversion = \"0.0.0\"\n");
    write("src/lib.rs", "");
    for (name, text) in tests {
        write(&format!("tests/{name}.rs"), text);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/test");
    let scripts = [
        (write("scripts/test", ""), fs::read_to_string(script).unwrap()),
        (write("scripts/test-deps", ""), "#!/bin/sh\n".to_owned()),
    ];
    for (path, text) in scripts {
        make_program(&path, &text);
    }
    dir
}

fn make_program(path: &PathBuf, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Its exit status, all that it printed to its output, and the last line of that.
fn run(package: &tempfile::TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(package.path().join("scripts/test"));
    let target = package.path().join("target");
    command.args(args).env("CARGO_TARGET_DIR", target).env_remove("RUST_TEST_THREADS");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.lines().last().unwrap_or_default().to_owned();
    (output.status.code(), text, last)
}

const FAILS: &str = "#[test] fn good() {}\n#[test] fn bad() { panic!(\"failures:\") }\n\
                     mod inner { #[test] fn worse() { panic!() } }\n";
const ABORTS: &str = "#[test] fn last() { std::process::abort() }\n";
const PASSES: &str = "#[test] fn good() {}\n";

#[test]
fn every_test_binary_runs_and_the_last_line_names_what_failed() {
    let package = package(&[("a", FAILS), ("b", ABORTS), ("c", PASSES), ("d", FAILS)]);
    let (status, text, last) = run(&package, &[]);
    assert_eq!(status, Some(101), "{text}");
    assert_eq!(text.matches("test good ... ok").count(), 3, "{text}");
    let (_, failed) = last.split_once("exit status 101; failed: ").expect(&text);
    assert_eq!(failed, "bad, inner::worse, --test b (ended early), bad, inner::worse", "{text}");
}

#[test]
fn arguments_go_to_cargo_and_success_is_reported() {
    let package = package(&[("a", FAILS), ("c", PASSES)]);
    let (status, text, last) = run(&package, &["--test", "c"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(!text.contains("inner::worse"), "{text}");
    assert!(last.starts_with("scripts/test: ") && last.ends_with(" s, exit status 0"), "{last}");
}

#[test]
fn a_build_that_fails_is_no_failed_test() {
    let package = package(&[("a", "no rust")]);
    let (status, text, last) = run(&package, &[]);
    assert_eq!(status, Some(101), "{text}");
    assert!(last.ends_with("; no test failed: cargo's error is above"), "{last}");
}
