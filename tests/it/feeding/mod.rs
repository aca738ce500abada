//! The engine feeds other replicas: real servers of each version and other engines attach to its own
//! port, follow it, and come back after cuts.

mod chains;
mod churn;
mod follow;
mod handshake;
mod limits;
mod snapshots;
pub mod support;
mod tier;

use support::*;
