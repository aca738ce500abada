//! What Sentinels report about one master, and what a majority of them says.
//!
//! Replies and messages go in as text, a [`crate::topology::Authority`] comes out. The module asks no
//! server itself.

mod event;
mod majority;
mod report;

pub use event::{CHANNELS, Event, FailoverStage};
pub use majority::{Heard, Member, Sentinels};
pub use report::{Fields, Report, ReportError, ReportedReplica};
