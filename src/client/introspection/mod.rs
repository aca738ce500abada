//! What clients ask about the proxy itself: CLIENT, PROXY, INFO.

pub(in crate::client) mod acl_command;
pub(in crate::client) mod client_command;
pub(in crate::client) mod consistency;
pub(in crate::client) mod describe;
pub(in crate::client) mod explain;
pub(in crate::client) mod info;
pub(in crate::client) mod listing;
pub(in crate::client) mod operations;
pub(in crate::client) mod overview;
pub(in crate::client) mod proxy_command;
pub(in crate::client) mod record;
mod token;
pub(in crate::client) mod topology_table;
