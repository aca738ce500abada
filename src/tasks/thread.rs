//! A thread with a runtime of its own that has to run until it is told to end.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::runtime::LocalRuntime;

use super::pauses::Pauses;
use super::{Board, Record};

/// How a run of a thread's work ended against its purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fall {
    /// It panicked with this message.
    Panicked(String),
    /// It failed for this reason.
    Failed(String),
}

impl From<io::Error> for Fall {
    fn from(error: io::Error) -> Self {
        Self::Failed(format!("failed: {error}"))
    }
}

/// The work fell too often in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// Does `run` on this thread, and again, after a pause, whenever it panics or fails, until it ends
/// well.
///
/// # Errors
/// [`GivenUp`] after `most` falls in a row, each within a minute of its start.
pub fn keep_thread(
    board: &Board,
    record: &Record,
    most: u32,
    mut run: impl FnMut() -> Result<(), Fall>,
) -> Result<(), GivenUp> {
    let mut pauses = Pauses::new(Instant::now());
    loop {
        record.begin();
        pauses.begin(Instant::now());
        let ended = catch_unwind(AssertUnwindSafe(&mut run));
        let fall = match ended {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(fall)) => fall,
            Err(panic) => Fall::Panicked(format!("panicked: {}", reason(&*panic))),
        };
        let why = match fall {
            Fall::Panicked(why) => {
                board.count_panic(record.kind());
                why
            }
            Fall::Failed(why) => why,
        };
        record.fell(board.now_ms(), &why);
        let (row, pause) = pauses.fell(Instant::now());
        let name = record.name();
        if row >= most {
            tracing::error!("{name} {why}; it is given up after {row} times in a row");
            return Err(GivenUp);
        }
        tracing::error!("{name} {why}; it is started again in {pause:?}");
        rest(pause);
    }
}

/// Runs `future` on `runtime`. The runtime's other tasks are dropped after a panic has unwound, so
/// that they can tell it from one of their own.
///
/// # Errors
/// [`Fall`]: the panic, or the future's own error.
pub fn block_on(
    runtime: LocalRuntime,
    future: impl Future<Output = io::Result<()>>,
) -> Result<(), Fall> {
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(future)));
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(runtime)));
    match (ended, dropped) {
        (Ok(ended), Ok(())) => Ok(ended?),
        (Err(panic), _) | (_, Err(panic)) => {
            Err(Fall::Panicked(format!("panicked: {}", reason(&*panic))))
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
    fn a_thread_goes_on_after_a_panic_and_gives_up_after_many() {
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
        assert_eq!((record.falls(), board.panics(Kind::Worker)), (2, 1));
        let outcome = keep_thread(&board, &record, 2, || panic!("always"));
        assert_eq!((outcome, record.falls()), (Err(GivenUp), 4));
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
        assert_eq!(ended, Err(Fall::Panicked("panicked: x".to_owned())));
        assert_eq!(seen.get(), Some(false));
    }
}
