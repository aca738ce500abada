//! The writes that all clients hold at the write gate.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::config::Writes;

/// The writes that all clients hold at the write gate.
#[derive(Debug, Default)]
pub struct HeldWrites {
    clients: AtomicUsize,
    bytes: AtomicU64,
}

impl HeldWrites {
    /// Clients whose writes are held.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.load(Relaxed)
    }

    /// Takes room for one more; fails with the limit that forbids it.
    pub(crate) fn enter(&self, bytes: u64, config: &Writes) -> Result<(), Full> {
        if self.clients.fetch_add(1, Relaxed) >= config.hold_max_clients as usize {
            self.clients.fetch_sub(1, Relaxed);
            return Err(Full::Clients);
        }
        if self.bytes.fetch_add(bytes, Relaxed) + bytes > config.hold_max_bytes.bytes() {
            self.leave(bytes);
            return Err(Full::Bytes);
        }
        Ok(())
    }

    pub(crate) fn leave(&self, bytes: u64) {
        self.clients.fetch_sub(1, Relaxed);
        self.bytes.fetch_sub(bytes, Relaxed);
    }
}

/// Why nothing more can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// `writes.hold-max-clients` is met.
    Clients,
    /// `writes.hold-max-bytes` is met.
    Bytes,
}

impl Full {
    /// The key of proxy.toml that sets the limit.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Clients => "writes.hold-max-clients",
            Self::Bytes => "writes.hold-max-bytes",
        }
    }
}
