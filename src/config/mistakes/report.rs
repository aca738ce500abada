//! What is found while a file is read: where its keys stand and every mistake in it.

use std::collections::{HashMap, HashSet};

use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::mistake::{Mistake, Problem};
use super::source::{Source, one_line};
use crate::config::kind::{Kind, Raw, Wrong};
use tidegate_wire::units::Secret;

/// The mistakes found so far.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    source: &'a Source<'a>,
    mistakes: Vec<Mistake>,
    /// The line of every key that was given.
    lines: HashMap<String, usize>,
    /// Keys whose value could not be read: their defaults prove nothing against other keys.
    unread: HashSet<String>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(source: &'a Source<'a>) -> Self {
        let (lines, unread) = (HashMap::new(), HashSet::new());
        Self { source, mistakes: Vec::new(), lines, unread }
    }

    /// Every mistake; none is a good file.
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
            let rule = format!("{section}.{} is given too and is the same key", names.first()?);
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

    /// What stands where section `name` should be is none.
    pub(crate) fn no_section(&mut self, key: &Spanned<DeString<'_>>, raw: &Raw<'_>) {
        let name = key.get_ref().as_ref();
        self.unread.insert(name.to_owned());
        let value = if raw.get_ref().is_array() { "[[...]]" } else { Secret::MASK }.to_owned();
        let accepted = format!("one section, headed [{name}]");
        self.add(key.span().start, Problem::Value { key: name.to_owned(), value, accepted });
    }

    /// Notes that the key or section at `path` was probably meant by one that is unknown.
    pub(crate) fn meant(&mut self, path: &str) {
        self.unread.insert(path.to_owned());
    }

    /// True where the value of the key at `path` is what the file means.
    pub(crate) fn is_read(&self, path: &str) -> bool {
        let section = path.split('.').next().unwrap_or_default();
        !self.unread.contains(path) && !self.unread.contains(section)
    }

    /// Notes that the key at `path` breaks a rule among keys.
    pub(crate) fn conflict(&mut self, path: &str, value: String, rule: String) {
        let line = self.lines.get(path).copied().unwrap_or(0);
        let problem = Problem::Conflict { key: path.to_owned(), value, rule };
        self.mistakes.push(Mistake { line, problem });
    }
}
