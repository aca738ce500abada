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

pub(crate) mod append;
pub(crate) mod delete;
pub(crate) mod entries;
pub(crate) mod groups;
pub(crate) mod lag;
pub(crate) mod snapshot;
#[cfg(test)]
mod tests;
pub(crate) mod trim;
pub(crate) mod value;

pub(crate) use value::Stream;
