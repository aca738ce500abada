//! Which module uses which: each only its own layer and those below it, without circles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::{ENGINE, files, root};

/// What the crates of the engine and the modules of layers 0 to 2 never name: sockets, tasks, threads, files, clocks.
const SHELL: [&str; 7] = [
    "tokio::",
    "std::net::Tcp",
    "std::net::Udp",
    "std::fs",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
];

/// The crates that have modules in layers: the folders of their sources.
const LAYERED: [&str; 4] = ["src", "crates/wire/src", "crates/rdb/src", "crates/store/src"];

/// The layer of each module, from the table at the head of the `lib.rs` in the folder `src`.
fn layers(src: &str) -> BTreeMap<String, u8> {
    let lib = fs::read_to_string(root().join(src).join("lib.rs")).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("//! |")?.split('|').map(str::trim);
        let layer = cells.next()?.parse().ok()?;
        // A module that is not public is no link.
        let module = cells.next()?.trim_start_matches('[').trim_end_matches(']');
        let module = module.strip_prefix('`')?.strip_suffix('`')?;
        Some((module.to_owned(), layer))
    };
    lib.lines().filter_map(row).collect()
}

/// What belongs to no module: the roots, and the tests of a whole crate.
const ROOTS: [&str; 3] = ["lib", "main", "tests"];

/// The module that a file of the folder `src` belongs to; `None` for [`ROOTS`].
fn module_of(src: &str, file: &Path) -> Option<String> {
    let inside = file.strip_prefix(root().join(src)).unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (!ROOTS.contains(&module)).then(|| module.to_owned())
}

/// `text` without its line comments.
pub(crate) fn code(text: &str) -> String {
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

/// The modules that each module uses.
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
fn every_module_has_a_layer() {
    for src in LAYERED {
        let lib = fs::read_to_string(root().join(src).join("lib.rs")).unwrap();
        let declared = |line: &str| {
            let rest = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?;
            rest.strip_suffix(';').map(str::to_owned)
        };
        let mut declared: BTreeSet<_> = lib.lines().filter_map(declared).collect();
        declared.remove("tests");
        let listed: BTreeSet<_> = layers(src).into_keys().collect();
        assert_eq!(declared, listed, "the modules of {src}/lib.rs and the table at its head");
        assert!(!listed.is_empty());
    }
}

#[test]
fn no_module_uses_a_higher_layer() {
    let mut wrong = Vec::new();
    for src in LAYERED {
        let layers = layers(src);
        for (module, used) in graph(src) {
            for used in used {
                match (layers.get(&module), layers.get(&used)) {
                    (Some(own), Some(other)) if other <= own => {}
                    (own, other) => wrong.push(format!("{module} ({own:?}) -> {used} ({other:?})")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "uses a higher or an unlisted layer:\n{}", wrong.join("\n"));
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

#[test]
fn layers_0_to_2_hold_no_socket_no_task_and_no_clock() {
    let layers = layers("src");
    let mut pure = Vec::new();
    for file in files(&root().join("src"), "rs") {
        let Some(module) = module_of("src", &file) else { continue };
        if layers.get(&module).is_none_or(|layer| *layer <= 2) {
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

/// Kinds of sockets are a matter of four files.
#[test]
fn only_net_names_a_kind_of_socket() {
    let net = root().join("src/net");
    let own = ["inherited.rs", "listener.rs", "socket.rs", "socket_file.rs"];
    let own = own.map(|name| net.join(name));
    let mut wrong = Vec::new();
    for file in files(&root().join("src"), "rs").into_iter().filter(|file| !own.contains(file)) {
        let code = code(&fs::read_to_string(&file).unwrap());
        for word in ["TcpStream", "TcpListener", "UnixStream", "UnixListener", "SockRef"] {
            // Unit tests may be the other end.
            if code.split("#[cfg(test)]").next().unwrap().contains(word) {
                wrong.push(format!("{}: {word}", file.display()));
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
}

#[test]
fn the_documents_show_the_layers() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let layer: u8 = cells.next()?.parse().ok()?;
        Some((cells.next()?.trim_matches('`').to_owned(), layer))
    };
    let shown: BTreeMap<_, _> = page.lines().filter_map(row).collect();
    assert_eq!(shown, layers("src"), "docs/architecture.md and src/lib.rs");
}
