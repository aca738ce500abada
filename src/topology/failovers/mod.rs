//! The failovers that the proxy saw, and what each has lost.
//!
//! A [`LossTracker`] takes the servers' [`Sample`](super::Sample)s and the elected masters. When
//! another history becomes the master's, it compares how far the old history went with where the
//! new one parted from it.

mod failover;
mod histories;
mod tally;
mod tracker;

pub use failover::{Cause, Failover, Loss};
pub use tally::Failovers;
pub use tracker::{Incumbent, LossTracker, News};
