//! The monitor before real and fake servers: which servers it finds, how it judges them, what it
//! costs them.

mod answers;
mod discovery;
mod failover;
mod probe_cost;
mod slow_master;
mod watch;
