//! Which servers may answer a request.

use tidegate_wire::command::{Access, Command, Effect, Resolved};

/// Which servers may answer a request, and whether it may change data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The master, whose data the request may change.
    Write,
    /// The master, which alone can answer the request.
    Master,
    /// A server that the read policy allows, over a connection.
    Read,
    /// As [`Self::Read`], or the engine of this process, which is asked without a connection.
    EmbeddedRead,
}

impl Target {
    /// The target of an ordinary command: one that goes to a server and does nothing to the session
    /// that sends it. `None` for every other command.
    #[must_use]
    pub const fn of_ordinary(command: &Command) -> Option<Self> {
        match (command.effect, command.access) {
            (Effect::None, Access::Read | Access::Write | Access::Master) => {
                Some(Self::of_access(command.access))
            }
            _ => None,
        }
    }

    /// The target of a command of this class, if it goes to a server.
    #[must_use]
    pub const fn of_access(access: Access) -> Self {
        match access {
            Access::Read => Self::Read,
            Access::Write => Self::Write,
            Access::Master | Access::Admin | Access::Refused | Access::Local => Self::Master,
        }
    }

    /// The target of any command, if it goes to a server. A command that neither the table nor the
    /// master's COMMAND knows counts as a write.
    #[must_use]
    pub fn of(command: Option<&Resolved<'_>>) -> Self {
        match command {
            None => Self::Write,
            Some(command) if command.effect == Effect::ReadOnlyScript => Self::Read,
            Some(command) => Self::of_access(command.access),
        }
    }

    /// Whether only the master may answer.
    #[must_use]
    pub const fn is_master(self) -> bool {
        matches!(self, Self::Write | Self::Master)
    }
}
