//! Reads of streams.

use super::Compare::{PendingTimes, Untold};
use super::{ReadTemplate, compared, exact};

pub const TABLE: &[ReadTemplate] = &[
    exact("XLEN {key}"),
    exact("XRANGE {key} - +"),
    exact("XRANGE {key} {old-id} + COUNT {count}"),
    exact("XRANGE {key} ({old-id} {old-id}"),
    exact("XRANGE {key} x +"),
    exact("XREVRANGE {key} + -"),
    exact("XREVRANGE {key} + {old-id} COUNT {count}"),
    exact("XREAD COUNT {count} STREAMS {key} 0"),
    exact("XREAD COUNT {count} STREAMS {key} {stream} {old-id} {old-id}"),
    exact("XREAD STREAMS {key} $"),
    exact("XREAD STREAMS {key}"),
    exact("XPENDING {key} {group}"),
    compared(PendingTimes, "XPENDING {key} {group} - + 1000"),
    compared(PendingTimes, "XPENDING {key} {group} IDLE 0 {old-id} + 10 {consumer}"),
    exact("XPENDING {key} nobody"),
    exact("XINFO STREAM {key}"),
    compared(Untold, "XINFO STREAM {key} FULL COUNT 0"),
    compared(Untold, "XINFO STREAM {key} FULL COUNT {count}"),
    compared(Untold, "XINFO GROUPS {key}"),
    compared(Untold, "XINFO CONSUMERS {key} {group}"),
    compared(Untold, "XINFO CONSUMERS {key} nobody"),
];
