//! The servers behind the proxy: which one is master of a shard, which replicate from it, and which
//! may serve reads now.
//!
//! What servers report comes in ([`Observation`], [`Sample`]); an immutable [`Topology`] of
//! [`Shard`]s comes out ([`elect()`], [`assign_roles()`]). Its structure changes seldom and is
//! replaced whole. The numbers that change all the time are in each backend's [`Health`], which all
//! snapshots share. The module sends no question to a server and reads no clock.

mod backend;
mod election;
mod failovers;
mod fence;
mod freshness;
mod health;
mod hold;
mod pass;
mod progress;
mod report;
mod reported;
mod sentinel_overview;
mod shard;
mod snapshot;
mod standing;
mod touch_budget;
mod write_gate;

pub use backend::{Backend, BackendId, Role};
pub use election::{
    Authority, Candidate, ElectionState, Evidence, Lineage, Promotion, ServerEvidence, Verdict,
    assign_roles, elect,
};
pub use failovers::{Cause, Failover, Failovers, Incumbent, Loss, LossTracker, News};
pub use fence::Fence;
pub use freshness::{Limits, Membership, Proof, Timeline, Tracker, Turn};
pub use health::{Health, SharedLoad};
pub use hold::{Hold, HoldReason};
pub use pass::Pass;
pub use progress::{FallbackRank, Finding, Freshness, Progress, StaleReason};
pub use report::Report;
pub use reported::{
    Attached, LinkState, Module, Observation, Sample, ServerRole, ServerVersion, scan_tag,
};
pub use sentinel_overview::{SentinelOverview, SentinelStatus};
pub use shard::{Shard, ShardId};
pub use snapshot::Topology;
pub use standing::{Standing, WritePlace};
pub use touch_budget::{Executed, TouchBudget};
pub use write_gate::WriteGate;
