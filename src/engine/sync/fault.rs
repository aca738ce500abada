//! Why a link to the master ended, and when to try again.

use std::io;
use std::time::Duration;

use crate::engine::persist::LoadError;
use crate::engine::state::memory;
use tidegate_rdb::Fault;
use tidegate_replication::{HandshakeError, PayloadError, Retry, StreamError};

/// Why a link ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkFault {
    /// The connection failed, or the master closed it.
    #[error("the connection was lost: {0}")]
    Io(#[from] io::Error),
    /// The master could not be connected.
    #[error("cannot be reached: {0}")]
    Connect(io::Error),
    /// `repl-timeout`
    #[error("no word from the master for {0:?}")]
    Silence(Duration),
    /// The handshake failed.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The payload could not be received.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The spool in `dir` could not be written or read.
    #[error("the spool in `dir`: {0}")]
    Spool(io::Error),
    /// The payload could not be loaded.
    #[error("the snapshot could not be loaded: {0}")]
    Load(#[from] LoadError),
    /// The stream could not be read.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A command of the stream could not be applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// `CLIENT KILL`
    #[error("a client closed it")]
    Killed,
    /// Another master is to be followed, or none.
    #[error("another master is to be followed")]
    Retarget,
}

/// A command of the stream that could not be applied: the data may differ from the master's.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApplyError {
    /// The engine does not have it.
    #[error("the master sent {0:?}, a command that is not known here")]
    Unknown(String),
    /// The engine refused it, which a master's command never is where the data is the same.
    #[error("the master's command {command:?} was refused: {reply}")]
    Refused {
        /// Its name.
        command: String,
        /// The error.
        reply: String,
    },
    /// Not so many databases.
    #[error("the master selected database {0}, and `databases` is less")]
    Database(String),
    /// `maxmemory` is reached.
    #[error(transparent)]
    Memory(#[from] memory::Full),
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Try again after a second.
    Soon,
    /// Try again at growing intervals.
    Slowly,
    /// A full resync, once. If the same happens again soon, as [`Self::Halt`].
    Resync,
    /// Nothing helps but a change of the configuration or of the master: the same would happen
    /// again. The engine stands still, and says why.
    Halt,
}

impl LinkFault {
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Self::Handshake(error) if error.retry() == Retry::Soon => Remedy::Soon,
            // To ask again costs the master nothing, and who asks late is late when it is back.
            Self::Connect(_) | Self::Silence(_) => Remedy::Soon,
            Self::Io(_)
            | Self::Killed
            | Self::Retarget
            | Self::Payload(PayloadError::Refused(_)) => Remedy::Soon,
            Self::Load(error) => error.remedy(),
            Self::Apply(ApplyError::Refused { .. }) => Remedy::Resync,
            Self::Apply(_) => Remedy::Halt,
            _ => Remedy::Slowly,
        }
    }

    /// Whether the data may be no prefix of the master's any more: the next resync has to be a
    /// full one.
    pub(super) fn is_divergence(&self) -> bool {
        match self {
            Self::Apply(ApplyError::Memory(_)) => false,
            Self::Stream(_) | Self::Apply(_) => true,
            _ => false,
        }
    }
}

impl LoadError {
    fn remedy(&self) -> Remedy {
        match self {
            // The disk's. A payload that the link did not bring to its end is the link's fault; one
            // that came whole and ends too early would do so again.
            Self::Read(error) if matches!(error.fault, Fault::Io(_)) => Remedy::Slowly,
            _ => Remedy::Halt,
        }
    }
}
