//! One client's state: small machines, and the client that they make.

pub(in crate::client) mod blocked_pop;
pub(in crate::client) mod blocked_read;
pub(in crate::client) mod client;
pub(in crate::client) mod dedicated_connection;
pub(in crate::client) mod held_request;
pub(in crate::client) mod invalidations;
pub(in crate::client) mod listener;
pub(in crate::client) mod progress;
pub(in crate::client) mod recovery;
pub(in crate::client) mod renewal;
pub(in crate::client) mod replies;
pub(in crate::client) mod subscribing;
pub(in crate::client) mod transaction_log;
pub(in crate::client) mod wait_state;
pub(in crate::client) mod window;
