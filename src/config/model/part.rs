//! A part of the file: one section, or the tables of one name.

use toml::de::DeTable;

use super::change::Change;
use super::section::{Key, Section};
use crate::config::mistakes::Report;

/// A part of the file: one section (`[reads]`), or any number of tables (`[[listener]]`).
pub(crate) trait Part: Default {
    /// The keys of the part, in the order of the file.
    fn keys() -> Vec<Key>;

    /// Reads the part of `file`; keys that it does not give have their defaults.
    fn read<'a>(file: &'a DeTable<'a>, report: &mut Report<'a>) -> Self;

    /// Appends every key whose value differs in `new`.
    fn diff(&self, new: &Self, changes: &mut Vec<Change>);
}

impl<S: Section> Part for S {
    fn keys() -> Vec<Key> {
        S::keys()
    }

    fn read<'a>(file: &'a DeTable<'a>, report: &mut Report<'a>) -> Self {
        let Some((key, raw)) = file.get_key_value(S::NAME) else { return Self::default() };
        match raw.get_ref().as_table() {
            Some(table) => S::read(S::NAME, table, report),
            None => {
                report.no_section(key, raw);
                Self::default()
            }
        }
    }

    fn diff(&self, new: &Self, changes: &mut Vec<Change>) {
        Section::diff(self, S::NAME, new, changes);
    }
}

impl<S: Section> Part for Vec<S> {
    fn keys() -> Vec<Key> {
        S::keys().into_iter().map(|key| Key { repeats: true, ..key }).collect()
    }

    fn read<'a>(file: &'a DeTable<'a>, report: &mut Report<'a>) -> Self {
        let Some((key, raw)) = file.get_key_value(S::NAME) else { return Self::new() };
        let tables: Option<Vec<_>> = raw.get_ref().as_array().and_then(|items| {
            items.iter().map(|item| Some((item.span(), item.get_ref().as_table()?))).collect()
        });
        let Some(tables) = tables.filter(|tables| tables.len() <= S::MOST) else {
            report.no_tables(key, raw, S::MOST);
            return Self::new();
        };
        let read = |(at, (span, table)): (usize, (std::ops::Range<usize>, _))| {
            let path = format!("{}[{at}]", S::NAME);
            report.begins(&path, span.start);
            S::read(&path, table, report)
        };
        tables.into_iter().enumerate().map(read).collect()
    }

    /// Compares the tables by their places. A table that is missing counts as one without keys.
    fn diff(&self, new: &Self, changes: &mut Vec<Change>) {
        let none = S::default();
        for at in 0..self.len().max(new.len()) {
            let (old, new) = (self.get(at).unwrap_or(&none), new.get(at).unwrap_or(&none));
            Section::diff(old, &format!("{}[{at}]", S::NAME), new, changes);
        }
    }
}
