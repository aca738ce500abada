//! Which way a request goes.

use crate::routing::Want;
use tidegate_wire::command::{Access, Command, Effect};

/// Which way a request goes, and whether it may change data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// To the master, whose data it may change.
    Write,
    /// To the master, which alone can answer it.
    Master,
    /// To whoever serves this batch's reads, over a connection.
    Reader,
    /// As [`Self::Reader`], or to nobody, where the engine of this process serves them.
    Near,
}

impl Side {
    /// Which way an ordinary command goes; `None` if it is no ordinary one.
    pub(super) const fn of(command: &Command) -> Option<Self> {
        match (command.effect, command.access) {
            (Effect::None, Access::Read | Access::Write | Access::Master) => {
                Some(Self::of_access(command.access))
            }
            _ => None,
        }
    }

    /// Which way a command of this class goes, if it goes to a server.
    pub(super) const fn of_access(access: Access) -> Self {
        match access {
            Access::Read => Self::Reader,
            Access::Write => Self::Write,
            Access::Master | Access::Admin | Access::Refused | Access::Local => Self::Master,
        }
    }

    /// Whether it goes to the master, whoever serves the reads.
    pub(super) const fn is_master(self) -> bool {
        matches!(self, Self::Write | Self::Master)
    }

    /// What it asks of the routing.
    pub(super) const fn want(self) -> Want {
        match self {
            Self::Write | Self::Master => Want::Master,
            Self::Reader => Want::Read,
            Self::Near => Want::Near,
        }
    }
}
