//! The values that every floor speaks of: sizes, addresses, secrets, places in a
//! replication history; and how text lines up in columns.
//!
//! What they are, how they read and how they show; nothing here does anything.

mod byte_size;
mod columns;
mod host_port;
mod repl_id;
mod repl_offset;
mod secret;
mod time;

pub use byte_size::{ByteSize, ByteSizeError};
pub use columns::columns;
pub use host_port::{HostPort, HostPortError};
pub use repl_id::{ReplId, ReplIdError};
pub use repl_offset::ReplOffset;
pub use secret::Secret;
pub use time::{micros, millis};
