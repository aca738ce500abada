//! Why a handshake failed, and when trying again is of use.

use std::fmt;

/// What the replica says in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// `PING`.
    Ping,
    /// `AUTH [user] password`.
    Auth,
    /// `REPLCONF listening-port`.
    ListeningPort,
    /// `REPLCONF ip-address`.
    IpAddress,
    /// `REPLCONF capa eof capa psync2`.
    Capabilities,
    /// `REPLCONF version`.
    Version,
    /// `CONFIG GET *-max-*`.
    Settings,
    /// `INFO server`.
    Info,
    /// `PSYNC`.
    Psync,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ping => "PING",
            Self::Auth => "AUTH",
            Self::ListeningPort => "REPLCONF listening-port",
            Self::IpAddress => "REPLCONF ip-address",
            Self::Capabilities => "REPLCONF capa",
            Self::Version => "REPLCONF version",
            Self::Settings => "CONFIG GET",
            Self::Info => "INFO",
            Self::Psync => "PSYNC",
        })
    }
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It passes: after a second, as servers do.
    Soon,
    /// It may pass: at growing intervals.
    Slowly,
    /// Somebody has to change something: at growing intervals, and say so.
    TellOperator,
}

/// A handshake that came to nothing. The connection can only be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The master refused; the words are its own.
    #[error("{step} was refused: {said}")]
    Refused {
        /// What it refused.
        step: Step,
        /// Its error, without the `-`.
        said: String,
    },
    /// The answer is none: this is no master.
    #[error("{step} was answered by {said:?}, which is no answer to it")]
    Unexpected {
        /// To what.
        step: Step,
        /// The line.
        said: String,
    },
    /// A line without end: this is no master.
    #[error("the answer to {step} has no end")]
    Endless {
        /// To what.
        step: Step,
    },
}

/// The codes of errors that pass by themselves.
const PASSING: [&str; 5] = ["LOADING", "NOMASTERLINK", "MASTERDOWN", "BUSY", "TRYAGAIN"];

/// The master has no room for one more connection: that passes too.
const FULL_HOUSE: &str = "ERR max number of clients reached";

impl HandshakeError {
    /// When to try again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Refused { said, .. } if is_passing(said) => Retry::Soon,
            Self::Refused { .. } => Retry::TellOperator,
            Self::Unexpected { .. } | Self::Endless { .. } => Retry::Slowly,
        }
    }
}

/// Whether an error passes by itself.
pub(super) fn is_passing(said: &str) -> bool {
    let code = said.split(' ').next().unwrap_or_default();
    PASSING.contains(&code) || said.starts_with(FULL_HOUSE)
}
