//! Hashes: fields and values, and fields that expire.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `packed` | a hash in one listpack |
//! | `field`, `fields` | a hash in a table |
//! | `rules` | the limits by which a hash changes its form |
//! | `view`, `value` | a hash to be read, and one to be changed |
//! | `snapshot` | a hash in a snapshot |
//! | `commands` | the commands |

mod commands;
mod field;
mod fields;
mod packed;
mod rules;
mod snapshot;
#[cfg(test)]
mod tests;
mod value;
mod view;

pub(crate) use commands::COMMANDS;
pub(crate) use rules::Rules;
pub(crate) use value::Hash;
pub(crate) use view::HashRef;
