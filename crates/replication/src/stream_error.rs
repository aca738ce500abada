//! Why a replication stream cannot be read any further.

use tidegate_wire::resp::request::ProtocolError;

/// Why a stream cannot be read. The link can only be closed, and the next resync has to be a full
/// one ([`super::Identity::distrust`]): a partial one would bring the same bytes again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A byte with which no command begins. Servers take no inline commands from a master either:
    /// what looks like one is a stream out of step.
    #[error("the stream is out of step: a command cannot begin with {0:?}")]
    OutOfStep(char),
    /// A malformed command.
    #[error("the stream is out of step: {0}")]
    Protocol(#[from] ProtocolError),
    /// Empty requests without end.
    #[error("the stream holds nothing but empty requests")]
    Empty,
    /// A command that is longer than the limit.
    #[error("{name:?} in the stream is longer than the limit of {limit} bytes")]
    CommandTooLong {
        /// The name of the command, shortened; empty if it was not read yet.
        name: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A transaction that is longer than the limit. It cannot be applied in parts: no reader may
    /// see one half of it.
    #[error(
        "a transaction of {commands} commands so far is longer than the limit of {limit} bytes"
    )]
    TransactionTooLong {
        /// The number of commands between `MULTI` and where the limit was met.
        commands: usize,
        /// The limit, in bytes.
        limit: usize,
    },
}
