//! Whether a replica's data is proven to be recent: from samples to findings.
//!
//! A [`Tracker`] takes [`Sample`](super::Sample)s of one shard's servers, keeps the [`Timeline`] of
//! the master's offset, and judges each replica against the [`Limits`] of the configuration.

mod rejoin;
mod timeline;
mod tracker;

pub use rejoin::{Limits, Membership, Proof};
pub use timeline::Timeline;
pub use tracker::{Tracker, Turn};
