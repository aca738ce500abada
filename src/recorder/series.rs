//! The points of a class and of a server, one per second.

use super::SECONDS;
use super::ring::Ring;
use crate::topology::Freshness;

/// The value for "not known".
const NONE: u32 = u32::MAX;

/// `value` as it is kept.
pub(super) fn kept(value: Option<u64>) -> u32 {
    value.map_or(NONE, |it| u32::try_from(it).unwrap_or(NONE - 1).min(NONE - 1))
}

/// A kept value; `None` if it is not known.
pub(super) fn known(value: u32) -> Option<u32> {
    (value != NONE).then_some(value)
}

/// A class in one second.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClassPoint {
    /// Requests.
    pub(super) requests: u32,
    /// Percentiles of their durations, in microseconds.
    pub(super) p50_us: u32,
    pub(super) p99_us: u32,
}

/// A second without a sample.
impl Default for ClassPoint {
    fn default() -> Self {
        Self { requests: NONE, p50_us: NONE, p99_us: NONE }
    }
}

/// A server in one second.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServerPoint {
    pub(super) lag_ms: u32,
    /// Reads that it got.
    pub(super) reads: u32,
    /// The state of its data; `None` for the master, and for a second without a sample.
    pub(super) state: Option<Freshness>,
}

/// A second without a sample.
impl Default for ServerPoint {
    fn default() -> Self {
        Self { lag_ms: NONE, reads: NONE, state: None }
    }
}

/// The series of a class.
pub(super) type ClassSeries = Ring<ClassPoint, SECONDS>;

/// The series of a server.
#[derive(Clone, Debug)]
pub(super) struct ServerSeries {
    pub(super) id: u32,
    pub(super) addr: String,
    pub(super) points: Ring<ServerPoint, SECONDS>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_unknown() {
        assert_eq!(known(kept(None)), None);
        assert_eq!(known(kept(Some(7))), Some(7));
        assert_eq!(known(kept(Some(u64::MAX))), Some(u32::MAX - 1));
    }
}
