//! Which writes leave the proxy and when they are answered: the write gate, CLIENT PAUSE, WAIT and
//! semi-synchronous writes.

mod held;
mod pause_gone;
mod pause_write;
mod wait;
mod wait_aof;
mod wait_replicas;
mod wait_sessions;
pub mod write_gate;
