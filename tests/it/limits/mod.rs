//! Limits of clients, memory, sizes and time: each holds, gives Redis's own error, and disturbs no
//! other client.

pub mod clients;
mod flow_control;
pub mod garbage;
mod idle_clients;
pub mod memory;
mod protocol;
pub mod timeouts;
