//! Sessions that need a server connection of their own (transactions, blocking commands, Pub/Sub,
//! MONITOR, tracking): they see what a direct connection shows and leave nothing behind.

pub mod blocking;
mod blocking_close;
mod monitor_tracking;
mod own_connections;
mod pubsub;
mod tracking_redirect;
mod transaction_messages;
mod transactions;
