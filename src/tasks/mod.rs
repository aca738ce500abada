//! The long-running tasks of the process: a board that shows which of them run, and the loops that
//! start a task again after a panic. Knows nothing of what a task does.
//!
//! | file | what it is |
//! |---|---|
//! | `kind` | the kinds of tasks, for metrics |
//! | `board` | every task of the process, its panics, the verdict for `/healthz` |
//! | `record` | one task on the board |
//! | `pauses` | how long a task rests before it is started again |
//! | `keep` | a task on the runtime of this thread, started again after a panic |
//! | `thread` | a thread with a runtime of its own, started again after a panic |
//! | `witness` | counts the panic of a task that is not started again |

mod board;
mod keep;
mod kind;
mod pauses;
mod record;
mod thread;
mod witness;

pub use board::{Board, Health};
pub use keep::keep;
pub use kind::Kind;
pub use record::Record;
pub use thread::{Fall, GivenUp, block_on, keep_thread};
pub use witness::Witness;
