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
//! Pure: requests and the time go in, replies come out. For a replica the store never deletes a key
//! by itself: an expired key reads as missing, and a master's command finds it. For a master,
//! [`Store::execute`] records in [`Effects`] what a command does beside its reply, and deletes
//! expired keys that it meets.
//!
//! The layers. Each uses only those below it, as `tests/architecture/layers.rs` checks, and no two
//! files use each other:
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | `c_text` | text as C functions read it |
//! | 0 | `dialect` | the differences between servers |
//! | 0 | `partial_sort` | a sort that leaves equal elements as the server's does |
//! | 0 | `primitives` | parts of values: hash tables, digests, varints |
//! | 1 | `number` | floating-point numbers as servers read and write them |
//! | 1 | `packing` | the limits up to which values stay packed |
//! | 2 | `call` | what the caller of a command passes and gets |
//! | 3 | `library` | libraries of functions |
//! | 3 | `values` | the values of each type |
//! | 4 | `keyspace` | keys and values at rest |
//! | 5 | `execution` | the functions that run commands, and their contexts |
//! | 6 | `arguments` | arguments that commands of several types share |
//! | 7 | `commands` | the commands of each type, and their table |
//! | 8 | `store` | the [`Store`]: all data of a server, and the way from a request to its command |
//! | 9 | `snapshot` | a store from an RDB file, and back |
//! | 9 | `waiting` | clients that block until a key has what they want |
//! | 9 | `peek` | the inside of a value, for tests |

#![forbid(unsafe_code)]

mod arguments;
mod c_text;
mod call;
mod commands;
mod dialect;
mod execution;
mod keyspace;
mod library;
mod number;
mod packing;
mod partial_sort;
mod peek;
mod primitives;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;
mod values;
mod waiting;

pub use arguments::subcommand::{syntax as subcommand_syntax, unknown as unknown_subcommand};
pub use call::{
    Budget, CallContext, Change, CommandError, Effects, EventClass, EventClasses, Evicted,
    Eviction, EvictionPolicy, ExpireCycle, Keyspace, KeyspaceEvent, LazyFree, Outcome, Replicated,
    Wanted,
};
pub use commands::WaitingRead;
pub use dialect::{Dialect, Vendor};
pub use keyspace::{Former, OpaqueNews};
pub use packing::Packing;
#[doc(hidden)]
pub use peek::Peek;
pub use primitives::InsertError;
pub use snapshot::{Loader, Refused, SaveCursor, judge};
pub use store::Store;
pub use waiting::{Executed, Served, Wait, Waiters};
