//! In which forms values are kept.

use super::Dialect;

impl Dialect {
    /// Small values are kept in listpacks rather than in ziplists, which is what they are called.
    pub(crate) fn has_listpacks(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Small lists are listpacks, and an element larger than a node may be has one of its own
    /// (Redis 7.2; measured).
    pub(crate) fn packs_lists(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Small sets are listpacks (Redis 7.2; measured).
    pub(crate) fn packs_sets(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Small integers are one object for all keys that have them (measured: up to Redis 8.0,
    /// Valkey 8.0).
    pub(crate) fn shares_integers(self) -> bool {
        !self.since((8, 2), (8, 1))
    }

    /// A sparse HyperLogLog is corrupt where a run of values reaches beyond its last register;
    /// before, the rest was not looked at (measured with 6.2.5 and 7.0.15; patches of 6.2 may be
    /// as strict).
    pub(crate) fn checks_runs_of_values(self) -> bool {
        self.since_redis((7, 0))
    }
}
