//! A command, whether the table has it or a master described it.

use super::table::PROXY;
use super::{Access, Command, Effect, Keys, Learned, LearnedCommand, lookup};

/// What is known about the command of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// The full name in lower case, a subcommand's after a `|`.
    pub name: &'a str,
    /// Which servers may answer.
    pub access: Access,
    /// Whether the command may change data: then it does not pass a closed write gate.
    pub may_write: bool,
    /// Whether servers flag it `write` or `may_replicate`: then `CLIENT PAUSE WRITE` holds it.
    pub replicates: bool,
    /// What the command does to the session.
    pub effect: Effect,
    /// Where the keys are.
    pub keys: Keys,
    /// The number of arguments with the name, or the least number if negative.
    pub arity: i16,
}

impl Resolved<'_> {
    /// Whether a request of `argc` arguments, the name included, fits the arity. Servers of other
    /// versions may have another arity, so this is no reason to refuse a request.
    #[must_use]
    pub fn fits(&self, argc: usize) -> bool {
        super::fits(self.arity, argc)
    }
}

impl From<&'static Command> for Resolved<'static> {
    fn from(row: &'static Command) -> Self {
        let Command { name, arity, access, may_write, replicates, keys, effect, subcommands: _ } =
            *row;
        Self { name, access, may_write, replicates, effect, keys, arity }
    }
}

impl<'a> From<&'a LearnedCommand> for Resolved<'a> {
    fn from(row: &'a LearnedCommand) -> Self {
        let LearnedCommand { ref name, arity, access, may_write, replicates, keys, effect } = *row;
        Self { name, access, may_write, replicates, effect, keys, arity }
    }
}

/// Returns the command called `name`, or its subcommand `sub`. Any first argument may be passed as
/// `sub`: it counts only if the command is a container. `None` is an unknown command, which goes to
/// the master as a write.
#[must_use]
pub fn resolve<'a>(learned: &'a Learned, name: &[u8], sub: Option<&[u8]>) -> Option<Resolved<'a>> {
    let own = || name.eq_ignore_ascii_case(PROXY.name.as_bytes()).then_some(&PROXY);
    match lookup(name).or_else(own) {
        Some(row) => Some(sub.and_then(|sub| row.subcommand(sub)).unwrap_or(row).into()),
        None => learned.find(name, sub).map(Resolved::from),
    }
}
