//! What a task of the monitor brings home.

use super::learn::LearnError;
use super::probe::Probed;
use crate::topology::BackendId;
use tidegate_wire::command::Learned;

/// The outcome of one task.
#[derive(Debug)]
pub(super) enum Report {
    /// A whole probe.
    Probed(BackendId, Box<Probed>),
    /// The short question for the offset.
    Pulse(BackendId, Box<Probed>),
    /// The commands of the process with this run id.
    Learned(String, Result<Learned, LearnError>),
}
