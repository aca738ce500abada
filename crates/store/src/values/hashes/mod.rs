//! Hashes: fields and values, and fields that expire.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `packed` | a hash in one listpack |
//! | `field`, `fields` | a hash in a table |
//! | `rules` | the limits by which a hash changes its form |
//! | `view`, `value` | a hash to be read, and one to be changed |
//! | `snapshot` | a hash in a snapshot |

pub(crate) mod field;
pub(crate) mod fields;
pub(crate) mod packed;
pub(crate) mod rules;
pub(crate) mod snapshot;
#[cfg(test)]
mod tests;
pub(crate) mod value;
pub(crate) mod view;

pub(crate) use rules::Rules;
pub(crate) use value::Hash;
pub(crate) use view::HashRef;
