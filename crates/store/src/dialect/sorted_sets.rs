//! Sorted sets.

use super::{Dialect, Vendor};

impl Dialect {
    /// Whether a score without a fraction is packed as an integer, so that -0 becomes 0 (Redis 7.0;
    /// measured).
    pub(crate) fn packs_whole_scores(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether `ZADD` unpacks a sorted set that all its pairs would make too large, even if fewer
    /// members are added.
    pub(crate) fn expects_all_scores(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether `ZRANK` and `ZREVRANK` take `WITHSCORE`.
    pub(crate) fn has_rank_with_score(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether `ZPOPMIN` and `ZPOPMAX` refuse a negative count (Redis 7.0; measured).
    pub(crate) fn pops_positive_counts(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether a negative offset of `LIMIT` counts from the end of the range if the set is not
    /// packed. Otherwise the result is empty (measured on Valkey 9.1; not Redis 8.2).
    pub(crate) fn counts_offsets_from_end(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (8, 0)
    }
}
