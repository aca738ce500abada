//! Which crate uses which, and that `docs/dependencies.md` lists every dependency.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{ENGINE, TESTING, crates, root};

/// The dependencies that `manifest` lists in the section `wanted`.
fn dependencies(manifest: &Path, wanted: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(manifest).unwrap();
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section == wanted {
            found.extend(line.split_once([' ', '.']).map(|(name, _)| name.to_owned()));
        }
    }
    found.remove("#");
    found
}

#[test]
fn a_crate_uses_only_those_below_it() {
    let listed: BTreeSet<_> = ENGINE.map(|(name, _)| name).into();
    let mut found: BTreeSet<_> = crates().into_iter().collect();
    assert!(TESTING.iter().all(|(name, _)| found.remove(*name)));
    assert!(found.iter().eq(&listed), "{found:?}");
    for name in crates() {
        let all = ENGINE.iter().chain(&TESTING);
        let allowed = all.into_iter().find(|(it, _)| *it == name).map_or(&[][..], |(_, it)| *it);
        let manifest = root().join("crates").join(&name).join("Cargo.toml");
        let used = dependencies(&manifest, "[dependencies]");
        let used = used.iter().filter_map(|it| it.strip_prefix("tidegate-"));
        assert_eq!(used.collect::<Vec<_>>(), allowed, "{name}");
        let dev = dependencies(&manifest, "[dev-dependencies]");
        let dev: Vec<_> = dev.iter().filter_map(|it| it.strip_prefix("tidegate-")).collect();
        assert!(dev.iter().all(|it| *it == "test-support"), "{name}: {dev:?}");
        let lib = fs::read_to_string(root().join("crates").join(&name).join("src/lib.rs"));
        assert!(lib.unwrap().contains("#![forbid(unsafe_code)]"), "{name}");
    }
}

#[test]
fn every_dependency_has_its_row() {
    let page = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let (program, tests) = page.split_once("## For tests").unwrap();
    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let mut rows: Vec<_> = rows.filter(|it| *it != "crate").map(str::to_owned).collect();
        rows.sort_unstable();
        rows
    };
    let manifests = crates().into_iter().map(|name| root().join("crates").join(name));
    let (mut normal, mut dev) = (BTreeSet::new(), BTreeSet::new());
    for dir in manifests.chain([root().to_owned()]) {
        let manifest = dir.join("Cargo.toml");
        let own = dependencies(&manifest, "[dependencies]");
        if TESTING.iter().any(|(name, _)| dir.ends_with(name)) {
            dev.extend(own)
        } else {
            normal.extend(own)
        }
        dev.extend(dependencies(&manifest, "[dev-dependencies]"));
    }
    let shared = dependencies(&root().join("Cargo.toml"), "[workspace.dependencies]");
    assert!(shared.iter().all(|it| normal.contains(it) || dev.contains(it)), "{shared:?}");
    for names in [&mut normal, &mut dev] {
        names.retain(|it| !it.starts_with("tidegate-"));
    }
    assert_eq!(rows(program), Vec::from_iter(normal), "docs/dependencies.md and [dependencies]");
    assert_eq!(rows(tests), Vec::from_iter(dev), "docs/dependencies.md and [dev-dependencies]");
}
