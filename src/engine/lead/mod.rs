//! The engine as a master.
//!
//! | file | what it is |
//! |---|---|
//! | `promotion` | how a replica becomes a master, and a master a replica |
//! | `master` | a master at work: it executes commands and writes down what follows from them |
//! | `aftermath` | what follows from the effects of a command |
//! | `stream_writer` | the replication stream that its commands write |
//! | `watchers` | the clients that watch keys |
//! | `notifications` | keyspace notifications |
//!
//! It uses `state`. The thread of the engine's port owns the [`Lead`], and executes every write.

mod aftermath;
mod master;
mod notifications;
mod promotion;
mod sent;
mod stream_writer;
mod watchers;

pub(super) use master::{Asked, Delivery, Lead};
pub(super) use notifications::Notifications;
pub(super) use sent::Sent;
pub(super) use watchers::Touched;
