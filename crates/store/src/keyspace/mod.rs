//! Keys and their values at rest: databases, and what a snapshot or a reader sees of them.
//!
//! | file | what it is |
//! |---|---|
//! | `value` | a value in hand: owned by a writer, borrowed by a reader |
//! | `module`, `opaque` | values that are kept as they came |
//! | `slot` | a key at rest, small values beside it |
//! | `access` | when or how often a key was used |
//! | `eviction_pool` | the best keys to evict of those that were sampled |
//! | `opaque_count` | how many keys hold values that cannot be read |
//! | `snapshot_view` | the keys as they were when a snapshot began |
//! | `former` | removed values that the caller has still to free |
//! | `expire_cursor` | where a master looks for expired keys next |
//! | `database` | one database |
//! | `dataset` | all databases of a server, and what else it saves |

mod access;
mod database;
mod dataset;
mod eviction_pool;
mod expire_cursor;
mod former;
mod module;
mod opaque;
mod opaque_count;
mod slot;
mod snapshot_view;
mod value;

pub(crate) use access::Access;
pub(crate) use database::Database;
pub(crate) use dataset::Dataset;
pub(crate) use eviction_pool::EvictionPool;
pub(crate) use expire_cursor::ExpireCursor;
pub use former::Former;
pub(crate) use opaque::Opaque;
pub use opaque::OpaqueNews;
pub(crate) use opaque_count::OpaqueCount;
pub(crate) use slot::{Awaited, SMALL, Slot};
pub(crate) use value::{Typed, Value, ValueRef};
