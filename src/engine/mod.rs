//! The engine: a replica within this process. It follows a master, holds its data, answers reads.
//!
//! | room or file | what it is |
//! |---|---|
//! | `state` | the [`Engine`]: what all its threads and its readers share |
//! | `persist` | the data on the disk |
//! | `sync` | the link to the master |
//! | `lead` | the engine as a master |
//! | `feed` | other replicas attach to the engine and follow it |
//! | `scripting` | scripts and functions, on a thread of their own |
//! | `serve` | the engine's own port: clients connect to it as to a Redis replica |
//! | `read` | reads that the proxy's clients are answered in place |
//! | `tracked_reads` | reads of clients that track keys |
//! | `script_reads` | read-only scripts of the proxy's clients |
//! | `slow_reads` | reads that cost too much for a worker |
//! | `rights` | asks the master what the proxy's login may read, and so in place |
//! | `observe` | the engine as the monitor sees it |
//! | `figures` | the engine in numbers, for metrics |
//! | `start` | the engine's threads |
//!
//! `state` uses no other room; `persist` and `lead` use `state`; `sync` uses all three. Reads never wait for the
//! master, and the master never waits for reads: the link loads a payload beside the old data, and
//! applies the stream in short slices.

mod feed;
mod figures;
mod lead;
mod observe;
mod persist;
mod read;
mod rights;
mod script_reads;
mod scripting;
mod serve;
mod slow_reads;
mod start;
mod state;
mod sync;
mod tracked_reads;

pub use observe::COUNTS_FIELD;
pub use persist::{SaveError, check_dir};
pub use read::{Access, Answered, Room, Stop};
pub use script_reads::{QueuedScript, ScriptAnswer, ScriptRead, ScriptReads};
pub use slow_reads::SlowRead;
pub use start::{StartFault, start};
pub use state::Engine;
