//! Lengths of time as the numbers that cross threads and the wire.

use std::time::Duration;

/// Whole milliseconds; more than fit are as many as fit.
#[must_use]
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Whole microseconds; more than fit are as many as fit.
#[must_use]
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
