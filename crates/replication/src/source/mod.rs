//! The master's side of replication: replicas attach, get a snapshot or the rest of the stream, and
//! follow. The same state machine feeds what a master writes and what a relay receives: the caller
//! appends bytes, and it is all one where they come from.
//!
//! The life of a replica, and the call for each part of it:
//!
//! 1. `REPLCONF` before `PSYNC`: [`Announcement::take`]. `PSYNC` or `SYNC`: [`SyncRequest::parse`],
//!    then [`Source::attach`].
//! 2. A full resync: [`Source::due`] says when a snapshot is to begin and for which replicas;
//!    [`Source::begin`] when it has begun; [`Source::written`] and [`Source::sending`] while it goes
//!    out; [`Source::transferred`] when a replica has all of it.
//! 3. The stream: [`Source::append`] adds to it, [`Source::stream`] returns what a replica lacks, and
//!    [`Source::sent`] notes what it got. [`Source::ack`] notes how far it is.
//! 4. The end: [`Stream::Gone`] says why. [`Source::leave`] forgets the replica.

mod announcement;
mod plan;
mod replica;
mod request;
mod snapshots;
#[expect(clippy::module_inception, reason = "the file has the source itself")]
mod source;

pub use announcement::{Announcement, Answer, Filter};
pub use plan::{Begun, Plan, Policy};
pub use replica::{CloseReason, Needs, Replica, ReplicaState};
pub use request::{NotAnOffset, SyncRequest};
pub use source::{OutputLimits, Source, SourceCounts, Stream};
