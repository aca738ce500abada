//! Streams and their groups.

use super::{Dialect, Vendor};

impl Dialect {
    /// Whether XREADGROUP puts the last id of the group into the stream, even if each entry became
    /// pending (Redis 7.2; measured: Redis 8.2, Valkey 9.1; not Redis 7.0).
    pub(crate) fn propagates_group_ids(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether the size of a stream's node includes the new entry and deleted entries (Redis 6.2.6
    /// and 7.0; measured on 6.2.5, 7.0.15).
    pub(crate) fn fills_nodes_exactly(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether the number of entries that a group has read is counted only from the stream's first
    /// entry on, if none was deleted beyond the group's last one (measured: not 7.0.15, but 8.2.3,
    /// Valkey 9.1).
    pub(crate) fn counts_read_from_first(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// Whether `XADD key 5-*` is allowed (Redis 7.0).
    pub(crate) fn has_partial_stream_ids(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether streams have the number of added entries and the highest deleted id (Redis 7.0).
    pub(crate) fn has_stream_counters(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether `XSETID` refuses an id below the highest deleted one (measured: not 7.0.15).
    pub(crate) fn checks_deleted_stream_id(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether there are `KEEPREF`, `DELREF` and `ACKED` (Redis 8.2).
    pub(crate) fn has_stream_references(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 2)
    }

    /// Whether `XREAD STREAMS key +` is allowed (Redis 7.4).
    pub(crate) fn reads_last_entry(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// Whether `BLOCK` refuses a time that is out of range (measured: not 7.0.15).
    pub(crate) fn checks_timeouts(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether the error about words that are missing from `XREAD` names the command (measured: not
    /// 7.0.15).
    pub(crate) fn names_unbalanced_reads(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether that error mentions `+` (measured: 8.2.3, not Valkey 9.1).
    pub(crate) fn names_plus_in_reads(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (7, 4)
    }

    /// Whether a consumer is created and counts as seen even if there is no entry for it (Redis
    /// 7.2).
    pub(crate) fn creates_idle_consumers(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether claiming a deleted entry acknowledges it (Redis 7.0).
    pub(crate) fn acknowledges_missing_entries(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether `XINFO` shows when a consumer last got an entry (Redis 7.2).
    pub(crate) fn shows_active_time(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether `ENTRIESREAD` is at most the number of entries there ever were (measured: 8.2.3, not
    /// 7.0.15, not Valkey 9.1).
    pub(crate) fn limits_entries_read(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 2)
    }

    /// Whether the entries that a group has read count for its lag only if its last entry is not
    /// before the stream's first one, and no group lags behind a stream without entries (measured:
    /// 8.2.3, not 7.0.15, not Valkey 9.1).
    pub(crate) fn counts_lag_from_first(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 0)
    }
}
