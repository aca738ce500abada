//! What a reader notes about a file: the lines of its keys, and every mistake.

use std::collections::{HashMap, HashSet};

use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::mistake::{Mistake, Problem};
use super::source::{Source, one_line};
use crate::config::kind::{Kind, Raw, Wrong};
use tidegate_wire::units::Secret;

/// The notes about one file.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    source: &'a Source<'a>,
    mistakes: Vec<Mistake>,
    /// The line of every key that the file gives.
    lines: HashMap<String, usize>,
    /// Keys whose value could not be read. They have their defaults, so rules among keys skip them.
    unread: HashSet<String>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(source: &'a Source<'a>) -> Self {
        let (lines, unread) = (HashMap::new(), HashSet::new());
        Self { source, mistakes: Vec::new(), lines, unread }
    }

    /// Every mistake; a valid file has none.
    pub(crate) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }

    /// Notes a problem at the byte `offset`.
    pub(crate) fn add(&mut self, offset: usize, problem: Problem) {
        self.mistakes.push(Mistake { line: self.source.line(offset), problem });
    }

    /// Reads the key of `section` that has one of `names` (the first is its own, the others are
    /// aliases), if `table` gives it.
    pub(crate) fn read<K: Kind>(
        &mut self,
        section: &str,
        names: &[&str],
        kind: &K,
        table: &'a DeTable<'a>,
    ) -> Option<K::Value> {
        let mut given = names.iter().filter_map(|name| table.get_key_value(*name));
        let (key, raw) = given.next()?;
        let path = format!("{section}.{}", names.first()?);
        self.lines.insert(path.clone(), self.source.line(key.span().start));
        for (alias, other) in given {
            let key = format!("{section}.{}", alias.get_ref());
            let rule =
                format!("is the same key as {section}.{}, which is also given", names.first()?);
            let problem = Problem::Conflict { key, value: self.show(other, kind), rule };
            self.add(alias.span().start, problem);
        }
        match kind.read(raw) {
            Ok(value) => Some(value),
            Err(wrongs) => {
                for wrong in wrongs {
                    self.wrong(&format!("{section}.{}", key.get_ref()), &wrong, kind);
                }
                self.unread.insert(path);
                None
            }
        }
    }

    fn show<K: Kind>(&self, raw: &Raw<'_>, _: &K) -> String {
        if K::SECRET { Secret::MASK.to_owned() } else { self.source.show(raw) }
    }

    fn wrong<K: Kind>(&mut self, key: &str, wrong: &Wrong<'a>, kind: &K) {
        let value = self.show(wrong.raw, kind);
        let key = format!("{key}{}", one_line(&wrong.within));
        let accepted = wrong.accepted.clone().unwrap_or_else(|| kind.accepted());
        let problem = Problem::Value { key, value, accepted };
        self.add(wrong.raw.span().start, problem);
    }

    /// Notes that `raw`, which has the name of a section, is no section.
    pub(crate) fn no_section(&mut self, key: &Spanned<DeString<'_>>, raw: &Raw<'_>) {
        let name = key.get_ref().as_ref();
        self.unread.insert(name.to_owned());
        let value = if raw.get_ref().is_array() { "[[...]]" } else { Secret::MASK }.to_owned();
        let accepted = format!("one section, headed [{name}]");
        self.add(key.span().start, Problem::Value { key: name.to_owned(), value, accepted });
    }

    /// Notes that an unknown key or section probably means the one at `path`.
    pub(crate) fn meant(&mut self, path: &str) {
        self.unread.insert(path.to_owned());
    }

    /// Whether the value of the key at `path` is the one that the file means.
    pub(crate) fn is_read(&self, path: &str) -> bool {
        let section = path.split('.').next().unwrap_or_default();
        !self.unread.contains(path) && !self.unread.contains(section)
    }

    /// Whether the file gives the key at `path`.
    pub(crate) fn is_given(&self, path: &str) -> bool {
        self.lines.contains_key(path)
    }

    /// Notes that the key at `path` breaks a rule among keys.
    pub(crate) fn conflict(&mut self, path: &str, value: String, rule: String) {
        let line = self.lines.get(path).copied().unwrap_or(0);
        let problem = Problem::Conflict { key: path.to_owned(), value, rule };
        self.mistakes.push(Mistake { line, problem });
    }
}
