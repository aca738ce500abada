//! Every request that changes data, by type, with its weight.

mod hashes;
mod keyspace;
mod lists;
mod sets;
mod sorted_sets;
mod streams;
mod strings;

use super::template::{Template, all, fields, redis82, since70, valkey91};

pub use keyspace::EMPTYING;

pub const TABLES: &[&[Template]] = &[
    hashes::TABLE,
    keyspace::TABLE,
    lists::TABLE,
    sets::TABLE,
    sorted_sets::TABLE,
    streams::TABLE,
    strings::TABLE,
];
