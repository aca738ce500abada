//! The causes for which a request fails at a backend.

use crate::session::replies::Sequence;
use crate::topology::BackendId;

/// An error reply with which a server refuses a request that it has not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `-LOADING`: the server loads its data.
    Loading,
    /// `-MASTERDOWN`: the replica has lost its master, and `replica-serve-stale-data` is off.
    MasterDown,
    /// `-READONLY`: the server is a replica, and the request is a write.
    ReadOnly,
    /// `-NOSCRIPT`, or an unknown function.
    NoScript,
    /// The server does not know the command: it is older, or the command was renamed there.
    UnknownCommand,
    /// `-UNBLOCKED`: the server ended a blocking command, because it follows another master now
    /// (Redis's `disconnectOrRedirectAllBlockedClients`).
    Unblocked,
}

impl Refusal {
    /// The refusal that an error reply (`-CODE text\r\n`) is; `None` for other errors.
    #[must_use]
    pub fn of(line: &[u8]) -> Option<Self> {
        let code = line.get(1..).unwrap_or_default();
        if code.starts_with(b"LOADING ") {
            Some(Self::Loading)
        } else if code.starts_with(b"MASTERDOWN ") {
            Some(Self::MasterDown)
        } else if code.starts_with(b"READONLY ") {
            Some(Self::ReadOnly)
        } else if code.starts_with(b"NOSCRIPT ") || code.starts_with(b"ERR Function not found") {
            Some(Self::NoScript)
        } else if code.starts_with(b"ERR unknown command") {
            Some(Self::UnknownCommand)
        // The error of CLIENT UNBLOCK id ERROR has another text.
        } else if code.starts_with(b"UNBLOCKED force unblock ") {
            Some(Self::Unblocked)
        } else {
            None
        }
    }
}

/// Why a request was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server refused it with this reply, and has not run it.
    Refused(Refusal, Vec<u8>),
    /// It was not sent, so it may be sent again, or to another server.
    Unsent {
        /// The reason, for people.
        reason: String,
        /// Whether the connection was open before it ended.
        reached: bool,
        /// The error (without its `-`) with which the server refused to set the connection up, for
        /// example because it lacks the database. It answers every request that waited for the
        /// connection.
        refusal: Option<String>,
    },
    /// It was sent, and the connection ended before the reply arrived: it is unknown whether it was
    /// run.
    Lost(String),
    /// It was sent, and no reply arrived in time. A late reply is dropped.
    TimedOut,
    /// It stands behind a write of its client that the server refused, because it is no master any
    /// more. The server's reply, which lacks that write.
    BehindRefused(Vec<u8>),
    /// The same of a script, whose reply shows no error: it has only read, without that write, or the
    /// server was a master again and it has written.
    ScriptBehindRefused,
    /// It is a read, and its server serves no reads any more. A late reply is dropped.
    Withdrawn,
    /// It is a read, and its server lacks data that it must include. The reply is dropped.
    Behind,
    /// It is a read that waits for data, and no reply arrived in the time that it gave. A late reply
    /// is dropped.
    Elapsed,
}

/// A request that a backend did not answer, handed back to the client that sent it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The request's number within its session.
    pub seq: Sequence,
    /// The request as it was sent.
    pub request: Vec<u8>,
    /// Whether it means the same over another connection. False if it depends on earlier requests on
    /// a leased connection (see [`super::Ticket::retryable`]).
    pub repeatable: bool,
    /// Whether it needs a leased connection when it is sent again.
    pub leased: bool,
    /// The backend.
    pub backend: BackendId,
    /// The cause.
    pub cause: Cause,
}
