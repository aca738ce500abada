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
//! Pure: requests and the time go in, replies come out. The store never deletes a key by itself: an
//! expired key reads as missing, and a master's command finds it.
//!
//! The folders and files, from top to bottom. No two files use each other:
//!
//! | folder or file | what it is |
//! |---|---|
//! | `store` | the [`Store`]: all data of a server, and the way from a request to its command |
//! | `snapshot`, `peek` | a store from an RDB file and back; the inside of a value, for tests |
//! | `commands` | the table of all commands |
//! | `keys`, `geo`, and the `commands` of `strings`, `lists`, `sets`, `hashes`, `sorted_sets`, `streams` | the commands |
//! | `arguments` | the words of a request |
//! | `call` | one call of a command |
//! | `keyspace` | keys and values at rest |
//! | `strings`, `lists`, `sets`, `hashes`, `sorted_sets`, `streams` | the values of each type |
//! | `library` | libraries of functions |
//! | `primitives` | hash tables, digests and other parts of values |
//! | `dialect`, `packing` | what differs between versions; up to which size values stay packed |
//! | [`glob`], `number`, `partial_sort`, `c_text` | patterns, numbers, a sort that equals the server's, C strings |

#![forbid(unsafe_code)]

mod arguments;
mod c_text;
mod call;
mod commands;
mod dialect;
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
mod primitives;
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
pub use primitives::InsertError;
pub use snapshot::{Loader, Refused, SaveCursor, judge};
pub use store::Store;
pub use streams::WaitingRead;
