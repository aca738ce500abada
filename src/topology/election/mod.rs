//! Which server is master, given all that is known of the servers.
//!
//! [`Evidence`] goes in, a [`Verdict`] comes out, and [`ElectionState`] keeps what one election
//! remembers for the next. A server is elected only if it reports `role:master` itself.
//!
//! - Where an outside authority (Sentinel, a cluster's configuration) speaks, the server that it
//!   names is master as soon as that server says so. A statement with a higher epoch deposes
//!   the last master at once; one with a lower epoch than the last one is ignored.
//! - Without one, and where several servers claim to be master, the last master keeps the writes
//!   until another claimant is proven: that one continues its history, and its replicas have gone
//!   over or it is silent.

mod authority;
mod elect;
mod evidence;
mod lineage;
mod roles;
mod state;
#[cfg(test)]
mod tests;
mod verdict;

pub use authority::Authority;
pub use elect::elect;
pub use evidence::{Evidence, Promotion, ServerEvidence};
pub use lineage::Lineage;
pub use roles::{Candidate, assign_roles};
pub use state::ElectionState;
pub use verdict::Verdict;
