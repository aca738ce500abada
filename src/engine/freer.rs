//! Frees data that is no longer in use, on a thread of its own: to take many keys apart takes a
//! while, for which no reader and no stream should have to wait.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::store::Store;

/// How long the thread waits for more before it ends.
const IDLE: Duration = Duration::from_secs(5);

/// The queue of what is to be freed, and the thread that frees it while there is any.
#[derive(Clone, Debug, Default)]
pub(super) struct Freer(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Told when there is more to free.
    more: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Former>,
    /// The thread is freeing something.
    is_busy: bool,
    /// There is a thread.
    is_served: bool,
}

/// What is to be freed.
#[derive(Debug)]
pub(super) enum Former {
    /// A whole server's data.
    Store(Box<Store>),
}

impl Former {
    fn free(self) {
        match self {
            Self::Store(store) => drop(store),
        }
    }
}

impl Freer {
    /// Whether something is being freed, or is about to be.
    pub(super) fn is_busy(&self) -> bool {
        let queue = self.0.queue();
        queue.is_busy || !queue.waiting.is_empty()
    }

    /// Frees it soon; at once, on the caller's thread, where the system refuses a thread.
    pub(super) fn free(&self, former: Former) {
        let mut queue = self.0.queue();
        queue.waiting.push_back(former);
        if !queue.is_served {
            let shared = Arc::clone(&self.0);
            let serve = move || shared.serve();
            match thread::Builder::new().name("replica-free".into()).spawn(serve) {
                Ok(_) => queue.is_served = true,
                Err(error) => return free_here(queue, &error),
            }
        }
        drop(queue);
        self.0.more.notify_one();
    }
}

fn free_here(mut queue: MutexGuard<'_, Queue>, error: &io::Error) {
    let former = std::mem::take(&mut queue.waiting);
    drop(queue);
    former.into_iter().for_each(Former::free);
    tracing::debug!("old data were freed in place: {error}");
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Frees what comes, until nothing has come for a while.
    fn serve(&self) {
        let mut queue = self.queue();
        loop {
            if let Some(former) = queue.waiting.pop_front() {
                queue.is_busy = true;
                drop(queue);
                former.free();
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
}
