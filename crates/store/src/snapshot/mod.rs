//! Snapshots: a store becomes an RDB file, and an RDB file becomes a store.
//!
//! | file | what it is |
//! |---|---|
//! | `load` | the keys of a snapshot enter the store |
//! | `save` | the store is written, at once or in pieces |

mod load;
mod save;

pub use load::{Loader, Refused, judge};
pub use save::SaveCursor;
