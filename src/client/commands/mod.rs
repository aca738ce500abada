//! The commands that change a session, or that need more than a server's answer.

pub(in crate::client) mod blocking;
pub(in crate::client) mod monitor;
pub(in crate::client) mod out_of_band;
pub(in crate::client) mod pubsub;
pub(in crate::client) mod redirection;
pub(in crate::client) mod scan;
pub(in crate::client) mod select;
pub(in crate::client) mod tracking;
pub(in crate::client) mod transaction;
pub(in crate::client) mod wait;
