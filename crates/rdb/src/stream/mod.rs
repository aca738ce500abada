//! Streams: the listpacks with their entries, and their groups. Nothing here changes one.
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
    /// The nodes with the entries, ascending.
    pub nodes: Vec<StreamNode>,
    /// The number of entries, deleted ones not counted.
    pub length: u64,
    /// The id of the last entry ever added.
    pub last_id: StreamId,
    /// The id of the first entry; 0-0 if there is none.
    pub first_id: StreamId,
    /// The highest id that was deleted.
    pub max_deleted_id: StreamId,
    /// How many entries were ever added. Servers before 7.0 do not write it; then it is the length.
    pub entries_added: u64,
    /// The consumer groups.
    pub groups: Vec<Group>,
    /// The requests that the stream remembers (Redis 8.6 and later).
    pub idempotence: Option<Idempotence>,
}
