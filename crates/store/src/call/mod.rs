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
//! | `eviction` | how a master makes room when its memory is full |
//! | `expire_cycle` | what one call of a master's active expiry did |
//! | `keyspace_event` | the classes of keyspace events |
//! | `lazy_free` | which removals a master propagates as UNLINK |
//! | `effects` | what a command does at a master beside its reply |

mod budget;
mod call_context;
mod effects;
mod error;
mod eviction;
mod expire_cycle;
mod keyspace_event;
mod lazy_free;
mod reply;
pub(crate) mod words;

pub use budget::Budget;
pub(crate) use budget::STEP_BYTES;
pub use call_context::{CallContext, Keyspace, Outcome};
pub use effects::{Change, Effects, KeyspaceEvent, Replicated, Wanted};
pub use error::CommandError;
pub(crate) use error::{quoted, shown};
pub use eviction::{Evicted, Eviction, EvictionPolicy};
pub use expire_cycle::ExpireCycle;
pub use keyspace_event::{EventClass, EventClasses};
pub use lazy_free::LazyFree;
pub(crate) use reply::{Limits, Reply};
