//! Why the proxy could not start, or had to end.

use crate::config::HostPort;
use crate::embedded::EmbeddedFault;
use crate::engine::StartFault;
use crate::net::InheritedError;

/// Why the proxy could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The proxy could not listen on an address.
    #[error("cannot listen on {addr} ({key}): {error}")]
    Listen {
        /// The key that names the address.
        key: String,
        /// The address that the key names.
        addr: HostPort,
        /// The error of the system.
        error: std::io::Error,
    },
    /// A socket that another process has opened cannot be used.
    #[error("{0}")]
    Inherited(#[from] InheritedError),
    /// The engine cannot write to its directory.
    #[error("{0}")]
    Dir(String),
    /// A worker panicked too often in a row, so the running proxy ended.
    #[error("a worker panicked too often; see the log")]
    Worker,
    /// The system refused a thread, a timer or a signal handler.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

impl From<EmbeddedFault> for StartError {
    fn from(fault: EmbeddedFault) -> Self {
        match fault {
            EmbeddedFault::Start(StartFault::Listen { addr, error }) => {
                Self::Listen { key: "topology.embedded-port".into(), addr, error }
            }
            EmbeddedFault::Start(fault) => fault.into(),
            EmbeddedFault::Dir { .. } => Self::Dir(fault.to_string()),
        }
    }
}

impl From<StartFault> for StartError {
    fn from(fault: StartFault) -> Self {
        match fault {
            StartFault::Listen { addr, error } => {
                Self::Listen { key: "replica.listen".into(), addr, error }
            }
            StartFault::Dir(why) => Self::Dir(why),
            StartFault::System(error) => Self::System(error),
        }
    }
}
