//! The monitor before real and fake servers: which servers it finds, how it judges them, what it
//! costs them.

mod answers;
pub mod discovery;
pub mod failover;
mod names;
pub mod probe_cost;
mod slow_master;
mod watch;
