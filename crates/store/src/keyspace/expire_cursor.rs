//! Where the active expiry of a master goes on.

/// The places at which the walk for expired keys goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExpireCursor {
    pub(crate) db: usize,
    /// The place in each database.
    pub(crate) cursors: Vec<u64>,
}
