//! One call of a command: what the caller passes, the context of the command, and its reply.
//!
//! | file | what it is |
//! |---|---|
//! | `call_context` | the database, the time and the protocol of a call; its outcome |
//! | `row` | a command: its name, and the function that runs it |
//! | `context` | what a command has at hand while it runs |
//! | `rules` | the rules by which a command packs values |
//! | `budget` | how much a read may cost |
//! | `reply` | how a command replies |
//! | `error` | why a command was refused |

mod budget;
mod call_context;
mod context;
mod error;
mod reply;
mod row;
mod rules;

pub use budget::Budget;
pub(crate) use budget::STEP_BYTES;
pub use call_context::{CallContext, Keyspace, Outcome};
pub(crate) use context::{Args, Done, ReadCx, WriteCx};
pub use error::CommandError;
pub(crate) use error::{quoted, shown};
pub(crate) use reply::{Limits, Reply};
pub(crate) use row::{Found, Row, Run};
