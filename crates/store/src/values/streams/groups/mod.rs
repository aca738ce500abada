//! Consumer groups.
//!
//! | file | what it is |
//! |---|---|
//! | `group` | a group: what it delivered last, its consumers, its pending entries |
//! | `consumer` | a consumer |
//! | `pending` | an entry that was delivered and not acknowledged |

mod consumer;
mod group;
mod pending;

pub(crate) use consumer::{Consumer, Consumers};
pub(crate) use group::Group;
pub(crate) use pending::{Owner, Pending};
