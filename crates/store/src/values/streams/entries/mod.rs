//! The entries of a stream: their ids, and the nodes with them.
//!
//! | file | what it is |
//! |---|---|
//! | `id` | ids of entries |
//! | `node`, `nodes` | a run of entries in one listpack, and all runs in order |
//! | `tree` | the size of the server's radix tree over the nodes |
//! | `write_entry` | how replies show entries |

pub(crate) mod id;
mod node;
mod nodes;
mod tree;
pub(crate) mod write_entry;

pub(super) use node::{Fields, MAX_BYTES, Node};
pub(crate) use nodes::Nodes;
#[cfg(test)]
pub(super) use nodes::Range;
