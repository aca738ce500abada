//! Streams: entries in nodes, and groups of consumers that read them.

mod add;
mod add_options;
mod append;
mod consumer;
mod delete;
mod group;
mod id;
mod lag;
mod node;
mod nodes;
mod pending;
mod range;
mod remove;
mod tree;
mod trim;
mod value;
mod write_entry;

pub(crate) use value::Stream;

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[add::COMMANDS, range::COMMANDS, remove::COMMANDS];
