//! What operators and clients are told: PROXY, INFO, CLIENT, and what the registry shows.

pub(in crate::client) mod client_command;
pub(in crate::client) mod describe;
pub(in crate::client) mod explain;
pub(in crate::client) mod info;
pub(in crate::client) mod overview;
pub(in crate::client) mod presence;
pub(in crate::client) mod proxy_command;
pub(in crate::client) mod record;
pub(in crate::client) mod topology_table;
