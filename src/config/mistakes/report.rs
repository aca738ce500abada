//! What a reader notes about a file: the lines of its keys, and every mistake.

use std::collections::{HashMap, HashSet};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

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

    /// How many mistakes the file has so far.
    pub(crate) fn count(&self) -> usize {
        self.mistakes.len()
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
        let mut given = names.iter().filter_map(|name| Some((name, entry(table, name)?)));
        let (name, (key, raw)) = given.next()?;
        let path = format!("{section}.{}", names.first()?);
        self.lines.insert(path.clone(), self.source.line(key.span().start));
        for (alias, (key, other)) in given {
            let rule =
                format!("is the same key as {section}.{}, which is also given", names.first()?);
            let value = self.show(other, kind);
            let problem = Problem::Conflict { key: format!("{section}.{alias}"), value, rule };
            self.add(key.span().start, problem);
        }
        match kind.read(raw) {
            Ok(value) => Some(value),
            Err(wrongs) => {
                for wrong in wrongs {
                    self.wrong(&format!("{section}.{name}"), &wrong, kind);
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

    /// Notes that `raw`, which has the name of sections of which there may be `most`, is something
    /// else, or too many.
    pub(crate) fn no_tables(&mut self, key: &Spanned<DeString<'_>>, raw: &Raw<'_>, most: usize) {
        let name = key.get_ref().as_ref();
        self.unread.insert(name.to_owned());
        let value = match raw.get_ref() {
            DeValue::Table(_) => format!("[{name}]"),
            DeValue::Array(tables) => format!("[[...]] ({})", tables.len()),
            _ => Secret::MASK.to_owned(),
        };
        let accepted = format!("up to {most} sections, each headed [[{name}]]");
        self.add(key.span().start, Problem::Value { key: name.to_owned(), value, accepted });
    }

    /// Notes that the section at `path`, one of several, begins at the byte `offset`.
    pub(crate) fn begins(&mut self, path: &str, offset: usize) {
        self.lines.insert(path.to_owned(), self.source.line(offset));
    }

    /// Notes that `raw`, in whose place there are the keys `accepted`, is no table.
    pub(crate) fn no_table(&mut self, path: &str, raw: &Raw<'_>, accepted: &str) {
        self.unread.insert(path.to_owned());
        let value = self.source.show(raw);
        let accepted = format!("a table of {accepted}");
        self.add(raw.span().start, Problem::Value { key: path.to_owned(), value, accepted });
    }

    /// Notes that an unknown key or section probably means the one at `path`.
    pub(crate) fn meant(&mut self, path: &str) {
        self.unread.insert(path.to_owned());
    }

    /// Whether the value of the key at `path` is the one that the file means.
    pub(crate) fn is_read(&self, path: &str) -> bool {
        let above = path.match_indices(['.', '[']).map(|(at, _)| &path[..at]);
        !self.unread.contains(path) && !above.into_iter().any(|above| self.unread.contains(above))
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

/// The entry called `name`; where the name has dots, in tables within `table`.
fn entry<'a>(
    table: &'a DeTable<'a>,
    name: &str,
) -> Option<(&'a Spanned<DeString<'a>>, &'a Raw<'a>)> {
    let Some((outer, inner)) = name.split_once('.') else { return table.get_key_value(name) };
    entry(table.get(outer)?.get_ref().as_table()?, inner)
}
