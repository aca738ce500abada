//! The time of day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tidegate_wire::units::millis;

/// The time since 1970.
#[must_use]
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time since 1970, in milliseconds.
#[must_use]
pub fn unix_ms() -> u64 {
    millis(since_1970())
}
