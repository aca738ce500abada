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
    /// The master sent nothing for `repl-timeout`.
    #[error("the master has sent nothing for {0:?}")]
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
    /// A client ended the link with `CLIENT KILL`.
    #[error("a client closed it")]
    Killed,
    /// The configuration names another master, or none.
    #[error("another master is to be followed")]
    Retarget,
}

/// A command of the stream that could not be applied: the data may differ from the master's.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApplyError {
    /// The engine does not have the command.
    #[error("the master sent {0:?}, a command that is not known here")]
    Unknown(String),
    /// The engine refused the command, which never happens where the data are the master's.
    #[error("the master's command {command:?} was refused: {reply}")]
    Refused {
        /// The command's name.
        command: String,
        /// The error that it got.
        reply: String,
    },
    /// The engine has fewer databases.
    #[error("the master selected database {0}, and `databases` is less")]
    Database(String),
    /// `maxmemory` is reached.
    #[error(transparent)]
    Memory(#[from] memory::Full),
}

/// The remedy for a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Try again after a second.
    Soon,
    /// Try again at growing intervals.
    Slowly,
    /// A full resync, once. If the same happens again soon, as [`Self::Halt`].
    Resync,
    /// Only a change of the configuration or of the master helps: the same would happen again.
    /// Replication is halted, and the engine reports the cause.
    Halt,
}

impl LinkFault {
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Self::Handshake(error) if error.retry() == Retry::Soon => Remedy::Soon,
            // A try costs the master nothing, and a late try finds a returning master late.
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

    /// Whether the data may have left the master's history: the next resync has to be a full one.
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
            // An error of the disk. A payload that the link did not complete is the link's fault;
            // one that is complete and ends too early would do so again.
            Self::Read(error) if matches!(error.fault, Fault::Io(_)) => Remedy::Slowly,
            _ => Remedy::Halt,
        }
    }
}
