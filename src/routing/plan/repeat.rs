//! Whether a request may be sent again after a failure, and where.

use crate::routing::Target;
use tidegate_wire::command::{Access, Effect, Resolved};

/// Whether a request may be sent again after a failure, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Only if a server refused it without having run it: it may change data, so a lost reply
    /// leaves its outcome unknown.
    IfRefused,
    /// To the master.
    AtMaster,
    /// To any server that serves reads.
    AtReader,
    /// To any server that serves reads; if that has not the script, to the master.
    Script,
}

impl Repeat {
    /// Whether a command may be sent again; `None` is an unknown command.
    #[must_use]
    pub fn of(command: Option<&Resolved<'_>>) -> Self {
        Self::of_class(command.map(|command| (command.access, command.effect)))
    }

    /// Whether a command of this class may be sent again.
    #[must_use]
    pub const fn of_class(class: Option<(Access, Effect)>) -> Self {
        match class {
            Some((_, Effect::ReadOnlyScript)) => Self::Script,
            Some((Access::Read, _)) => Self::AtReader,
            Some((Access::Master, _)) => Self::AtMaster,
            _ => Self::IfRefused,
        }
    }

    /// Whether the request may have changed data when no reply came.
    #[must_use]
    pub const fn may_write(self) -> bool {
        matches!(self, Self::IfRefused)
    }

    /// Which servers are asked the next time.
    #[must_use]
    pub const fn target(self) -> Target {
        match self {
            Self::IfRefused => Target::Write,
            Self::AtMaster => Target::Master,
            Self::AtReader | Self::Script => Target::Read,
        }
    }
}
