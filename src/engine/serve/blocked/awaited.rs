//! What a client waits for in a command.

use super::acks::Acks;
use tidegate_store::WaitingRead;
use tidegate_wire::units::ReplOffset;

/// What a client waits for.
#[derive(Debug)]
pub(in crate::engine::serve) enum Awaited {
    /// A replica's client waits for entries of streams (`XREAD ... BLOCK`). The port looks for them
    /// when the data have changed.
    Read {
        read: WaitingRead,
        /// The offset of the data at the last check.
        seen: Option<ReplOffset>,
    },
    /// A master's client waits for keys. The master serves it.
    Keys {
        /// The bytes of the request.
        bytes: usize,
    },
    /// A master's client waits for the end of its script.
    Script,
    /// The client waits for the end of the process, or for that of its `SHUTDOWN`.
    Shutdown,
    /// A master's client waits for acks of replicas, or of the own disk (`WAIT`, `WAITAOF`).
    Acks(Acks),
}

impl Awaited {
    /// Returns the bytes of the request.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Read { read, .. } => read.bytes(),
            Self::Keys { bytes } => *bytes,
            Self::Script | Self::Shutdown | Self::Acks(_) => 0,
        }
    }
}
