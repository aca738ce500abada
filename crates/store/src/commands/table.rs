//! The table of the store's commands, by name.

use super::{geo, hashes, keys, lists, sets, sorted_sets, streams, strings};
use crate::dialect::Dialect;
use crate::execution::{Found, Row, Run};
use tidegate_wire::command;

/// Every command, folder by folder.
const COMMANDS: &[&[&[Row]]] = &[
    geo::COMMANDS,
    hashes::COMMANDS,
    keys::COMMANDS,
    lists::COMMANDS,
    sets::COMMANDS,
    sorted_sets::COMMANDS,
    streams::COMMANDS,
    strings::COMMANDS,
];

/// All commands of the store.
#[derive(Debug)]
pub(crate) struct Commands {
    /// By [`command::number`].
    by_number: Vec<Option<Found>>,
}

impl Commands {
    pub(crate) fn new() -> Self {
        let mut by_number = vec![None; command::NUMBERS];
        for row in rows() {
            let known = command::lookup(row.name.as_bytes());
            let place = command::number(row.name.as_bytes()).and_then(|at| by_number.get_mut(at));
            if let (Some(known), Some(place)) = (known, place) {
                let versions = command::versions(known.name);
                *place =
                    Some(Found { run: row.run, name: known.name, arity: known.arity, versions });
            }
        }
        Self { by_number }
    }

    /// Returns the command of this name, in any case and of any version: a master may be upgraded.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<Found> {
        *self.by_number.get(command::number(name)?)?
    }

    /// Returns the command of this name if such a server has it.
    pub(crate) fn find_of(&self, name: &[u8], dialect: Dialect) -> Option<Found> {
        self.find(name).filter(|found| dialect.has(found.versions))
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    COMMANDS.iter().copied().flatten().copied().flatten()
}

/// Returns the names of the commands that only read, and of the containers with such subcommands.
pub(crate) fn readable() -> impl Iterator<Item = &'static str> {
    rows().filter(|row| !matches!(row.run, Run::Write(_))).map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_known_and_comes_once() {
        let names: Vec<_> = rows().map(|row| row.name).collect();
        let commands = Commands::new();
        for name in &names {
            assert!(commands.find(name.to_uppercase().as_bytes()).is_some(), "{name}");
        }
        assert_eq!(commands.by_number.iter().flatten().count(), names.len());
        assert!(commands.find(&[b'x'; 64]).is_none());
        assert!(Commands::new().find(b"gEt").unwrap().check(2).is_ok());
        assert!(Commands::new().find(b"get").unwrap().check(3).is_err());
    }
}
