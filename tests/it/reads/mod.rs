//! Which server answers a read: the shares of the replicas, freshness, and replicas that fail.

mod balance;
mod eviction;
pub mod freshness;
mod freshness_edges;
mod leaving_replicas;
pub mod on_stale;
pub mod replica_faults;
