//! The commands that rules may name.

mod commands;
mod learn;

pub use commands::{Catalog, Channels, Command};
