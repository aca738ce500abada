//! What the caller of a command passes and gets: the context of the call, the words of the request,
//! the reply and the error.
//!
//! | file | what it is |
//! |---|---|
//! | `call_context` | the database, the time and the protocol of a call; its outcome |
//! | `words` | numbers and names in a request |
//! | `budget` | how much reads may cost |
//! | `reply` | how a command replies |
//! | `error` | why a command was refused |

mod budget;
mod call_context;
mod error;
mod reply;
pub(crate) mod words;

pub use budget::Budget;
pub(crate) use budget::STEP_BYTES;
pub use call_context::{CallContext, Keyspace, Outcome};
pub use error::CommandError;
pub(crate) use error::{quoted, shown};
pub(crate) use reply::{Limits, Reply};
