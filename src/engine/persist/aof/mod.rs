//! The append-only file of the engine: every change goes to the disk, and a start loads the data
//! from there. Files and manifest are those of Redis 7, and servers load them.
//!
//! | file | what it is |
//! |---|---|
//! | `stream` | what executes or applies commands appends them here, and waits here for the disk |
//! | `restore` | loads the data at the start |
//! | `replay`, `walk`, `replay_error` | from files to a store |
//! | `rewrite` | a new base replaces all files before it |
//! | `keeper` | the thread that writes, syncs, and begins saves and rewrites when they are due |
//!
//! The machine is `state/saving/aof`; the formats are `tidegate_replication::aof`.
//!
//! # For code that changes the data
//!
//! Each piece of the stream, which is whole commands or transactions, is appended once, in the order
//! of the stream, under the lock of [`LinkInfo`](crate::engine::state::LinkInfo), in front of
//! `Source::append` with the same bytes:
//!
//! ```text
//! // Executed, and the new offset published, under the lock of the store.
//! let mut info = engine.link_info();
//! engine.log_stream(&info, &bytes);        // first the file, then the replicas
//! info.source.append(&bytes);
//! ```
//!
//! - `Engine::publish` comes before `log_stream`: a base that is begun in between has the bytes.
//! - SELECTs of the stream are a part of the bytes. A new file begins with a SELECT of its own: the
//!   engine's `stream_db` has to be that of the published offset.
//! - A change of the history's name (`Identity::promote`, `continued`) is followed by
//!   `Engine::log_name` before any replica is told the name. Data that were replaced are noticed by
//!   their first bytes, and a rewrite follows.
//!
//! `Locked::commit` and the link do so. A master that answers clients has two more calls:
//!
//! - [`Engine::write_objection`](crate::engine::Engine::write_objection) before a write: `-MISCONF`.
//! - `poll_log` behind the requests of a turn, before any of its replies leaves. It writes what was
//!   executed. Under `everysec` and `no` it is ready at once. Under `always` one sync of the keeper's
//!   thread settles all turns that were written before it began.
//!
//! At the start `restore` sets data, offset, history and backlog. A master then takes a new name for
//! its history, as Redis does (`Identity::promote`). Where the end of the file is not proven, `restore`
//! has done so, at the place up to which it is proven: replicas that are not beyond it continue.

mod keeper;
mod replay;
mod replay_error;
mod restore;
mod rewrite;
mod stream;
mod walk;

pub(in crate::engine) use keeper::keep;
pub(in crate::engine) use rewrite::Begun;
