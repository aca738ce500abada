//! The house's plan, held against the code: who may use whom, how long a file is, that every
//! file says what it is, that no document points nowhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the code has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest source file, in lines.
const MAX_LINES: usize = 400;

/// What the crates of the engine and the modules of floors 0 to 2 never name: sockets, tasks, threads, files, clocks.
const SHELL: [&str; 7] = [
    "tokio::",
    "std::net::Tcp",
    "std::net::Udp",
    "std::fs",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files under `dir` whose names end in `.ext`, sorted.
fn files(dir: &Path, ext: &str) -> Vec<PathBuf> {
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

/// The crates that have modules in layers: the folders of their sources.
const LAYERED: [&str; 2] = ["src", "crates/wire/src"];

/// The crates of the engine, and the crates of ours that each may use.
const ENGINE: [(&str, &[&str]); 4] =
    [("wire", &[]), ("rdb", &[]), ("replication", &["wire"]), ("store", &["rdb", "wire"])];

/// The folders of `crates/`, sorted.
fn crates() -> Vec<String> {
    let entries = fs::read_dir(root().join("crates")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Every source file of the workspace's packages.
fn sources() -> Vec<PathBuf> {
    let mut found = files(&root().join("src"), "rs");
    for name in crates() {
        found.extend(files(&root().join("crates").join(name).join("src"), "rs"));
    }
    found
}

/// The floor of each module, from the table at the head of the `lib.rs` in the folder `src`.
fn floors(src: &str) -> BTreeMap<String, u8> {
    let lib = fs::read_to_string(root().join(src).join("lib.rs")).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("//! |")?.split('|').map(str::trim);
        let floor = cells.next()?.parse().ok()?;
        let module = cells.next()?.strip_prefix("[`")?.strip_suffix("`]")?;
        Some((module.to_owned(), floor))
    };
    lib.lines().filter_map(row).collect()
}

/// The module that a file of the folder `src` belongs to; `None` for `lib.rs` and `main.rs`.
fn module_of(src: &str, file: &Path) -> Option<String> {
    let inside = file.strip_prefix(root().join(src)).unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "main"].contains(&module)).then(|| module.to_owned())
}

/// `text` without its line comments.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules that `code` names as `crate::module` or within `crate::{...}`.
fn uses(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // Not a word that merely ends so.
        if code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        let path = &code[at + "crate::".len()..];
        let Some(group) = path.strip_prefix('{') else {
            used.insert(word(path));
            continue;
        };
        let (mut depth, mut expects) = (0, true);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => expects = true,
                c if depth == 0 && expects && !c.is_whitespace() => {
                    used.insert(word(&group[at..]));
                    expects = false;
                }
                _ => {}
            }
        }
    }
    used
}

/// Who uses whom, by module.
fn graph(src: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut graph: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for file in files(&root().join(src), "rs") {
        let Some(module) = module_of(src, &file) else { continue };
        let mut used = uses(&code(&fs::read_to_string(&file).unwrap()));
        used.remove(&module);
        graph.entry(module).or_default().extend(used);
    }
    graph
}

#[test]
fn every_module_has_a_floor() {
    for src in LAYERED {
        let lib = fs::read_to_string(root().join(src).join("lib.rs")).unwrap();
        let declared = |line: &str| {
            let rest = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?;
            rest.strip_suffix(';').map(str::to_owned)
        };
        let declared: BTreeSet<_> = lib.lines().filter_map(declared).collect();
        let listed: BTreeSet<_> = floors(src).into_keys().collect();
        assert_eq!(declared, listed, "the modules of {src}/lib.rs and the table at its head");
        assert!(!listed.is_empty());
    }
}

#[test]
fn nobody_looks_up() {
    let mut wrong = Vec::new();
    for src in LAYERED {
        let floors = floors(src);
        for (module, used) in graph(src) {
            for used in used {
                match (floors.get(&module), floors.get(&used)) {
                    (Some(own), Some(other)) if other <= own => {}
                    (own, other) => wrong.push(format!("{module} ({own:?}) -> {used} ({other:?})")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "uses a higher or an unlisted floor:\n{}", wrong.join("\n"));
}

#[test]
fn there_are_no_cycles() {
    for src in LAYERED {
        let mut graph = graph(src);
        // Removes the modules that use no remaining module, until none remains.
        while !graph.is_empty() {
            let left: BTreeSet<_> = graph.keys().cloned().collect();
            graph.retain(|_, used| !used.is_disjoint(&left));
            assert!(graph.len() < left.len(), "these use each other in a circle: {graph:#?}");
        }
    }
}

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
    assert!(found.remove("test-support"));
    assert!(found.iter().eq(&listed), "{found:?}");
    for name in crates() {
        let allowed = ENGINE.iter().find(|(it, _)| *it == name).map_or(&[][..], |(_, it)| *it);
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
fn floors_0_to_2_hold_no_socket_no_task_and_no_clock() {
    let floors = floors("src");
    let mut pure = Vec::new();
    for file in files(&root().join("src"), "rs") {
        let Some(module) = module_of("src", &file) else { continue };
        if floors.get(&module).is_none_or(|floor| *floor <= 2) {
            pure.push(file);
        }
    }
    for (name, _) in ENGINE {
        pure.extend(files(&root().join("crates").join(name).join("src"), "rs"));
    }
    let mut wrong = Vec::new();
    for file in pure {
        let code = code(&fs::read_to_string(&file).unwrap());
        for word in SHELL.iter().filter(|word| code.contains(**word)) {
            wrong.push(format!("{}: {word}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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

/// The documents of the project.
fn documents() -> Vec<PathBuf> {
    let at_root = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let at_root = at_root.filter(|path| path.extension().is_some_and(|it| it == "md"));
    at_root.chain(files(&root().join("docs"), "md")).collect()
}

/// What `text` links to: `[..](target)`, outside of code blocks.
fn links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    for (n, part) in text.split("```").enumerate() {
        if n % 2 == 0 {
            let targets = part.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            links.extend(targets.map(|(target, _)| target));
        }
    }
    links
}

/// The anchor that a heading gets: lower case, no punctuation, hyphens for spaces.
fn anchor(heading: &str) -> String {
    let keep = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    heading.trim().to_lowercase().chars().filter(keep).collect::<String>().replace(' ', "-")
}

fn has_anchor(text: &str, wanted: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).any(|it| it == wanted)
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut wrong = Vec::new();
    for file in documents() {
        let text = fs::read_to_string(&file).unwrap();
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            let text = fs::read_to_string(&target).unwrap_or_default();
            if !target.exists() || !(anchor.is_empty() || has_anchor(&text, anchor)) {
                wrong.push(format!("{}: {link}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
}

#[test]
fn documents_name_no_place_on_somebodys_machine() {
    let mut wrong = Vec::new();
    for file in documents() {
        let text = fs::read_to_string(&file).unwrap();
        for (n, line) in text.lines().enumerate() {
            let folders = ["home", "root", "work"].map(|folder| format!("/{folder}/"));
            if line.contains("file://") || folders.iter().any(|it| line.contains(it)) {
                wrong.push(format!("{}:{}: {line}", file.display(), n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_are_recognised() {
    let code = "use crate::units::{A, B};\nuse crate::{resp, net::{listen, connect},\n  proxy};\n\
        let x = crate::command::Access::Read; $crate::hidden; not_crate::hidden";
    let names: Vec<_> = uses(code).into_iter().collect();
    assert_eq!(names, ["command", "hidden", "net", "proxy", "resp", "units"]);
    assert_eq!(links("[a](b.md) `x` [c](d#e)\n```\n[n](o)\n```\n[f](#g)"), ["b.md", "d#e", "#g"]);
    assert_eq!(anchor(" What it *does*, and not "), "what-it-does-and-not");
}

/// The `toml` blocks of a document.
fn toml_blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(toml, _)| toml)
}

#[test]
fn every_proxy_toml_that_is_shown_or_shipped_is_valid() {
    let mut texts = Vec::new();
    for file in documents() {
        let text = fs::read_to_string(&file).unwrap();
        texts.extend(toml_blocks(&text).map(|toml| (file.clone(), toml.to_owned())));
    }
    for file in files(&root().join("deploy"), "toml") {
        let text = fs::read_to_string(&file).unwrap();
        texts.push((file, text));
    }
    assert!(texts.len() > 1);
    for (file, text) in texts {
        let read = tidegate::config::Config::parse(&text, &file.display().to_string());
        assert!(read.is_ok(), "{}", read.unwrap_err());
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
        if dir.ends_with("test-support") {
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

#[test]
fn the_house_in_the_documents_is_the_house() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let floor: u8 = cells.next()?.parse().ok()?;
        Some((cells.next()?.trim_matches('`').to_owned(), floor))
    };
    let shown: BTreeMap<_, _> = page.lines().filter_map(row).collect();
    assert_eq!(shown, floors("src"), "docs/architecture.md and src/lib.rs");
}

#[test]
fn files_that_the_documents_name_exist() {
    let mut wrong = Vec::new();
    for file in documents() {
        let text = fs::read_to_string(&file).unwrap();
        // Every other piece between backticks is code.
        for name in text.replace("```", "").split('`').skip(1).step_by(2) {
            let is_path = name.contains('/')
                && [".rs", ".toml", ".md", ".service"].iter().any(|end| name.ends_with(end))
                && !name.contains(['*', ' ', '<']);
            let places = ["", "src", "docs", "tests"];
            if is_path && !places.iter().any(|place| root().join(place).join(name).exists()) {
                wrong.push(format!("{}: {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
