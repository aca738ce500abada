//! The parts from which the values of all types are built.
//!
//! | file | what it is |
//! |---|---|
//! | `hasher` | how keys, fields and members are hashed |
//! | `table` | a hash table that grows in small steps |
//! | `kind` | the forms of small values |
//! | `varint` | numbers in as few bytes as they need |
//! | `digest` | the digest of `DEBUG DIGEST` |
//! | `distinct` | whether the names within one value are different |
//! | `insert_error` | why a key of a snapshot is refused |

mod digest;
mod distinct;
mod hasher;
mod insert_error;
mod kind;
mod table;
mod varint;

pub(crate) use digest::Digest;
pub(crate) use distinct::has_twice;
pub(crate) use hasher::Hasher;
pub use insert_error::InsertError;
pub(crate) use kind::Kind;
pub(crate) use table::Table;
pub(crate) use varint::{push_varint, split_varint, varint_len};
