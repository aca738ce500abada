//! A step of an iteration (SCAN and its like) that is in flight.

use crate::session::cursor;

/// A step of an iteration (SCAN and its like) that is in flight.
#[derive(Debug)]
pub(in crate::client) struct ScanStep {
    /// The first step of the same iteration, for the case that the process that began it is gone.
    /// It returns every key that was there throughout, some of them twice, as SCAN allows.
    pub(in crate::client) from_start: Vec<u8>,
    /// The server process that the cursor belongs to.
    pub(in crate::client) tag: Option<u32>,
}

impl ScanStep {
    /// The step that `frame` is, whose argument `at` is the cursor.
    pub(in crate::client) fn of(frame: &[u8], at: usize, tag: Option<u32>) -> Self {
        Self { from_start: cursor::with_cursor(frame, at, 0), tag }
    }
}
