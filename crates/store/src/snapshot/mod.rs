//! Snapshots: a store becomes an RDB file, and an RDB file becomes a store.
//!
//! | file | what it is |
//! |---|---|
//! | `load` | the keys of a snapshot enter the store |
//! | `save` | the store is written, at once or in pieces |
//! | `distinct` | whether the names within one value are different |

mod distinct;
mod load;
mod save;

pub(crate) use distinct::has_twice;
pub use load::{InsertError, Loader, Refused, judge};
pub use save::SaveCursor;
