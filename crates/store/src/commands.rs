//! The commands the store has, by name.

use super::context::{Args, Done, ReadCx, WriteCx};
use super::dialect::Dialect;
use super::error::CommandError;
use super::reply::Reply;
use tidegate_wire::command::{self, Versions};

type Read = fn(&ReadCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;
type Write = fn(&mut WriteCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;

/// A command and what runs it. Its arity is that of its row in [`tidegate_wire::command`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    name: &'static str,
    run: Run,
}

/// What runs a command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    Read(Read),
    Write(Write),
    /// One that reads for a client of a replica, and changes data otherwise.
    Both(Read, Write),
}

/// A command that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) run: Run,
    name: &'static str,
    arity: i16,
    /// The versions that have it, where not all do.
    versions: Option<&'static Versions>,
}

/// All commands of the store.
#[derive(Debug)]
pub(crate) struct Commands {
    /// By [`command::number`].
    by_number: Vec<Option<Found>>,
}

impl Row {
    /// A command that only reads. `name` in lower case.
    pub(crate) const fn read(name: &'static str, run: Read) -> Self {
        Self { name, run: Run::Read(run) }
    }

    /// A command that may change data.
    pub(crate) const fn write(name: &'static str, run: Write) -> Self {
        Self { name, run: Run::Write(run) }
    }

    /// A command that a replica answers without changing anything, but follows as the master's;
    /// or a container of subcommands, some of which only read.
    pub(crate) const fn both(name: &'static str, read: Read, write: Write) -> Self {
        Self { name, run: Run::Both(read, write) }
    }
}

impl Found {
    /// Whether a request of `argc` words, the name included, may be run: commands rely on it.
    ///
    /// # Errors
    /// `ERR wrong number of arguments for '...' command`
    pub(crate) fn check(self, argc: usize) -> Result<(), CommandError> {
        let fits = command::fits(self.arity, argc);
        if fits { Ok(()) } else { Err(CommandError::wrong_arity(self.name)) }
    }
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

    /// The command of this name, in any case, of whatever version: a master may be upgraded.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<Found> {
        *self.by_number.get(command::number(name)?)?
    }

    /// The same, if such a server has it.
    pub(crate) fn find_of(&self, name: &[u8], dialect: Dialect) -> Option<Found> {
        self.find(name).filter(|found| dialect.has(found.versions))
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    super::COMMANDS.iter().copied().flatten().copied().flatten()
}

/// The names of the commands that only read, and of the containers of such.
pub(super) fn readable() -> impl Iterator<Item = &'static str> {
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
