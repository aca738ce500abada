//! Streams: the listpacks that hold their entries, and their groups. Nothing here changes one.
//!
//! | file | what it is |
//! |---|---|
//! | `id` | the id of an entry |
//! | `entries` | the entries of a node |
//! | `node` | a listpack of entries |
//! | `groups` | consumer groups, pending entries, and the requests that a stream remembers |

mod entries;
mod groups;
mod id;
mod node;

pub use entries::{Entries as StreamEntries, Entry as StreamEntry};
pub use groups::{Consumer, Group, Idempotence, Pending, Producer};
pub use id::StreamId;
pub use node::StreamNode;

/// A stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its entries, ascending.
    pub nodes: Vec<StreamNode>,
    /// How many entries there are, deleted ones not counted.
    pub length: u64,
    /// The id of the last entry ever added.
    pub last_id: StreamId,
    /// The id of the first entry; 0-0 if there is none.
    pub first_id: StreamId,
    /// The highest id that was deleted.
    pub max_deleted_id: StreamId,
    /// How many were ever added. Servers before 7.0 do not tell; it is the length then.
    pub entries_added: u64,
    /// Its consumer groups.
    pub groups: Vec<Group>,
    /// What makes adding idempotent (Redis 8.6 and later).
    pub idempotence: Option<Idempotence>,
}
