//! One row of the table.

use super::{Access, Effect, Keys};

/// A command, or a subcommand of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// The full name in lower case; a subcommand's as servers write it: `client|list`.
    pub name: &'static str,
    /// The number of arguments with the name, or the least number if negative, as `COMMAND` says
    /// it. The newest server's where versions differ: to explain, never to refuse by.
    pub arity: i16,
    /// Who may answer.
    pub access: Access,
    /// Whether it changes data, as far as anybody knows: then it does not pass a closed write gate.
    pub may_write: bool,
    /// Whether servers flag it `write` or `may_replicate`: then `CLIENT PAUSE WRITE` holds it.
    pub replicates: bool,
    /// Where the keys are.
    pub keys: Keys,
    /// What it does to the session.
    pub effect: Effect,
    /// The subcommands, if it is a container. One that is not here is treated as the container.
    pub subcommands: &'static [Self],
}

impl Command {
    /// The row of the subcommand called `name` (without the container's), in any case.
    #[must_use]
    pub fn subcommand(&self, name: &[u8]) -> Option<&'static Self> {
        let prefix = self.name.len() + 1;
        self.subcommands.iter().find(|row| {
            let own = row.name.as_bytes().get(prefix..).unwrap_or_default();
            own.eq_ignore_ascii_case(name)
        })
    }
}
