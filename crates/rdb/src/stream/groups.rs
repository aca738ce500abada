//! The consumer groups of a stream, and the requests that it remembers.

use super::id::StreamId;

/// A consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Vec<u8>,
    /// The last entry it delivered.
    pub last_id: StreamId,
    /// How many it has read; servers before 7.0 do not tell, later ones may not know.
    pub entries_read: Option<u64>,
    /// What was delivered and not acknowledged, ascending.
    pub pending: Vec<Pending>,
    /// Its consumers.
    pub consumers: Vec<Consumer>,
    /// Pending entries that a consumer gave back, in their order (Redis 8.8 and later).
    pub nacked: Vec<StreamId>,
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which entry. It may have been deleted since.
    pub id: StreamId,
    /// When it was delivered last, in Unix milliseconds.
    pub delivered_ms: i64,
    /// How often it was delivered.
    pub deliveries: u64,
    /// Its consumer, as an index into the group's consumers; `None` only for an entry that was
    /// given back.
    pub consumer: Option<usize>,
}

/// A consumer of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: Vec<u8>,
    /// When it was last seen, in Unix milliseconds.
    pub seen_ms: i64,
    /// When it last got something; -1 is never. Servers before 7.2 do not tell.
    pub active_ms: Option<i64>,
}

/// What is known of the requests that added entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotence {
    /// How long a request is remembered.
    pub duration: u64,
    /// How many are.
    pub max_size: u64,
    /// The producers that added entries.
    pub producers: Vec<Producer>,
    /// How many were added.
    pub added: u64,
    /// How many came twice.
    pub duplicates: u64,
}

/// A producer, which adds entries under an id of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// Its name.
    pub name: Vec<u8>,
    /// The ids of its requests, and the entries they added.
    pub requests: Vec<(Vec<u8>, StreamId)>,
}
