//! The documents: links lead somewhere, named files exist, each `proxy.toml` is valid, prose wraps,
//! cells are short, the index lists every page, and words name the actor.

use std::fs;
use std::path::PathBuf;

use crate::{files, root};

/// The documents of the project.
pub(crate) fn documents() -> Vec<PathBuf> {
    let at_root = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let at_root = at_root.filter(|path| path.extension().is_some_and(|it| it == "md"));
    at_root.chain(files(&root().join("docs"), "md")).collect()
}

/// What `text` links to: `[..](target)`, outside of code blocks.
pub(crate) fn links(text: &str) -> Vec<&str> {
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
fn links_are_recognised() {
    assert_eq!(links("[a](b.md) `x` [c](d#e)\n```\n[n](o)\n```\n[f](#g)"), ["b.md", "d#e", "#g"]);
    assert_eq!(anchor(" What it *does*, and not "), "what-it-does-and-not");
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
fn files_that_the_documents_name_exist() {
    let mut wrong = Vec::new();
    for file in documents() {
        let text = fs::read_to_string(&file).unwrap();
        // Every other piece between backticks is code.
        for name in text.replace("```", "").split('`').skip(1).step_by(2) {
            // An absolute path is one of the operator's machine.
            let is_path = name.contains('/')
                && !name.starts_with('/')
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

#[test]
fn the_index_lists_every_page() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    let listed = links(&index);
    for page in files(&root().join("docs"), "md") {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || listed.contains(&name), "docs/README.md lacks {name}");
    }
}

/// The longest line of prose, in characters.
const MAX_COLUMNS: usize = 100;

#[test]
fn prose_wraps() {
    let mut wrong = Vec::new();
    for file in documents() {
        let text = fs::read_to_string(&file).unwrap();
        let mut is_code = false;
        for (n, line) in text.lines().enumerate() {
            let is_fence = line.trim_start().starts_with("```");
            is_code ^= is_fence;
            let is_prose = !(is_code || is_fence || line.starts_with('|'));
            if is_prose && line.chars().count() > MAX_COLUMNS {
                wrong.push(format!("{}:{}", file.display(), n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "longer than {MAX_COLUMNS}:\n{}", wrong.join("\n"));
}

/// Words that hide which client, server, request or operator is meant.
const VAGUE: [&str; 4] = ["whoever", "nobody", "everybody", "somebody"];

#[test]
fn documents_name_the_actor() {
    let mut wrong = Vec::new();
    let settings = root().join("proxy.toml");
    for file in documents().into_iter().chain([settings]) {
        let text = fs::read_to_string(&file).unwrap();
        for (n, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            let mut words = lower.split(|c: char| !c.is_alphabetic());
            if words.any(|word| VAGUE.contains(&word)) {
                wrong.push(format!("{}:{}: {line}", file.display(), n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A client or a server is no person, so the word for persons is as vague as those of [`VAGUE`].
#[test]
fn comments_name_the_actor() {
    let mut wrong = Vec::new();
    let folders = ["benches", "crates", "examples", "src", "tests"].map(|name| root().join(name));
    for file in folders.iter().filter(|it| it.exists()).flat_map(|folder| files(folder, "rs")) {
        let text = fs::read_to_string(&file).unwrap();
        for (n, line) in text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("//") else {
                continue;
            };
            let lower = comment.to_lowercase();
            let mut words = lower.split(|c: char| !c.is_alphabetic());
            if words.any(|word| word == "who" || VAGUE.contains(&word)) {
                wrong.push(format!("{}:{}: {line}", file.display(), n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Types of other crates and keys of systemd, which documents name.
const FOREIGN: [&str; 7] = [
    "ArcSwap",
    "CaUsedAsEndEntity",
    "LimitNOFILE",
    "ListenStream",
    "Notify",
    "RwLock",
    "WatchdogSec",
];

/// The names in CamelCase that a document has between backticks, without what follows a `::`.
fn types(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let name = |quoted: &str| quoted.split("::").next().unwrap_or_default().to_owned();
    let is_camel = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric())
            && name.chars().any(|c| c.is_ascii_lowercase())
    };
    quoted.map(name).filter(is_camel).collect()
}

#[test]
fn types_that_the_documents_name_exist() {
    let sources = ["src", "crates"].map(|folder| files(&root().join(folder), "rs")).concat();
    let code: String = sources.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let words: std::collections::HashSet<_> =
        code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let mut wrong = Vec::new();
    // It names the keys of other programs.
    let migration = root().join("docs/migration.md");
    for file in documents().into_iter().filter(|file| *file != migration) {
        let text = fs::read_to_string(&file).unwrap();
        for name in types(&text) {
            if !words.contains(name.as_str()) && !FOREIGN.contains(&name.as_str()) {
                wrong.push(format!("{}: {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The most words in a cell of a table: a paragraph belongs below the table.
const MAX_WORDS: usize = 16;

#[test]
fn cells_of_tables_are_short() {
    let mut wrong = Vec::new();
    for file in documents() {
        let text = fs::read_to_string(&file).unwrap();
        for (n, row) in text.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
            if row.split('|').any(|cell| cell.split_whitespace().count() > MAX_WORDS) {
                wrong.push(format!("{}:{}", file.display(), n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "cells of more than {MAX_WORDS} words:\n{}", wrong.join("\n"));
}
