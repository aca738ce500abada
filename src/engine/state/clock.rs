//! The time of day, and new random ids.

pub(in crate::engine) use crate::telemetry::since_1970;
use tidegate_wire::units::ReplId;

/// Returns the milliseconds since 1970, with which expiries are compared.
pub(in crate::engine) fn unix_ms() -> i64 {
    i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX)
}

/// Returns a new id for a replication history, or for a run of the process.
pub(in crate::engine) fn random_id() -> ReplId {
    let mut bits = [0; 20];
    fastrand::fill(&mut bits);
    ReplId::from_random(bits)
}
