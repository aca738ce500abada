//! Keys and their values at rest: databases, the tables in them, and what a snapshot or a reader
//! sees of them.
//!
//! | file | what it is |
//! |---|---|
//! | `hasher` | how keys, fields and members are hashed |
//! | `table` | a hash table that grows in small steps |
//! | `kind`, `slot` | a key at rest, small values beside it |
//! | `value` | a value in hand: owned by a writer, borrowed by a reader |
//! | `module`, `opaque` | values that are kept as they came |
//! | `former` | removed values that wait to be freed |
//! | `snapshot_view` | the keys as they were when a snapshot began |
//! | `database` | one database |

mod database;
mod former;
mod hasher;
mod kind;
mod module;
mod opaque;
mod slot;
mod snapshot_view;
mod table;
mod value;

pub(crate) use database::Database;
pub use former::Former;
pub(crate) use hasher::Hasher;
pub(crate) use kind::Kind;
pub(crate) use opaque::Opaque;
pub use opaque::OpaqueNews;
pub(crate) use slot::{SMALL, Slot, push_varint, split_varint, varint_len};
pub(crate) use table::Table;
pub(crate) use value::{Typed, Value, ValueRef};
