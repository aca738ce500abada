//! What an operator deploys - `docker-compose.yml` and `deploy/` - held against the documents, the
//! program's own parser, and the tools that will read it: promtool, docker-compose,
//! systemd-analyze. `scripts/test-deps` installs the first two; nothing here is started.
//!
//! That a real Prometheus scrapes with these files is shown in `tests/it/admin/prometheus.rs`.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

mod compose;
mod dashboard;
mod documented;
mod image;
mod kubernetes;
mod package;
mod promql;
mod readme;
mod rules;
mod unit;
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn read(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The files under `dir`, relative to the top of the repository, sorted.
fn files(dir: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path(dir)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{dir}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&name));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Runs a tool that has to agree: all that it printed.
#[track_caller]
fn agrees(command: &mut Command) -> String {
    let output = command.current_dir(path("")).output().unwrap_or_else(|error| {
        panic!("{command:?}: {error} (scripts/test-deps installs what the tests need)")
    });
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{printed}", output.status);
    printed
}

#[track_caller]
fn promtool(args: &[&str]) -> String {
    agrees(Command::new("promtool").args(args))
}

#[test]
fn every_file_parses() {
    let mut seen = 0;
    for name in files("deploy").into_iter().chain(["docker-compose.yml".to_owned()]) {
        match Path::new(&name).extension().and_then(|it| it.to_str()) {
            Some("yml" | "yaml") => assert!(!yaml::documents(&read(&name)).is_empty(), "{name}"),
            Some("json") => {
                let parsed = serde_json::from_str::<serde_json::Value>(&read(&name));
                assert!(parsed.is_ok(), "{name}: {parsed:?}");
            }
            _ => continue,
        }
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} files of YAML and JSON");
}
