//! Streams: entries in nodes, and groups of consumers that read them.

mod add;
mod add_options;
mod append;
mod auto_claim;
mod claim;
mod consumer;
mod delete;
mod group;
mod help;
mod id;
mod info;
mod lag;
mod manage;
mod node;
mod nodes;
mod pending;
mod range;
mod read;
mod read_group;
mod read_options;
mod remove;
mod show_pending;
mod snapshot;
mod subcommand;
#[cfg(test)]
mod tests;
mod tree;
mod trim;
mod value;
mod write_entry;

pub use read::WaitingRead;
pub(crate) use value::Stream;

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[
    add::COMMANDS,
    auto_claim::COMMANDS,
    claim::COMMANDS,
    info::COMMANDS,
    manage::COMMANDS,
    range::COMMANDS,
    read::COMMANDS,
    read_group::COMMANDS,
    remove::COMMANDS,
    show_pending::COMMANDS,
];
