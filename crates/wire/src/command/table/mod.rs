//! The rows, one file per group. `docs/commands.md` shows how to add one.

mod cluster;
mod connection;
mod data;
mod introspection;
mod modules;
mod proxy;
mod pubsub;
mod replication;
mod row;
mod scripting;
mod server;
mod transactions;

use super::Command;

pub(super) use proxy::PROXY;

/// Every row, by group.
pub(super) static TABLE: &[&[Command]] = &[
    data::bitmaps::ROWS,
    cluster::ROWS,
    connection::ROWS,
    data::generic::ROWS,
    data::geo::ROWS,
    data::hashes::ROWS,
    data::hyperloglog::ROWS,
    introspection::ROWS,
    data::lists::ROWS,
    modules::ROWS,
    pubsub::ROWS,
    replication::ROWS,
    scripting::ROWS,
    server::ROWS,
    data::sets::ROWS,
    data::sorted_sets::ROWS,
    data::streams::ROWS,
    data::strings::ROWS,
    transactions::ROWS,
    data::vector_sets::ROWS,
];
