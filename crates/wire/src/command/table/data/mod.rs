//! The rows of commands on keys, one file per data type.

pub(super) mod bitmaps;
pub(super) mod generic;
pub(super) mod geo;
pub(super) mod hashes;
pub(super) mod hyperloglog;
pub(super) mod lists;
pub(super) mod sets;
pub(super) mod sorted_sets;
pub(super) mod streams;
pub(super) mod strings;
pub(super) mod vector_sets;
