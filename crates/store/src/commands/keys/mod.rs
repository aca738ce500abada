//! Commands about keys of any type, about databases, about all data.

mod copy;
mod databases;
mod debug;
mod dump;
mod existence;
mod expire;
mod function;
mod memory;
mod object;
mod rename;
mod restore;
mod scan;
mod sort;
mod ttl;

use crate::execution::Row;

/// All commands about keys, databases and data.
pub(super) const COMMANDS: &[&[Row]] = &[
    copy::COMMANDS,
    databases::COMMANDS,
    debug::COMMANDS,
    dump::COMMANDS,
    existence::COMMANDS,
    expire::COMMANDS,
    function::COMMANDS,
    memory::COMMANDS,
    object::COMMANDS,
    rename::COMMANDS,
    restore::COMMANDS,
    scan::COMMANDS,
    sort::COMMANDS,
    ttl::COMMANDS,
];
