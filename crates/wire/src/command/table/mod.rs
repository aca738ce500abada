//! The rows, one file per group. `docs/commands.md` shows how to add one.

mod bitmaps;
mod cluster;
mod connection;
mod generic;
mod geo;
mod hashes;
mod hyperloglog;
mod introspection;
mod lists;
mod modules;
mod proxy;
mod pubsub;
mod replication;
mod row;
mod scripting;
mod server;
mod sets;
mod sorted_sets;
mod streams;
mod strings;
mod transactions;
mod vector_sets;

use super::Command;

pub(super) use proxy::PROXY;

/// Every row, by group.
pub(super) static TABLE: &[&[Command]] = &[
    bitmaps::ROWS,
    cluster::ROWS,
    connection::ROWS,
    generic::ROWS,
    geo::ROWS,
    hashes::ROWS,
    hyperloglog::ROWS,
    introspection::ROWS,
    lists::ROWS,
    modules::ROWS,
    pubsub::ROWS,
    replication::ROWS,
    scripting::ROWS,
    server::ROWS,
    sets::ROWS,
    sorted_sets::ROWS,
    streams::ROWS,
    strings::ROWS,
    transactions::ROWS,
    vector_sets::ROWS,
];
