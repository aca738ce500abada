//! What follows from the servers' answers: which server is master of a shard, which replicas are
//! fresh, and what the workers get to see.

pub(in crate::monitor) mod changes;
pub(in crate::monitor) mod election;
pub(in crate::monitor) mod embedded;
pub(in crate::monitor) mod evidence;
pub(in crate::monitor) mod failover_watch;
pub(in crate::monitor) mod freshness;
pub(in crate::monitor) mod losses;
pub(in crate::monitor) mod master_commands;
pub(in crate::monitor) mod named_master;
pub(in crate::monitor) mod servers;
pub(in crate::monitor) mod shard;
pub(in crate::monitor) mod signs;
