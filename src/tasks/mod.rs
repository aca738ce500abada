//! The long-running tasks of the process: a board with the state of each, and loops that restart a
//! task after a panic. Independent of what a task does.
//!
//! | file | what it is |
//! |---|---|
//! | `kind` | the kinds of tasks, for metrics |
//! | `board` | every task of the process, its panics, the health for `/healthz` |
//! | `record` | one task on the board |
//! | `pauses` | the pause before a task is restarted |
//! | `keep` | a task on the runtime of this thread, restarted after a panic |
//! | `thread` | a thread with a runtime of its own, restarted after a panic |
//! | `panic_guard` | counts the panic of a task that is not restarted |

mod board;
mod keep;
mod kind;
mod panic_guard;
mod pauses;
mod record;
mod thread;

pub use board::{Board, Health};
pub use keep::keep;
pub use kind::Kind;
pub use panic_guard::PanicGuard;
pub use record::Record;
pub use thread::{Failure, TooManyFailures, block_on, keep_thread};
