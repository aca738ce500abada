//! `[writes]`: when writes are let through, and when they count as done.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{Choice, Integer, OneOf, OrOff, Size, Time};
use tidegate_wire::units::ByteSize;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

section! {
    /// `[writes]`: the write gate, and semi-synchronous writes.
    pub struct Writes = "writes" {
        /// Replicas that have to keep up for writes to be let through, 0 to 1024; 0 is no gate.
        /// redis.conf: `min-replicas-to-write`.
        "min-replicas-to-write" => min_replicas_to_write: u32 = 0, Integer(0, 1024), Live;

        /// How old the data of a replica that keeps up may be, 1 ms to 1 h.
        /// redis.conf: `min-replicas-max-lag`, which looks at the age of the last ack only.
        "min-replicas-max-lag" => min_replicas_max_lag: Duration = Duration::from_secs(10),
            Time(MILLISECOND, HOUR), Live;

        /// How many bytes it may be behind, 1 to 1 TiB; `None` is any number.
        "min-replicas-max-lag-bytes" => min_replicas_max_lag_bytes: Option<ByteSize> = None,
            OrOff(Size(ByteSize::new(1), ByteSize::new(1 << 40))), Live;

        /// What becomes of writes while too few replicas keep up.
        "on-closed" => on_closed: OnClosed = OnClosed::Error, OneOf::<OnClosed>::new(), Live;

        /// How long a held write waits before it is refused, 1 ms to 1 h.
        "hold-timeout" => hold_timeout: Duration = Duration::from_secs(1),
            Time(MILLISECOND, HOUR), Live;

        /// How many clients' writes are held at a time, 1 to 1000000; more are refused.
        "hold-max-clients" => hold_max_clients: u32 = 10_000, Integer(1, 1_000_000), Live;

        /// How many bytes of held writes there may be, 1 kb to 64 gb; more are refused.
        "hold-max-bytes" => hold_max_bytes: ByteSize = ByteSize::new(64 << 20),
            Size(ByteSize::new(1 << 10), ByteSize::new(64 << 30)), Live;

        /// A write is answered when this many replicas have acknowledged it, 0 to 1024; 0 waits
        /// for none.
        "wait-replicas" => wait_replicas: u32 = 0, Integer(0, 1024), Live;

        /// How long they have for it, 1 ms to 1 h.
        "wait-timeout" => wait_timeout: Duration = Duration::from_secs(1),
            Time(MILLISECOND, HOUR), Live;
    }
}

/// What becomes of writes while the gate is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnClosed {
    /// `-NOREPLICAS`.
    Error,
    /// They wait for the gate to open.
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
