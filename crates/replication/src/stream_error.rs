//! Why a replication stream cannot be read any further.

use tidegate_wire::resp::request::ProtocolError;

/// A stream that cannot be read. The link can only be closed, and the next resync has to be a
/// full one ([`super::Identity::distrust`]): a partial one would bring the same bytes again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// Something else where a command had to begin. Servers take no inline commands from a master
    /// either: what looks like one is a stream out of step.
    #[error("the stream is out of step: a command cannot begin with {0:?}")]
    OutOfStep(char),
    /// A command that is malformed.
    #[error("the stream is out of step: {0}")]
    Protocol(#[from] ProtocolError),
    /// Empty requests without end.
    #[error("the stream holds nothing but empty requests")]
    Empty,
    /// A command is longer than may be held.
    #[error("{name:?} in the stream is longer than the limit of {limit} bytes")]
    CommandTooLong {
        /// Its name, shortened; empty where it was not read yet.
        name: String,
        /// The limit.
        limit: usize,
    },
    /// A transaction is longer than may be held. It cannot be applied in parts: no reader may see
    /// one half of it.
    #[error(
        "a transaction of {commands} commands so far is longer than the limit of {limit} bytes"
    )]
    TransactionTooLong {
        /// Commands between `MULTI` and where the limit was met.
        commands: usize,
        /// The limit.
        limit: usize,
    },
}
