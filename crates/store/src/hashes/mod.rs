//! Hashes: fields and values, and fields that expire.

mod arguments;
mod expire;
mod field;
mod fields;
mod get_and;
mod increment;
mod packed;
mod random;
mod read;
mod rules;
mod scan;
mod set_with_ttl;
mod snapshot;
#[cfg(test)]
mod tests;
mod ttl;
mod value;
mod view;
mod write;

pub(crate) use rules::Rules;
pub(crate) use value::Hash;
pub(crate) use view::HashRef;

use super::commands::Row;

/// The commands of this room.
pub(super) const COMMANDS: &[&[Row]] = &[
    expire::COMMANDS,
    get_and::COMMANDS,
    increment::COMMANDS,
    random::COMMANDS,
    read::COMMANDS,
    scan::COMMANDS,
    set_with_ttl::COMMANDS,
    ttl::COMMANDS,
    write::COMMANDS,
];
