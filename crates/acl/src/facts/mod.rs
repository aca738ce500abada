//! What servers say of their commands: the categories, and what happens to each key.
//!
//! `tests/servers.rs` compares every row with Redis 7.0, and rows that it lacks with newer servers.
//! Where the key arguments are is in the table of `tidegate_wire::command`.

mod collections;
mod connection;
mod keyspace;
mod row;
mod scripts;
mod server;
mod sorted_sets;
mod streams;
mod strings;

pub use row::{Access, KeyAccess};

pub(crate) use row::Fact;

const GROUPS: [&[Fact]; 8] = [
    collections::FACTS,
    connection::FACTS,
    keyspace::FACTS,
    scripts::FACTS,
    server::FACTS,
    sorted_sets::FACTS,
    streams::FACTS,
    strings::FACTS,
];

/// Returns every row.
pub(crate) fn all() -> impl Iterator<Item = &'static Fact> {
    GROUPS.iter().flat_map(|group| group.iter())
}
