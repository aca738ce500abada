//! An entry that a group has delivered and no consumer has acknowledged.

/// When an entry was delivered, and to which consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// When the entry was delivered last, in Unix milliseconds.
    pub(crate) delivered_ms: i64,
    /// How often the entry was delivered.
    pub(crate) deliveries: u64,
    /// The consumer to which the entry was delivered.
    pub(crate) owner: Owner,
}

/// The number of a consumer, as pending entries have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(pub(in crate::values::streams) u32);

impl Owner {
    /// The owner of an entry that was given back: no consumer (Redis 8.8).
    pub(crate) const NONE: Self = Self(u32::MAX);
}

impl Pending {
    /// For how long the entry has been idle, in milliseconds; negative if it is delivered in the
    /// future.
    pub(crate) fn idle(self, now: i64) -> i64 {
        now.wrapping_sub(self.delivered_ms)
    }
}
