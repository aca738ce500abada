//! A queue of work for a thread of its own, which does one piece after the other.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long the thread waits for more before it ends.
const IDLE: Duration = Duration::from_secs(5);

type Work = Box<dyn FnOnce() + Send>;

/// A queue of work, and the thread that does it while there is any.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Background(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The thread's name.
    name: &'static str,
    queue: Mutex<Queue>,
    /// Notified when there is more work.
    more: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Work>,
    /// Whether the thread is busy.
    is_busy: bool,
    /// Whether there is a thread.
    is_served: bool,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waiting, busy: {}", self.waiting.len(), self.is_busy)
    }
}

impl Background {
    /// Returns an empty queue for a thread of this name.
    pub(in crate::engine) fn new(name: &'static str) -> Self {
        Self(Arc::new(Shared { name, queue: Mutex::default(), more: Condvar::new() }))
    }

    /// Returns how many pieces of work wait or are being done.
    pub(in crate::engine) fn len(&self) -> usize {
        let queue = self.0.queue();
        queue.waiting.len() + usize::from(queue.is_busy)
    }

    /// Queues the work. If the system refuses a thread, the caller's thread does the work at once.
    pub(in crate::engine) fn run(&self, work: impl FnOnce() + Send + 'static) {
        let mut queue = self.0.queue();
        queue.waiting.push_back(Box::new(work));
        if !queue.is_served {
            let shared = Arc::clone(&self.0);
            let serve = move || shared.serve();
            match thread::Builder::new().name(self.0.name.into()).spawn(serve) {
                Ok(_) => queue.is_served = true,
                Err(error) => {
                    let all = std::mem::take(&mut queue.waiting);
                    drop(queue);
                    tracing::debug!(name = %self.0.name, "the system refuses a thread: {error}");
                    return all.into_iter().for_each(|work| self.0.run(work));
                }
            }
        }
        drop(queue);
        self.0.more.notify_one();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the work in the queue, until the queue has been empty for a while.
    fn serve(&self) {
        let mut queue = self.queue();
        loop {
            if let Some(work) = queue.waiting.pop_front() {
                queue.is_busy = true;
                drop(queue);
                self.run(work);
                queue = self.queue();
                queue.is_busy = false;
                continue;
            }
            let is_empty = |queue: &mut Queue| queue.waiting.is_empty();
            let waited = self.more.wait_timeout_while(queue, IDLE, is_empty);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            if queue.waiting.is_empty() {
                queue.is_served = false;
                return;
            }
        }
    }

    /// Does one piece of work. A panic in it does not stop the others.
    fn run(&self, work: Work) {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!(name = %self.name, "a thread panicked and goes on");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_is_done_in_order_and_survives_a_panic() {
        let background = Background::new("test");
        let (done, told) = mpsc::channel();
        for number in 0..4 {
            let done = done.clone();
            background.run(move || {
                assert_ne!(number, 1, "as work might");
                done.send((number, thread::current().name().map(str::to_owned))).unwrap();
            });
        }
        let all: Vec<_> = told.iter().take(3).collect();
        assert_eq!(all.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 2, 3]);
        assert_eq!(all[0].1.as_deref(), Some("test"));
    }
}
