//! An entry that a group has delivered and no consumer has acknowledged.

/// When an entry was delivered, and to which consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// When it was delivered last, in Unix milliseconds.
    pub(crate) delivered_ms: i64,
    /// How often it was delivered.
    pub(crate) deliveries: u64,
    /// The consumer that it was delivered to.
    pub(crate) owner: Owner,
}

/// A consumer of a group, as the group's pending entries name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(pub(in crate::streams) u32);

impl Owner {
    /// The owner of an entry that was given back: no consumer (Redis 8.8).
    pub(crate) const NOBODY: Self = Self(u32::MAX);
}

impl Pending {
    /// How long ago it was delivered, in milliseconds; below zero if that is to come.
    pub(crate) fn idle(self, now: i64) -> i64 {
        now.wrapping_sub(self.delivered_ms)
    }
}
