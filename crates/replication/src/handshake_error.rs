//! Why a handshake failed, and when to try again.

use std::fmt;

/// A request of the handshake.
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
    /// After a second, as servers do: the reason passes by itself.
    Soon,
    /// At growing intervals: the reason may pass.
    Slowly,
    /// At growing intervals, with a log line for the operator: the configuration has to change.
    TellOperator,
}

/// Why a handshake failed. The connection can only be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The master refused a step.
    #[error("{step} was refused: {said}")]
    Refused {
        /// The refused step.
        step: Step,
        /// The master's error, without the `-`.
        said: String,
    },
    /// The line does not answer the step: the server is no master.
    #[error("unexpected answer to {step}: {said:?}")]
    Unexpected {
        /// The step.
        step: Step,
        /// The line.
        said: String,
    },
    /// The line does not end: the server is no master.
    #[error("the answer to {step} does not end")]
    Endless {
        /// The step.
        step: Step,
    },
}

/// The codes of errors that pass by themselves.
const PASSING: [&str; 5] = ["LOADING", "NOMASTERLINK", "MASTERDOWN", "BUSY", "TRYAGAIN"];

/// The error of a master that has no room for one more connection, which passes too.
const MAX_CLIENTS: &str = "ERR max number of clients reached";

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
    PASSING.contains(&code) || said.starts_with(MAX_CLIENTS)
}
