//! Up to which size values stay packed: redis.conf's `hash-max-listpack-entries` and its like.

use super::dialect::Dialect;

/// The limits by which a server packs values. A replica that answers `OBJECT ENCODING` as its
/// master does has to have the master's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// `hash-max-listpack-entries`
    pub hash_entries: usize,
    /// `hash-max-listpack-value`, in bytes.
    pub hash_value: usize,
    /// `list-max-listpack-size`: elements of a node, or, below zero, 4 to 64 KiB.
    pub list_size: i32,
    /// `set-max-intset-entries`
    pub set_ints: usize,
    /// `set-max-listpack-entries`; 0 where sets are never packed (before Redis 7.2).
    pub set_entries: usize,
    /// `set-max-listpack-value`, in bytes.
    pub set_value: usize,
    /// `zset-max-listpack-entries`
    pub zset_entries: usize,
    /// `zset-max-listpack-value`, in bytes.
    pub zset_value: usize,
    /// `stream-node-max-bytes`
    pub stream_node_bytes: usize,
    /// `stream-node-max-entries`
    pub stream_node_entries: usize,
    /// `hll-sparse-max-bytes`
    pub hll_sparse_bytes: usize,
}

impl Packing {
    /// The defaults of a server.
    #[must_use]
    pub fn of(dialect: Dialect) -> Self {
        Self {
            // Measured with `CONFIG GET`.
            hash_entries: if dialect.since((8, 0), (8, 1)) { 512 } else { 128 },
            hash_value: 64,
            list_size: -2,
            set_ints: 512,
            set_entries: if dialect.since_redis((7, 2)) { 128 } else { 0 },
            set_value: 64,
            zset_entries: 128,
            zset_value: 64,
            stream_node_bytes: 4096,
            stream_node_entries: 100,
            hll_sparse_bytes: 3000,
        }
    }
}
