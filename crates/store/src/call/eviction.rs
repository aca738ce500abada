//! How a master makes room when its memory is full: `maxmemory-policy` and what belongs to it.

/// Which keys a master evicts (`maxmemory-policy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvictionPolicy {
    /// None: commands that need memory are refused.
    #[default]
    NoEviction,
    /// The keys that were not used for the longest time.
    AllKeysLru,
    /// As [`Self::AllKeysLru`], of the keys that expire.
    VolatileLru,
    /// The keys that are used least often.
    AllKeysLfu,
    /// As [`Self::AllKeysLfu`], of the keys that expire.
    VolatileLfu,
    /// Any keys.
    AllKeysRandom,
    /// Any of the keys that expire.
    VolatileRandom,
    /// The keys that expire soonest.
    VolatileTtl,
}

impl EvictionPolicy {
    /// Every policy.
    pub const ALL: [Self; 8] = [
        Self::NoEviction,
        Self::AllKeysLru,
        Self::VolatileLru,
        Self::AllKeysLfu,
        Self::VolatileLfu,
        Self::AllKeysRandom,
        Self::VolatileRandom,
        Self::VolatileTtl,
    ];

    /// Its name in `maxmemory-policy`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoEviction => "noeviction",
            Self::AllKeysLru => "allkeys-lru",
            Self::VolatileLru => "volatile-lru",
            Self::AllKeysLfu => "allkeys-lfu",
            Self::VolatileLfu => "volatile-lfu",
            Self::AllKeysRandom => "allkeys-random",
            Self::VolatileRandom => "volatile-random",
            Self::VolatileTtl => "volatile-ttl",
        }
    }

    /// Returns the policy of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }

    /// Whether only keys that expire are evicted.
    #[must_use]
    pub const fn is_volatile(self) -> bool {
        use EvictionPolicy::{VolatileLfu, VolatileLru, VolatileRandom, VolatileTtl};
        matches!(self, VolatileLru | VolatileLfu | VolatileRandom | VolatileTtl)
    }

    pub(crate) const fn is_lru(self) -> bool {
        matches!(self, Self::AllKeysLru | Self::VolatileLru)
    }

    pub(crate) const fn is_lfu(self) -> bool {
        matches!(self, Self::AllKeysLfu | Self::VolatileLfu)
    }

    pub(crate) const fn is_random(self) -> bool {
        matches!(self, Self::AllKeysRandom | Self::VolatileRandom)
    }

    /// Whether it has to be known when or how often keys are used.
    pub(crate) const fn tracks(self) -> bool {
        self.is_lru() || self.is_lfu()
    }
}

/// How a master evicts keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eviction {
    /// Which keys are evicted.
    pub policy: EvictionPolicy,
    /// How many keys are compared for one that is evicted: `maxmemory-samples`.
    pub samples: usize,
    /// How slowly the counter of a key's uses grows: `lfu-log-factor`.
    pub lfu_log_factor: u32,
    /// The minutes after which that counter is one less: `lfu-decay-time`; 0 is never.
    pub lfu_decay_time: u32,
}

impl Default for Eviction {
    fn default() -> Self {
        let policy = EvictionPolicy::default();
        Self { policy, samples: 5, lfu_log_factor: 10, lfu_decay_time: 1 }
    }
}

/// What a call of [`crate::Store::evict`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evicted {
    /// How many keys were evicted.
    pub keys: usize,
    /// About how many bytes they took.
    pub bytes: usize,
    /// Whether there was no key left to evict.
    pub is_exhausted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_have_names() {
        for policy in EvictionPolicy::ALL {
            let name = policy.name();
            assert_eq!(EvictionPolicy::named(name), Some(policy));
            assert_eq!(policy.is_volatile(), name.starts_with("volatile"));
            assert_eq!(policy.tracks(), name.ends_with("lru") || name.ends_with("lfu"));
        }
        assert_eq!(EvictionPolicy::named("all"), None);
    }
}
