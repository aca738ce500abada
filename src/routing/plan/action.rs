//! What is done with a request.

use super::Repeat;
use crate::routing::{NoRoute, Target};
use crate::topology::ShardId;

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The proxy answers from what it knows itself.
    Answer,
    /// The request goes to a server over a connection that many clients share.
    Forward(Forward),
    /// The request goes to a server over a dedicated connection.
    Dedicated(Purpose),
    /// The client gets an error.
    Refuse(Refusal),
}

/// How a request goes to a server over a shared connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The shard that has what the request is about.
    pub shard: ShardId,
    /// Which servers may answer.
    pub target: Target,
    /// The server process that has to answer, by its scan tag: an iteration continues where it
    /// began.
    pub owner: Option<u32>,
    /// The data that the server must have, beyond what `reads.max-lag` requires.
    pub must_have: MustHave,
    /// Whether it may be sent again after a failure.
    pub repeat: Repeat,
}

/// The data that the server must have, beyond what `reads.max-lag` requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MustHave {
    /// Nothing.
    Nothing,
    /// Every write that the client has in flight: only the master has them.
    WritesInFlight,
}

/// What a client needs a dedicated connection for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// WATCH, MULTI, EXEC, DISCARD, UNWATCH, and the commands queued in between: at the master.
    Transaction,
    /// The request blocks until data comes, or its time is over.
    Blocking(Target),
    /// SUBSCRIBE and its like.
    PubSub,
    /// MONITOR, and the requests of a client in MONITOR.
    Monitor,
    /// CLIENT TRACKING.
    Tracking,
    /// WAIT and WAITAOF.
    Wait,
    /// The request must not queue behind a running script.
    OutOfBand,
    /// The session has a dedicated connection for another purpose, and all its requests go over it.
    Session(Target),
}

impl Purpose {
    /// Which servers may be asked for the connection.
    #[must_use]
    pub const fn target(self) -> Target {
        match self {
            Self::Blocking(target) | Self::Session(target) => target,
            _ => Target::Master,
        }
    }

    /// Whether such a request waits while the master is being replaced. A session that has its
    /// connection (`has_connection`) goes on to subscribe there; a request that must not queue
    /// behind a script is for this very server.
    #[must_use]
    pub const fn needs_open_master(self, has_connection: bool) -> bool {
        match self {
            Self::OutOfBand => false,
            Self::PubSub | Self::Monitor => !has_connection,
            _ => self.target().is_master(),
        }
    }
}

/// Why a client gets an error instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `-NOAUTH`: the client has not logged in.
    NotLoggedIn,
    /// An operator's command, which `admin.commands` denies.
    Denied,
    /// The command makes no sense through a proxy.
    NotThroughProxy,
    /// The client speaks HTTP.
    Http,
    /// A script of a session that asked for the debugger.
    Debugger,
    /// The number of arguments does not fit a command that the proxy answers.
    WrongArity,
    /// An operator's command that would end the proxy's own login.
    LocksOut,
    /// The command cannot be queued between MULTI and EXEC here.
    NotInTransaction,
    /// No server may be asked.
    NoRoute(NoRoute),
}
