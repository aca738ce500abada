//! Streams: entries in nodes, and groups of consumers that read them.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `entries` | ids, entries, and the nodes that hold them |
//! | `groups` | consumer groups, consumers, pending entries |
//! | `value` | a stream |
//! | `append`, `delete`, `trim` | entries are added and removed |
//! | `lag` | how far a group has read |
//! | `snapshot` | a stream in a snapshot |
//! | `commands` | the commands |

mod append;
mod commands;
mod delete;
mod entries;
mod groups;
mod lag;
mod snapshot;
#[cfg(test)]
mod tests;
mod trim;
mod value;

pub(crate) use commands::COMMANDS;
pub use commands::WaitingRead;
pub(crate) use value::Stream;
