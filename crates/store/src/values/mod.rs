//! The values of each type: their forms, and how they are read, changed, saved and digested.

pub(crate) mod hashes;
pub(crate) mod lists;
pub(crate) mod sets;
pub(crate) mod sorted_sets;
pub(crate) mod streams;
pub(crate) mod strings;
