//! A thread with a runtime of its own that runs until it is stopped.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::runtime::LocalRuntime;

use super::pauses::Pauses;
use super::{Board, Record};

/// Why a run of a thread's work failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A panic with this message.
    Panicked(String),
    /// An error with this message.
    Failed(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(format!("failed: {error}"))
    }
}

/// The work failed too often in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyFailures;

/// Calls `run` on this thread until it returns `Ok`: again, after a pause, whenever it panics or
/// fails.
///
/// # Errors
/// [`TooManyFailures`] after `most` failures in a row, each within a minute of its start.
pub fn keep_thread(
    board: &Board,
    record: &Record,
    most: u32,
    mut run: impl FnMut() -> Result<(), Failure>,
) -> Result<(), TooManyFailures> {
    let mut pauses = Pauses::new(Instant::now());
    loop {
        record.begin();
        pauses.begin(Instant::now());
        let ended = catch_unwind(AssertUnwindSafe(&mut run));
        let failure = match ended {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failure)) => failure,
            Err(panic) => Failure::Panicked(format!("panicked: {}", reason(&*panic))),
        };
        let why = match failure {
            Failure::Panicked(why) => {
                board.count_panic(record.kind());
                why
            }
            Failure::Failed(why) => why,
        };
        record.failed(board.now_ms(), &why);
        let (row, pause) = pauses.failed(Instant::now());
        let name = record.name();
        if row >= most {
            tracing::error!("{name} {why}; it failed {row} times in a row and is not restarted");
            return Err(TooManyFailures);
        }
        tracing::error!("{name} {why}; restarting it in {pause:?}");
        rest(pause);
    }
}

/// Runs `future` on `runtime`. After a panic the runtime's other tasks are dropped when the stack
/// has unwound, so that they do not take the panic for their own.
///
/// # Errors
/// [`Failure`]: the panic, or the future's own error.
pub fn block_on(
    runtime: LocalRuntime,
    future: impl Future<Output = io::Result<()>>,
) -> Result<(), Failure> {
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(future)));
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(runtime)));
    match (ended, dropped) {
        (Ok(ended), Ok(())) => Ok(ended?),
        (Err(panic), _) | (_, Err(panic)) => {
            Err(Failure::Panicked(format!("panicked: {}", reason(&*panic))))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the thread has nothing else to do")]
fn rest(pause: Duration) {
    std::thread::sleep(pause);
}

/// The message of a panic.
pub(super) fn reason(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::Kind;

    #[test]
    fn a_thread_is_restarted_after_a_panic_until_there_are_too_many() {
        let board = Board::default();
        let record = board.record(Kind::Worker, "worker-0");
        let mut runs = 0;
        let outcome = keep_thread(&board, &record, 3, || {
            runs += 1;
            match runs {
                1 => panic!("run {runs}"),
                2 => Err(io::Error::other("no files").into()),
                _ => Ok(()),
            }
        });
        assert_eq!((outcome, runs), (Ok(()), 3));
        assert_eq!((record.failures(), board.panics(Kind::Worker)), (2, 1));
        let outcome = keep_thread(&board, &record, 2, || panic!("always"));
        assert_eq!((outcome, record.failures()), (Err(TooManyFailures), 4));
        assert_eq!(board.health().faults, ["worker-0 is down: panicked: always"]);
    }

    #[test]
    fn a_runtime_is_dropped_after_the_unwinding() {
        struct Look(std::rc::Rc<std::cell::Cell<Option<bool>>>);
        impl Drop for Look {
            fn drop(&mut self) {
                self.0.set(Some(std::thread::panicking()));
            }
        }
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build_local(Default::default()).unwrap();
        let seen = std::rc::Rc::default();
        let look = Look(std::rc::Rc::clone(&seen));
        let ended = block_on(runtime, async move {
            tokio::task::spawn_local(async move {
                let _look = look;
                std::future::pending::<()>().await;
            });
            tokio::task::yield_now().await;
            panic!("x")
        });
        assert_eq!(ended, Err(Failure::Panicked("panicked: x".to_owned())));
        assert_eq!(seen.get(), Some(false));
    }
}
