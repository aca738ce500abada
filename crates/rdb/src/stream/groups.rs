//! The consumer groups of a stream, and the requests that it remembers.

use super::id::StreamId;

/// A consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name of the group.
    pub name: Vec<u8>,
    /// The last entry that the group delivered.
    pub last_id: StreamId,
    /// How many entries the group has read. Servers before 7.0 do not write it, and for later ones
    /// it may be unknown.
    pub entries_read: Option<u64>,
    /// The entries that were delivered and not acknowledged, ascending.
    pub pending: Vec<Pending>,
    /// The consumers of the group.
    pub consumers: Vec<Consumer>,
    /// Pending entries that a consumer gave back, in their order (Redis 8.8 and later).
    pub nacked: Vec<StreamId>,
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The id of the entry, which may have been deleted since.
    pub id: StreamId,
    /// When the entry was delivered last, in Unix milliseconds.
    pub delivered_ms: i64,
    /// How often the entry was delivered.
    pub deliveries: u64,
    /// The consumer, as an index into the group's consumers; `None` only for an entry that was
    /// given back.
    pub consumer: Option<usize>,
}

/// A consumer of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The name of the consumer.
    pub name: Vec<u8>,
    /// When the consumer was last seen, in Unix milliseconds.
    pub seen_ms: i64,
    /// When the consumer last got an entry; -1 is never. Servers before 7.2 do not write it.
    pub active_ms: Option<i64>,
}

/// What a stream remembers of the requests that added entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotence {
    /// How long a request is remembered.
    pub duration: u64,
    /// How many requests are remembered.
    pub max_size: u64,
    /// The producers that added entries.
    pub producers: Vec<Producer>,
    /// How many entries were added.
    pub added: u64,
    /// How many requests came twice.
    pub duplicates: u64,
}

/// A producer, which adds entries under an id of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// The name of the producer.
    pub name: Vec<u8>,
    /// The ids of its requests, and the entries that they added.
    pub requests: Vec<(Vec<u8>, StreamId)>,
}
