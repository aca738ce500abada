//! When or how often a key was used: 24 bits, as in Redis (`robj.lru`).

use crate::call::Eviction;

/// The bits of an access.
const BITS: u32 = 24;
const MASK: u32 = (1 << BITS) - 1;
/// The counter of a new key (`LFU_INIT_VAL`).
const INITIAL: u8 = 5;
/// The milliseconds of a second and of a minute.
const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;

/// When a key was last used, in seconds; or the minute of its last use and a counter of uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access(pub(super) u32);

impl Access {
    /// Returns the access of a key that is used now. `before` is that of its last use, if known.
    pub(crate) fn now(before: Option<Self>, now_ms: i64, rules: &Eviction) -> Self {
        if !rules.policy.is_lfu() {
            return Self(low(now_ms / SECOND));
        }
        let counter = match before {
            None => INITIAL,
            Some(before) => grown(before.frequency(now_ms, rules), rules.lfu_log_factor),
        };
        Self((low(now_ms / MINUTE) & 0xffff) << 8 | u32::from(counter))
    }

    /// Returns for how many seconds the key was not used (`estimateObjectIdleTime`).
    pub(crate) fn idle(self, now_ms: i64) -> u32 {
        low(now_ms / SECOND).wrapping_sub(self.0) & MASK
    }

    /// Returns the counter of uses, less what it lost meanwhile (`LFUDecrAndReturn`).
    pub(crate) fn frequency(self, now_ms: i64, rules: &Eviction) -> u8 {
        let [.., counter] = self.0.to_be_bytes();
        let minutes = low(now_ms / MINUTE).wrapping_sub(self.0 >> 8) & 0xffff;
        let lost = minutes.checked_div(rules.lfu_decay_time).unwrap_or(0);
        counter.saturating_sub(u8::try_from(lost).unwrap_or(u8::MAX))
    }
}

/// Returns a counter after one more use (`LFULogIncr`): the higher it is, the less likely it grows.
fn grown(counter: u8, log_factor: u32) -> u8 {
    let base = f64::from(counter.saturating_sub(INITIAL));
    let grows = fastrand::f64() < 1.0 / (base * f64::from(log_factor) + 1.0);
    counter.saturating_add(grows.into())
}

fn low(time: i64) -> u32 {
    u32::try_from(time & i64::from(MASK)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::EvictionPolicy;

    #[test]
    fn an_idle_time_counts_in_seconds_and_wraps() {
        let rules = Eviction { policy: EvictionPolicy::AllKeysLru, ..Eviction::default() };
        let now = 1_800_000_000_000;
        let access = Access::now(None, now, &rules);
        assert_eq!(access.idle(now + 999), 0);
        assert_eq!(access.idle(now + 70_000), 70);
        let late = i64::from(MASK) * SECOND;
        assert_eq!(Access::now(None, late, &rules).idle(late + 2000), 2);
    }

    #[test]
    fn a_counter_grows_slowly_and_decays() {
        let rules = Eviction { policy: EvictionPolicy::AllKeysLfu, ..Eviction::default() };
        let now = 1_800_000_000_000;
        let mut access = Access::now(None, now, &rules);
        assert_eq!(access.frequency(now, &rules), INITIAL);
        for _ in 0..100_000 {
            access = Access::now(Some(access), now, &rules);
        }
        let high = access.frequency(now, &rules);
        // Redis's documentation: about 142 after 100,000 uses with factor 10.
        assert!((100..200).contains(&high), "{high}");
        assert_eq!(access.frequency(now + 10 * MINUTE, &rules), high - 10);
        assert_eq!(access.frequency(now + 1000 * MINUTE, &rules), 0);
        let never = Eviction { lfu_decay_time: 0, ..rules };
        assert_eq!(access.frequency(now + 1000 * MINUTE, &never), high);
    }
}
