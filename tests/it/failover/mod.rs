//! The master changes or dies: writes go to the right server, once and in their order.

mod blocking;
mod chaos;
mod command;
mod deposed_master;
mod hold;
mod lost_bytes;
mod moving_names;
mod operators;
mod order;
pub mod overlapping_operations;
mod restarted_master;
mod sentinels;
mod subscriptions;
mod transactions;
mod watching;
pub mod writes;
