//! Keys and their values at rest: databases, and what a snapshot or a reader sees of them.
//!
//! | file | what it is |
//! |---|---|
//! | `value` | a value in hand: owned by a writer, borrowed by a reader |
//! | `module`, `opaque` | values that are kept as they came |
//! | `slot` | a key at rest, small values beside it |
//! | `opaque_count` | how many keys hold values that cannot be read |
//! | `snapshot_view` | the keys as they were when a snapshot began |
//! | `former` | removed values that the caller has still to free |
//! | `database` | one database |
//! | `dataset` | all databases of a server, and what else it saves |

mod database;
mod dataset;
mod former;
mod module;
mod opaque;
mod opaque_count;
mod slot;
mod snapshot_view;
mod value;

pub(crate) use database::Database;
pub(crate) use dataset::Dataset;
pub use former::Former;
pub(crate) use opaque::Opaque;
pub use opaque::OpaqueNews;
pub(crate) use opaque_count::OpaqueCount;
pub(crate) use slot::{SMALL, Slot};
pub(crate) use value::{Typed, Value, ValueRef};
