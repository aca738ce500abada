//! `[writes]`: when the proxy accepts writes, and when it confirms them.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{Choice, Integer, OneOf, OrOff, Size, Time};
use tidegate_wire::units::ByteSize;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

section! {
    /// `[writes]`: the write gate, and semi-synchronous writes.
    pub struct Writes = "writes" {
        /// How many replicas have to be in sync for the proxy to accept writes, 0 to 1024; 0 means
        /// no write gate. redis.conf: `min-replicas-to-write`.
        "min-replicas-to-write" => min_replicas_to_write: u32 = 0, Integer(0, 1024), Live;

        /// How old the data of a replica in sync may be, 1 ms to 1 h.
        /// redis.conf: `min-replicas-max-lag`, which limits the age of the last ack only.
        "min-replicas-max-lag" => min_replicas_max_lag: Duration = Duration::from_secs(10),
            Time(MILLISECOND, HOUR), Live;

        /// How many bytes it may be behind, 1 to 1 TiB; "off" means any number.
        "min-replicas-max-lag-bytes" => min_replicas_max_lag_bytes: Option<ByteSize> = None,
            OrOff(Size(ByteSize::new(1), ByteSize::new(1 << 40))), Live;

        /// What the proxy does with writes while too few replicas are in sync.
        "on-closed" => on_closed: OnClosed = OnClosed::Error, OneOf::<OnClosed>::new(), Live;

        /// How long a held write waits before it is refused, 1 ms to 1 h.
        "hold-timeout" => hold_timeout: Duration = Duration::from_secs(1),
            Time(MILLISECOND, HOUR), Live;

        /// How long requests that need the master wait while it is being replaced or out of reach,
        /// 1 ms to 1 h; zero means that they are refused at once.
        "failover-hold" => failover_hold: Duration = Duration::from_secs(10),
            Time(Duration::ZERO, HOUR), Live;

        /// The most clients whose writes are held at a time, 1 to 1000000; more are refused.
        "hold-max-clients" => hold_max_clients: u32 = 10_000, Integer(1, 1_000_000), Live;

        /// The most bytes of held writes, 1 kb to 64 gb; more are refused.
        "hold-max-bytes" => hold_max_bytes: ByteSize = ByteSize::new(64 << 20),
            Size(ByteSize::new(1 << 10), ByteSize::new(64 << 30)), Live;

        /// How many replicas have to acknowledge a write before the client gets its reply, 0 to
        /// 1024; 0 means that replies do not wait.
        "wait-replicas" => wait_replicas: u32 = 0, Integer(0, 1024), Live;

        /// How long a reply waits for these replicas, 1 ms to 1 h.
        "wait-timeout" => wait_timeout: Duration = Duration::from_secs(1),
            Time(MILLISECOND, HOUR), Live;
    }
}

/// What the proxy does with writes while the write gate is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnClosed {
    /// It refuses them with `-NOREPLICAS`.
    Error,
    /// It holds them until the gate opens.
    Hold,
}

impl Choice for OnClosed {
    const ALL: &'static [Self] = &[Self::Error, Self::Hold];

    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Hold => "hold",
        }
    }
}
