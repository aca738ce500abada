//! Values that all modules use: sizes, addresses, secrets, places in a replication history, and
//! text in columns.
//!
//! A file has a value, how it is read, and how it is shown.

mod byte_size;
mod columns;
mod host_port;
mod peer_addr;
mod repl_id;
mod repl_offset;
mod secret;
mod time;

pub use byte_size::{ByteSize, ByteSizeError};
pub use columns::columns;
pub use host_port::{HostPort, HostPortError};
pub use peer_addr::PeerAddr;
pub use repl_id::{ReplId, ReplIdError};
pub use repl_offset::ReplOffset;
pub use secret::Secret;
pub use time::{micros, millis};
