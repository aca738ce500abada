//! The engine's data: databases of keys, and every command that reads or changes them.
//!
//! ```
//! use tidegate_wire::resp::RespVersion;
//! use tidegate_store::{CallContext, Dialect, Store};
//!
//! let mut store = Store::new(16, Dialect::default(), 42);
//! let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
//! let mut out = Vec::new();
//! store.write(context, &[b"SET", b"key", b"value"], &mut out);
//! store.read(context, &[b"GET", b"key"], &mut out);
//! assert_eq!(out, b"+OK\r\n$5\r\nvalue\r\n");
//! ```
//!
//! Pure: requests and the time go in, replies come out. Never deletes a key by itself: what has
//! expired reads as missing, and a master's command finds it.
//!
//! | room or file | what it is |
//! |---|---|
//! | `store` | the [`Store`]: all data of a server |
//! | `commands` | every command, by name |
//! | `strings`, `lists`, `sets`, `hashes`, `sorted_sets`, `geo`, `streams`, `keys` | values and commands, a room for each type |
//! | `call` | one call of a command |
//! | `arguments` | the words of a request |
//! | `keyspace` | keys and values at rest |
//! | `snapshot` | RDB files |
//! | `digest` | `DEBUG DIGEST` |
//! | `dialect`, `packing` | what differs between versions; up to which size values stay packed |
//! | `library` | libraries of functions |
//! | [`glob`], `number`, `partial_sort` | patterns, numbers, a sort that equals the server's |
//! | `peek` | the inside of a value, for tests |

#![forbid(unsafe_code)]

mod arguments;
mod call;
mod commands;
mod dialect;
mod digest;
mod geo;
pub mod glob;
mod hashes;
mod keys;
mod keyspace;
mod library;
mod lists;
mod number;
mod packing;
mod partial_sort;
mod peek;
mod sets;
mod snapshot;
mod sorted_sets;
mod store;
mod streams;
mod strings;

pub use arguments::subcommand::{syntax as subcommand_syntax, unknown as unknown_subcommand};
pub use call::{Budget, CallContext, CommandError, Keyspace, Outcome};
pub use dialect::{Dialect, Vendor};
pub use keyspace::{Former, OpaqueNews};
pub use packing::Packing;
#[doc(hidden)]
pub use peek::Peek;
pub use snapshot::{InsertError, Loader, Refused, SaveCursor, judge};
pub use store::Store;
pub use streams::WaitingRead;
