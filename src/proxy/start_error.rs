//! Why the proxy could not start, or had to end.

use crate::config::HostPort;
use crate::engine::StartFault;

/// Why the proxy could not start, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address could not be listened on.
    #[error("cannot listen on {addr}, as {key} says: {error}")]
    Listen {
        /// The key that names the address.
        key: &'static str,
        /// The address.
        addr: HostPort,
        /// Why.
        error: std::io::Error,
    },
    /// The engine cannot write to its directory.
    #[error("{0}")]
    Dir(String),
    /// A worker panicked time and again. The proxy ran until then.
    #[error("a worker cannot be kept running; the log says why")]
    Worker,
    /// The system refused a thread, a timer or a signal handler.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

impl From<StartFault> for StartError {
    fn from(fault: StartFault) -> Self {
        match fault {
            StartFault::Listen { addr, error } => {
                Self::Listen { key: "replica.listen", addr, error }
            }
            StartFault::Dir(why) => Self::Dir(why),
            StartFault::System(error) => Self::System(error),
        }
    }
}
