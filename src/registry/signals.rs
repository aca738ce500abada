//! What other threads want of a client's task.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::Waker;

/// How `CLIENT UNBLOCK` ends a client's blocking command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unblocked {
    /// As if the command's time were up.
    Timeout,
    /// With an error.
    Error,
}

/// Set by any thread, which then wakes the client's task; read by the task.
#[derive(Debug, Default)]
pub(super) struct Signals {
    killed: AtomicBool,
    /// The client is to end if it waits for nothing.
    idle: AtomicBool,
    unblocked: Mutex<Option<Unblocked>>,
    waker: OnceLock<Waker>,
}

impl Signals {
    /// Tells the task to end.
    pub(super) fn kill(&self) {
        self.killed.store(true, Relaxed);
        self.wake();
    }

    /// Whether the task is to end.
    pub(super) fn is_killed(&self) -> bool {
        self.killed.load(Relaxed)
    }

    /// Tells the task to end if the client waits for nothing.
    pub(super) fn kill_if_idle(&self) {
        self.idle.store(true, Relaxed);
        self.wake();
    }

    /// Whether the task is to end if the client waits for nothing. Forgets it.
    pub(super) fn take_idle(&self) -> bool {
        self.idle.load(Relaxed) && self.idle.swap(false, Relaxed)
    }

    /// Tells the task to end the client's blocking command. False if another thread has done so
    /// already and the task has not read it yet: the first one counts.
    pub(super) fn unblock(&self, how: Unblocked) -> bool {
        let mut unblocked = self.unblocked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = unblocked.is_none();
        unblocked.get_or_insert(how);
        drop(unblocked);
        self.wake();
        is_first
    }

    /// How the task is to end the client's blocking command, if it is to. Forgets it.
    pub(super) fn take_unblocked(&self) -> Option<Unblocked> {
        self.unblocked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Remembers the task's waker; the first call counts.
    pub(super) fn set_waker(&self, waker: &Waker) {
        self.waker.get_or_init(|| waker.clone());
    }

    /// The task's waker; `None` until the task has run.
    pub(super) fn waker(&self) -> Option<&Waker> {
        self.waker.get()
    }

    /// Wakes the task, if it has run.
    pub(super) fn wake(&self) {
        if let Some(waker) = self.waker() {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn each_signal_wakes_the_task_and_is_read_once() {
        let signals = Signals::default();
        // No task runs yet.
        signals.wake();
        let (first, other) = (Arc::<Counted>::default(), Arc::<Counted>::default());
        signals.set_waker(&Waker::from(Arc::clone(&first)));
        signals.set_waker(&Waker::from(Arc::clone(&other)));
        signals.kill_if_idle();
        assert!(signals.take_idle() && !signals.take_idle());
        assert!(signals.unblock(Unblocked::Error) && !signals.unblock(Unblocked::Timeout));
        assert_eq!(signals.take_unblocked(), Some(Unblocked::Error));
        assert_eq!(signals.take_unblocked(), None);
        assert!(!signals.is_killed());
        signals.kill();
        assert!(signals.is_killed() && signals.is_killed(), "for good");
        assert_eq!((first.0.load(Relaxed), other.0.load(Relaxed)), (4, 0));
    }
}
