//! An entry that a group delivered and nobody acknowledged.

/// When and to whom it was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// When it was delivered last, in Unix milliseconds.
    pub(crate) delivered_ms: i64,
    /// How often it was delivered.
    pub(crate) deliveries: u64,
    /// Whose it is.
    pub(crate) owner: Owner,
}

/// A consumer of a group, as the group's pending entries name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(pub(in crate::streams) u32);

impl Owner {
    /// Who gave an entry back owns it no more (Redis 8.8).
    pub(crate) const NOBODY: Self = Self(u32::MAX);
}

impl Pending {
    /// How long ago it was delivered, in milliseconds; below zero if that is to come.
    pub(crate) fn idle(self, now: i64) -> i64 {
        now.wrapping_sub(self.delivered_ms)
    }
}
