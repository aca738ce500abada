//! A row of the table of commands: a name, and the function that runs the command.

use super::context::{Args, Done, ReadCx, WriteCx};
use crate::call::{CommandError, Reply};
use tidegate_wire::command::{self, Versions};

type Read = fn(&ReadCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;
type Write = fn(&mut WriteCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;

/// A command and the function that runs it. Its arity is that of its row in
/// [`tidegate_wire::command`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

/// The functions that run a command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    Read(Read),
    Write(Write),
    /// A command that only reads for a client of a replica, and changes data otherwise.
    Both(Read, Write),
}

/// A command that was found by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) run: Run,
    pub(crate) name: &'static str,
    pub(crate) arity: i16,
    /// The versions that have the command, unless all have it.
    pub(crate) versions: Option<&'static Versions>,
}

impl Row {
    /// Returns the row of a command that only reads. `name` is in lower case.
    pub(crate) const fn read(name: &'static str, run: Read) -> Self {
        Self { name, run: Run::Read(run) }
    }

    /// Returns the row of a command that may change data.
    pub(crate) const fn write(name: &'static str, run: Write) -> Self {
        Self { name, run: Run::Write(run) }
    }

    /// Returns the row of a command that a replica answers without changing anything, but follows
    /// as the master's; or of a container of subcommands, some of which only read.
    pub(crate) const fn both(name: &'static str, read: Read, write: Write) -> Self {
        Self { name, run: Run::Both(read, write) }
    }
}

impl Found {
    /// Checks that a request of `argc` words, the name included, fits the arity; commands rely on
    /// it.
    ///
    /// # Errors
    /// `ERR wrong number of arguments for '...' command`
    pub(crate) fn check(self, argc: usize) -> Result<(), CommandError> {
        let fits = command::fits(self.arity, argc);
        if fits { Ok(()) } else { Err(CommandError::wrong_arity(self.name)) }
    }
}
