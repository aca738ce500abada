//! The engine's own port, beside a real replica of the same master: the same answers, for clients of
//! all kinds and for Sentinel.

mod answers;
pub mod blocking;
mod both;
pub mod clients;
mod config;
mod sentinel;
mod sessions;
mod subcommands;
