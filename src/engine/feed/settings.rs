//! The keys of `[replica]` that concern sub-replicas, as the source takes them.

use crate::config::Replica;
use tidegate_replication::{OutputLimits, Policy};
use tidegate_wire::units::{ByteSize, millis};

/// Returns when snapshots begin.
pub(super) fn policy(config: &Replica) -> Policy {
    Policy {
        is_diskless: config.repl_diskless_sync,
        delay_ms: millis(config.repl_diskless_sync_delay),
        max_replicas: usize::try_from(config.repl_diskless_sync_max_replicas).unwrap_or(usize::MAX),
    }
}

/// Returns how much of the stream may wait for a replica.
pub(super) fn limits(config: &Replica) -> OutputLimits {
    let class = &config.client_output_buffer_limit_replica;
    let bytes = |limit: Option<ByteSize>| limit.map_or(u64::MAX, ByteSize::bytes);
    OutputLimits {
        hard: bytes(class.hard),
        soft: bytes(class.soft),
        soft_ms: millis(class.soft_for),
    }
}
