//! The engine as a master: at its own port, and with real servers as its replicas.

mod blocking;
mod differential;
mod duties;
mod embedded;
mod failover;
mod replicas;
mod roles;
mod scripts;
mod scripts_in_exec;
mod shutdown;
mod support;
mod tracking;
mod transactions;
mod waitaof;
#[allow(unused_imports, reason = "not every name of the workload is used here")]
#[path = "../../workload/mod.rs"]
mod workload;
