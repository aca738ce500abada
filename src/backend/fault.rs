//! Why a request failed at a backend, and whether it may be sent again.

use crate::session::replies::Sequence;
use crate::topology::BackendId;

/// An error reply by which a server refuses a request without having run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `-LOADING`: its data is not there yet.
    Loading,
    /// `-MASTERDOWN`: a replica without its master, and without `replica-serve-stale-data`.
    MasterDown,
    /// `-READONLY`: a write reached a replica.
    ReadOnly,
    /// `-NOSCRIPT`, or a function that is not there.
    NoScript,
    /// `-UNBLOCKED`: the server gave up a command that waits for data, because it follows another
    /// master now (Redis's `disconnectOrRedirectAllBlockedClients`).
    Unblocked,
}

impl Refusal {
    /// Recognises the refusals among error replies (`-CODE text\r\n`).
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
        // A client may unblock it, too (CLIENT UNBLOCK id ERROR): the text differs.
        } else if code.starts_with(b"UNBLOCKED force unblock ") {
            Some(Self::Unblocked)
        } else {
            None
        }
    }
}

/// What became of a request that was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server refused it, in these words (the whole reply line); it was not run.
    Refused(Refusal, Vec<u8>),
    /// It never left: sending it elsewhere, or again, is safe.
    Unsent {
        /// Why, for people.
        reason: String,
        /// Whether the connection was open before it ended.
        reached: bool,
        /// The error reply (without its `-`) with which the server refused to set the connection
        /// up, such as a database that it does not have. It is the answer to every request that
        /// waited for the connection.
        refusal: Option<String>,
    },
    /// It left, and the connection ended before the reply came: it may or may not have been run.
    Lost(String),
    /// It left, and no reply came in time; a late one is dropped.
    TimedOut,
    /// A read, whose server serves no reads any more; a late reply is dropped.
    Withdrawn,
    /// A read that waits for data, and no reply came in the time that it gave; a late one is
    /// dropped.
    Elapsed,
}

/// A request that a backend did not answer, handed back to whoever sent it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The request's number within its session.
    pub seq: Sequence,
    /// The request as it was sent.
    pub request: Vec<u8>,
    /// Whether it means the same over another connection: false where it belongs to what went
    /// before it on a leased one (see [`super::Ticket::retryable`]).
    pub repeatable: bool,
    /// Whether it needs a leased connection when it is sent again.
    pub leased: bool,
    /// Who failed.
    pub backend: BackendId,
    /// How.
    pub cause: Cause,
}
