//! A command of the store: its name, and the function that runs it.

use super::context::{Args, Done, ReadCx, WriteCx};
use super::error::CommandError;
use super::reply::Reply;
use tidegate_wire::command::{self, Versions};

type Read = fn(&ReadCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;
type Write = fn(&mut WriteCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;

/// A command and what runs it. Its arity is that of its row in [`tidegate_wire::command`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
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
    pub(crate) name: &'static str,
    pub(crate) arity: i16,
    /// The versions that have it, where not all do.
    pub(crate) versions: Option<&'static Versions>,
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
