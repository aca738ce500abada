//! The commands, a folder for each type, and their table.

mod geo;
mod hashes;
mod keys;
mod lists;
mod sets;
mod sorted_sets;
mod streams;
mod strings;
mod table;

pub use streams::WaitingRead;
pub(crate) use table::{Commands, readable};
