//! The engine: a replica within this process. It follows a master, holds its data, answers reads.
//!
//! | file | what it is |
//! |---|---|
//! | `engine` | the [`Engine`]: what all its threads and its readers share |
//! | `facts` | what is known of the link and of the data's history |
//! | `start` | its threads |
//! | `link` | the connection to the master: again and again, for ever |
//! | `follow` | one connection, from the first PING to its end |
//! | `wire` | its socket: bytes in, acks out, time-outs |
//! | `transfer` | a full resync: the payload received, loaded, caught up with |
//! | `loading` | a load that is under way |
//! | `late` | what comes of the stream meanwhile |
//! | `spool` | a file that is written and read at the same time |
//! | `temporary` | files of use to one run only |
//! | `snapshot` | the data on the disk |
//! | `saves` | how saving goes |
//! | `keeping` | a payload becomes the data on the disk |
//! | `load` | a snapshot becomes a store |
//! | `apply` | the stream becomes changes of the store |
//! | `locked` | the data, locked to be changed; given up where a change may be half made |
//! | `turns` | long reads and the link take turns |
//! | `slow_reads` | reads that cost too much for a worker |
//! | `background` | work on a thread of its own: to free former data, to answer slow reads |
//! | `memory` | how much is in use |
//! | `observe` | the engine as the monitor sees it |
//! | `hub` | who is subscribed, who monitors: messages to them |
//! | `figures` | the engine in numbers, for metrics |
//! | `port` | its own port: a Redis replica to whoever connects |
//! | `read` | its data, as clients read them in place |
//! | `rights`, `acl` | what the proxy's login may read at the servers, and so in place |
//! | `fault` | why a link ended, and when to try again |
//!
//! Reads never wait for the master, and the master never waits for reads: the payload is loaded
//! beside the old data, and the stream is applied in short slices.

mod acl;
mod apply;
mod background;
mod control;
#[expect(clippy::module_inception, reason = "the engine's engine")]
mod engine;
mod facts;
mod fault;
mod figures;
mod follow;
mod hub;
mod keeping;
mod late;
mod link;
mod load;
mod loading;
mod locked;
mod memory;
mod observe;
mod port;
mod read;
mod rights;
mod saves;
mod slow_reads;
mod snapshot;
mod spool;
mod start;
mod temporary;
mod told;
mod transfer;
mod turns;
mod wire;

pub use engine::Engine;
pub use observe::COUNTS_FIELD;
pub use read::{Answered, Room, Stop};
pub use slow_reads::SlowRead;
pub use snapshot::SaveError;
pub use start::{StartFault, start};
pub use temporary::check_dir;
