//! Both sides of replication, as state machines. The replica's side: what to send to a master, and
//! what its bytes mean. The master's side, in [`Source`]: what each replica gets. Bytes and `now` go
//! in, values and bytes come out. The caller owns the sockets, loads and writes payloads and applies
//! the commands.
//!
//! The life of a link to the master, and the type that has each part of it:
//!
//! 1. [`Identity::ask`] says what to ask for; [`Handshake`] asks.
//! 2. [`Outcome::Full`]: [`PayloadReader`] finds the RDB payload; when it is complete and came between
//!    marks, [`Pulse::open_stream`]. Once it is loaded, [`Identity::replaced`], [`Offsets::at`]
//!    and [`Source::restart`].
//! 3. [`Outcome::Continue`]: [`Identity::continued`]. The stream goes on in the database that was
//!    selected when it was cut: no SELECT comes first.
//! 4. The stream: [`StreamReader`] cuts it into units. Of each unit applied, [`Offsets::advance`] and
//!    [`Source::append`] get all bytes.
//! 5. [`Pulse`], all the time: what to send each second, and whether the master has been silent too
//!    long. [`LinkStatus`]: what ROLE and INFO show.
//! 6. The link is cut: [`Offsets::cut`], and from the start. After a [`StreamError`]
//!    [`Identity::distrust`] first.

#![forbid(unsafe_code)]

mod ack;
mod answer;
pub mod aof;
mod backlog;
mod command;
mod handshake;
mod handshake_error;
mod identity;
mod line;
mod link_state;
mod offsets;
mod payload;
#[cfg(test)]
mod samples;
mod source;
mod stream;
mod stream_error;

pub use ack::{Ack, Phase, Pulse, is_getack, write_ack};
pub use backlog::{Backlog, Piece, Shared};
pub use handshake::{Handshake, Introduction, Outcome, Progress, Setting};
pub use handshake_error::{HandshakeError, Retry, Step};
pub use identity::{Ask, Continued, Identity, Position, Refusal};
pub use link_state::{LinkState, LinkStatus};
pub use offsets::Offsets;
pub use payload::{Form, Found, PayloadError, PayloadReader};
pub use source::{
    Announcement, Answer, Begun, CloseReason, Filter, Needs, NotAnOffset, OutputLimits, Plan,
    Policy, Replica, ReplicaState, Source, SourceCounts, Stream, SyncRequest,
};
pub use stream::{ArgsPool, Commands, StreamReader, Unit};
pub use stream_error::StreamError;
