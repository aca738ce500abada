//! Which file uses which: in one direction only, within each crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::layers::code;
use crate::{crates, files, root};

/// A module, by the names on the way to it.
type Module = Vec<String>;

/// The files of a crate: their code without tests, by module.
struct Crate {
    code: BTreeMap<Module, String>,
    /// The paths that a module exports under a name of its own.
    exports: BTreeMap<Module, Module>,
}

impl Crate {
    fn read(src: &str) -> Self {
        let dir = root().join(src);
        let mut code_of = BTreeMap::new();
        for file in files(&dir, "rs") {
            let module = module_of(file.strip_prefix(&dir).unwrap());
            if module.last().is_some_and(|name| name == "tests") {
                continue;
            }
            let text = code(&fs::read_to_string(&file).unwrap());
            let end = text.find("mod tests {").unwrap_or(text.len());
            code_of.insert(module, text[..end].to_owned());
        }
        let mut it = Self { code: code_of, exports: BTreeMap::new() };
        for (module, text) in &it.code {
            for path in exported(text) {
                let name = path.last().unwrap().clone();
                let target =
                    absolute(&path, module).unwrap_or_else(|| [&module[..], &path].concat());
                it.exports.insert([&module[..], &[name]].concat(), target);
            }
        }
        it
    }

    /// The file that has what `path` names, through the exports of other files.
    fn home(&self, path: &[String]) -> Module {
        let mut path = path.to_vec();
        // No chain of exports is longer.
        for _ in 0..8 {
            let len = (0..=path.len()).rev().find(|len| self.code.contains_key(&path[..*len]));
            let len = len.unwrap_or(0);
            let target = path.get(..len + 1).and_then(|it| self.exports.get(it));
            let Some(target) = target.filter(|target| **target != path) else {
                return path[..len].to_vec();
            };
            path = [&target[..], &path[len + 1..]].concat();
        }
        path
    }

    /// The files that each file uses.
    fn graph(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let mut graph = BTreeMap::new();
        for (module, text) in &self.code {
            let mut used: BTreeSet<_> = named(text, ["crate", "super", "self"].map(str::to_owned))
                .filter_map(|path| absolute(&path, module))
                .map(|path| self.home(&path))
                .collect();
            let depth = module.len();
            let children =
                self.code.keys().filter(|it| it.len() == depth + 1 && it.starts_with(module));
            let children: Vec<_> = children.map(|it| it[depth].clone()).collect();
            // An export uses nothing by itself.
            let own = text.split_inclusive(';').filter(|statement| !is_export(statement));
            let own: String = own.collect();
            for path in named(&own, children) {
                used.insert(self.home(&[&module[..], &path].concat()));
            }
            used.remove(module);
            graph.insert(module.clone(), used);
        }
        graph
    }
}

/// The module that a file holds, by its place in the folder of its crate.
fn module_of(file: &Path) -> Module {
    let file = file.with_extension("");
    let names = file.iter().map(|name| name.to_str().unwrap().to_owned());
    names.filter(|name| !["lib", "main", "mod"].contains(&name.as_str())).collect()
}

/// Whether a statement is `pub use`, or `pub(...) use`.
fn is_export(statement: &str) -> bool {
    let statement = statement.trim_start();
    let at = statement.find("use ").unwrap_or(0);
    statement.starts_with("pub")
        && !statement[..at].contains([';', '{'])
        && statement[..at].split_whitespace().count() <= 3
        && at > 0
}

/// The paths that the statements `pub use` of `text` name.
fn exported(text: &str) -> Vec<Vec<String>> {
    let statements = text.split(';').filter(|statement| is_export(statement));
    statements.flat_map(|it| tree(it.split_once("use ").unwrap().1).0).collect()
}

/// A word at the beginning of `text`, or a `*`.
fn word(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    if end == 0 && text.starts_with('*') { &text[..1] } else { &text[..end] }
}

/// The paths of a `use` at the beginning of `text`, one for each leaf, and what follows them.
fn tree(text: &str) -> (Vec<Vec<String>>, &str) {
    let (mut path, mut rest) = (Vec::new(), text.trim_start());
    loop {
        if let Some(mut group) = rest.strip_prefix('{') {
            let mut all = Vec::new();
            loop {
                group = group.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
                if group.is_empty() || group.starts_with('}') {
                    return (all, group.get(1..).unwrap_or_default());
                }
                let (found, after) = tree(group);
                let is_self = |it: &Vec<String>| it.len() == 1 && it[0] == "self";
                let found = found.into_iter().map(|it| if is_self(&it) { Vec::new() } else { it });
                all.extend(found.map(|it| [path.clone(), it].concat()));
                let after = after.strip_prefix(" as ").map_or(after, |it| &it[word(it).len()..]);
                group = if after.len() < group.len() { after } else { "" };
            }
        }
        let name = word(rest);
        rest = &rest[name.len()..];
        if !name.is_empty() {
            path.push(name.to_owned());
        }
        match rest.strip_prefix("::") {
            Some(after) if !name.is_empty() => rest = after,
            _ => return (vec![path], rest),
        }
    }
}

/// The paths in `text` that begin with one of `heads`.
fn named(text: &str, heads: impl IntoIterator<Item = String>) -> impl Iterator<Item = Vec<String>> {
    let mut found = Vec::new();
    for head in heads {
        let head = format!("{head}::");
        for (at, _) in text.match_indices(&head) {
            let before = &text[..at];
            let is_end = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '$');
            // `pub(in ...)` names a room and uses nothing.
            if !before.ends_with(is_end) && !before.ends_with("(in ") {
                found.extend(tree(&text[at..]).0);
            }
        }
    }
    found.into_iter()
}

/// The path from the root of the crate; `None` if `path` does not begin like one of the crate's.
fn absolute(path: &[String], module: &Module) -> Option<Module> {
    let mut base = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "super" | "self" => module.clone(),
        _ => return None,
    };
    let rest = path.iter().skip_while(|it| ["crate", "self"].contains(&it.as_str()));
    let ups = rest.clone().take_while(|it| *it == "super").count();
    base.truncate(base.len().checked_sub(ups)?);
    base.extend(rest.skip(ups).cloned());
    Some(base)
}

#[test]
fn files_use_each_other_in_one_direction() {
    let sources = crates().into_iter().map(|name| format!("crates/{name}/src"));
    for src in sources.chain(["src", "tests/it"].map(str::to_owned)) {
        let mut graph = Crate::read(&src).graph();
        assert!(graph.len() > 5, "{src}");
        // Removes the files that use no remaining file, until none remains.
        while !graph.is_empty() {
            let left: BTreeSet<_> = graph.keys().cloned().collect();
            graph.retain(|_, used| !used.is_disjoint(&left));
            graph.values_mut().for_each(|used| used.retain(|it| left.contains(it)));
            assert!(graph.len() < left.len(), "in {src}, these use each other: {graph:#?}");
        }
    }
}

#[test]
fn paths_are_recognised() {
    let paths = |text: &str, heads: &[&str]| {
        let heads = heads.iter().map(|it| (*it).to_owned());
        named(text, heads).map(|path| path.join("::")).collect::<Vec<_>>()
    };
    let text = "use crate::a::{self, b::{C, D as E}, F};\nuse super::*; pub(in crate::g) fn h(x: crate::i::J<K>)";
    let found = ["crate::a", "crate::a::b::C", "crate::a::b::D", "crate::a::F", "crate::i::J"];
    assert_eq!(paths(text, &["crate"]), found);
    assert_eq!(paths(text, &["super"]), ["super::*"]);
    assert_eq!(paths("page::Page::new(), other::page::x", &["page"]), ["page::Page::new"]);
    let exports = exported("mod a;\npub use a::{B, c::D};\npub(super) use e::F; use g::H;");
    assert_eq!(exports.concat().join(" "), "a B a c D e F");
    let module = ["a", "b"].map(str::to_owned).to_vec();
    let of = |path: &str| {
        let path: Vec<_> = path.split("::").map(str::to_owned).collect();
        absolute(&path, &module).map(|path| path.join("::"))
    };
    assert_eq!(of("super::c::D").as_deref(), Some("a::c::D"));
    assert_eq!(of("super::super::D").as_deref(), Some("D"));
    assert_eq!(of("self::D").as_deref(), Some("a::b::D"));
    assert_eq!(of("std::fs"), None);
}
