//! Tidegate, a replication-aware proxy for Redis and Valkey.

pub mod command;
pub mod config;
pub mod units;
