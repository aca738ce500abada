//! Streams and their groups.

use super::{Dialect, Vendor};

impl Dialect {
    /// A stream's node has room by what it would hold: the new entry's bytes count, and entries
    /// that are deleted (Redis 6.2.6 and 7.0; measured on 6.2.5, 7.0.15).
    pub(crate) fn fills_nodes_exactly(self) -> bool {
        self.since_redis((7, 0))
    }

    /// How many entries a group has read is counted on only from the stream's first entry on, if
    /// none was deleted beyond the group's last one (measured: not 7.0.15, but 8.2.3, Valkey 9.1).
    pub(crate) fn counts_read_from_first(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// `XADD key 5-*` (Redis 7.0).
    pub(crate) fn has_partial_stream_ids(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Streams tell how many entries were added and the highest id that was deleted (Redis 7.0).
    pub(crate) fn has_stream_counters(self) -> bool {
        self.since_redis((7, 0))
    }

    /// `XSETID` refuses an id below the highest deleted one (measured: not 7.0.15).
    pub(crate) fn checks_deleted_stream_id(self) -> bool {
        self.since_redis((7, 2))
    }

    /// `KEEPREF`, `DELREF` and `ACKED` (Redis 8.2).
    pub(crate) fn has_stream_references(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 2)
    }

    /// `XREAD STREAMS key +` (Redis 7.4).
    pub(crate) fn reads_last_entry(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// `BLOCK` refuses a time that is beyond all times (measured: not 7.0.15).
    pub(crate) fn checks_timeouts(self) -> bool {
        self.since_redis((7, 2))
    }

    /// The error about words that are missing from `XREAD` names the command (measured: not
    /// 7.0.15).
    pub(crate) fn names_unbalanced_reads(self) -> bool {
        self.since_redis((7, 2))
    }

    /// The same error tells of `+` (measured: 8.2.3, not Valkey 9.1).
    pub(crate) fn names_plus_in_reads(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (7, 4)
    }

    /// A consumer is made and counts as seen even where there is nothing for it (Redis 7.2).
    pub(crate) fn greets_idle_consumers(self) -> bool {
        self.since_redis((7, 2))
    }

    /// To claim an entry that is deleted acknowledges it (Redis 7.0).
    pub(crate) fn forgets_missing_entries(self) -> bool {
        self.since_redis((7, 0))
    }

    /// `XINFO` tells when a consumer last got something (Redis 7.2).
    pub(crate) fn tells_active_time(self) -> bool {
        self.since_redis((7, 2))
    }

    /// `ENTRIESREAD` is at most how many entries there ever were (measured: 8.2.3, not 7.0.15,
    /// not Valkey 9.1).
    pub(crate) fn limits_entries_read(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 2)
    }

    /// What a group has read tells its lag only where its last entry is not before the stream's
    /// first one, and behind a stream without entries no group lags (measured: 8.2.3, not
    /// 7.0.15, not Valkey 9.1).
    pub(crate) fn counts_lag_from_first(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 0)
    }
}
