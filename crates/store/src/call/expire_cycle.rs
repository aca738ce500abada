//! What one call of a master's active expiry did.

/// What a call of [`crate::Store::expire_cycle`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpireCycle {
    /// How many keys were looked at.
    pub visited: usize,
    /// How many keys and fields were removed.
    pub removed: usize,
    /// Whether the call ended by its budget while a notable share of the keys was expired, so that
    /// the next call should come soon.
    pub is_behind: bool,
}
