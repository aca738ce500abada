//! The forms in which values are kept.

use super::Dialect;

impl Dialect {
    /// Whether small values are kept in listpacks, and not in ziplists, and named so.
    pub(crate) fn has_listpacks(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether small lists are listpacks, and an element that is larger than a node has one of its
    /// own (Redis 7.2; measured).
    pub(crate) fn packs_lists(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether small sets are listpacks (Redis 7.2; measured).
    pub(crate) fn packs_sets(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether keys with the same small integer share one object (measured: up to Redis 8.0, Valkey
    /// 8.0).
    pub(crate) fn shares_integers(self) -> bool {
        !self.since((8, 2), (8, 1))
    }

    /// Whether a sparse HyperLogLog is corrupt if a run of values reaches beyond its last register.
    /// Older servers ignore the rest of the run (measured with 6.2.5 and 7.0.15; patches of 6.2 may
    /// be as strict).
    pub(crate) fn checks_runs_of_values(self) -> bool {
        self.since_redis((7, 0))
    }
}
