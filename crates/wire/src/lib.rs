//! The protocol of Redis and Valkey: frames, commands, and the values in them.
//!
//! Each module uses only its own layer and those below it; `tests/architecture/layers.rs` checks
//! it.
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | [`glob`] | patterns of keys, channels and names |
//! | 0 | [`resp`] | where a frame ends, what a request says, how a reply is written |
//! | 0 | [`units`] | sizes, addresses, secrets, places in a history |
//! | 1 | [`command`] | one row per command: access, keys, session effect |
//!
//! ```
//! use tidegate_wire::command::{self, Access};
//!
//! let get = command::lookup(b"get").unwrap();
//! assert_eq!(get.access, Access::Read);
//! ```

#![forbid(unsafe_code)]

pub mod command;
pub mod glob;
pub mod resp;
pub mod units;
