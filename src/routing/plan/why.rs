//! The reason for a plan, for people.

use tidegate_wire::command::{Access, Effect, Resolved};

/// The reason for a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The client has not logged in.
    Login,
    /// The command makes no sense through a proxy.
    NotThroughProxy,
    /// An operator's command, which the configuration denies.
    OperatorDenied,
    /// An operator's command, which the configuration sends to the master.
    Operator,
    /// The proxy's own command.
    ProxyCommand,
    /// The command concerns the session, which the proxy keeps.
    Session,
    /// The session has a dedicated connection.
    OwnConnection,
    /// No table knows the command.
    Unknown,
    /// A read.
    Read,
    /// A read behind a write in flight.
    FollowsWrite,
    /// A read of what was written a moment ago.
    LastWrite,
    /// An iteration begins.
    ScanBegins,
    /// A cursor that the proxy did not give out.
    ScanAtMaster,
    /// A later step of an iteration.
    ScanGoesOn,
    /// A script that declares that it does not write.
    ReadOnlyScript,
    /// No write, but only the master has the answer.
    Master,
    /// A write.
    Write,
    /// The server has the answer.
    Server,
}

impl Why {
    /// The reason why a command goes to its target.
    #[must_use]
    pub fn of(command: &Resolved<'_>) -> Self {
        match (command.access, command.effect) {
            (_, Effect::ReadOnlyScript) => Self::ReadOnlyScript,
            (Access::Read, _) => Self::Read,
            (Access::Write, _) => Self::Write,
            (Access::Master, _) => Self::Master,
            (Access::Admin, _) => Self::Operator,
            (Access::Local, _) => Self::Server,
            (Access::Refused, _) => Self::NotThroughProxy,
        }
    }

    /// The reason in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "the client has not logged in",
            Self::NotThroughProxy => "it makes no sense through a proxy",
            Self::OperatorDenied => {
                "an operator's command, which [admin] commands = \"deny\" refuses"
            }
            Self::Operator => {
                "an operator's command, which [admin] commands = \"master\" sends to the master"
            }
            Self::ProxyCommand => "the proxy's own command",
            Self::Session => "about the session, which the proxy keeps",
            Self::OwnConnection => "this session has a connection of its own at the moment",
            Self::Unknown => {
                "neither the proxy nor the master's COMMAND knows it: it is taken for a write"
            }
            Self::Read => "a read",
            Self::FollowsWrite => {
                "a read behind a write that this client has in flight: it goes where the write went"
            }
            Self::LastWrite => {
                "a read of what is being written, or was a moment ago: only the master is known to \
                 have it"
            }
            Self::ScanBegins => "an iteration begins",
            Self::ScanAtMaster => "a cursor that the proxy did not give out is the master's",
            Self::ScanGoesOn => "an iteration stays with the server that began it",
            Self::ReadOnlyScript => "a script that promises not to write",
            Self::Master => "no write, but only the master's answer counts",
            Self::Write => "a write, or counts as one",
            Self::Server => "only the server knows the answer",
        }
    }
}
