//! A row of the table.

use super::{Access, Effect, Keys};

/// A command, or a subcommand of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// The full name in lower case; that of a subcommand as servers write it: `client|list`.
    pub name: &'static str,
    /// The number of arguments with the name, or the least number if negative, as `COMMAND` shows
    /// it. Where versions differ it is that of the newest server: to explain, never to refuse by.
    pub arity: i16,
    /// Which servers may answer.
    pub access: Access,
    /// Whether the command may change data: then it does not pass a closed write gate.
    pub may_write: bool,
    /// Whether servers flag it `write` or `may_replicate`: then `CLIENT PAUSE WRITE` holds it.
    pub replicates: bool,
    /// Where the keys are.
    pub keys: Keys,
    /// What the command does to the session.
    pub effect: Effect,
    /// The subcommands of a container. A subcommand that is not listed is treated as the container.
    pub subcommands: &'static [Self],
}

impl Command {
    /// Returns the row of the subcommand called `name` (without the container's name), in any case.
    #[must_use]
    pub fn subcommand(&self, name: &[u8]) -> Option<&'static Self> {
        let prefix = self.name.len() + 1;
        self.subcommands.iter().find(|row| {
            let own = row.name.as_bytes().get(prefix..).unwrap_or_default();
            own.eq_ignore_ascii_case(name)
        })
    }
}
