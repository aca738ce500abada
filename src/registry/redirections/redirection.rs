//! The connection over which a server sends one client the invalidations of others (`CLIENT
//! TRACKING ON REDIRECT`), as the tasks of both see it, across workers.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::topology::BackendId;

/// The target's connection for invalidations.
#[derive(Debug, Default)]
pub struct Redirection {
    /// How many clients redirect to the target, or are about to.
    holds: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The server at which the target is to have a connection.
    wanted: Option<BackendId>,
    /// The connection's server, and that server's id of the connection.
    open: Option<(BackendId, i64)>,
    /// The server to which the target could make no connection.
    failed: Option<BackendId>,
    /// The clients that wait for the connection, by id.
    waiting: Vec<(u64, Waker)>,
}

/// The state of the target's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// It is open, and this is the server's id of it.
    Open(i64),
    /// The target opens it; the asking client is woken when that has changed.
    Opening,
    /// The target could not open it.
    Failed,
}

impl Redirection {
    /// Another client redirects to the target.
    pub(in crate::registry) fn hold(&self) {
        // Under the lock: see [`Self::close_if_unused`].
        let state = self.state();
        self.holds.fetch_add(1, Relaxed);
        drop(state);
    }

    /// A client no longer redirects to the target. True if none does now.
    pub(in crate::registry) fn let_go(&self) -> bool {
        self.holds.fetch_sub(1, Relaxed) == 1
    }

    /// Whether any client redirects to the target, or is about to.
    pub fn is_used(&self) -> bool {
        self.holds.load(Relaxed) > 0
    }

    /// The state of the connection to `backend`, which the client `asker` wants. Unless it is open
    /// or has just failed, the target is to open it, and `waker` is woken when that has changed.
    pub(in crate::registry) fn want(
        &self,
        backend: BackendId,
        asker: u64,
        waker: Option<&Waker>,
    ) -> TargetState {
        let mut state = self.state();
        if state.failed.take_if(|failed| *failed == backend).is_some() {
            return TargetState::Failed;
        }
        match state.open {
            Some((at, id)) if at == backend => return TargetState::Open(id),
            _ => state.wanted = Some(backend),
        }
        if let Some(waker) = waker
            && !state.waiting.iter().any(|(id, _)| *id == asker)
        {
            state.waiting.push((asker, waker.clone()));
        }
        TargetState::Opening
    }

    /// The server at which the target is to open a connection. Forgets it.
    pub fn take_wanted(&self) -> Option<BackendId> {
        self.state().wanted.take()
    }

    /// The target has opened the connection to `backend`, and this is the server's id of it.
    pub fn opened(&self, backend: BackendId, id: i64) {
        self.change(|state| state.open = Some((backend, id)));
    }

    /// If no client redirects to the target, the connection counts as closed from now on: a client
    /// that holds the target later gets another one, and never the id of one that is about to end.
    /// Returns whether the target has to close it.
    #[must_use]
    pub fn close_if_unused(&self) -> bool {
        let mut state = self.state();
        let is_unused = !self.is_used();
        if is_unused {
            state.open = None;
        }
        is_unused
    }

    /// The target has closed its connection.
    pub fn closed(&self) {
        self.change(|state| state.open = None);
    }

    /// The target could open no connection to `backend`.
    pub fn failed(&self, backend: BackendId) {
        self.change(|state| (state.open, state.failed) = (None, Some(backend)));
    }

    /// Changes the state, and wakes the clients that wait.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_about_to_close_is_given_to_no_client() {
        let (redirection, at) = (Redirection::default(), BackendId(3));
        redirection.hold();
        redirection.opened(at, 42);
        assert!(!redirection.close_if_unused(), "a client uses it");
        assert_eq!(redirection.want(at, 1, None), TargetState::Open(42));
        assert!(redirection.let_go());
        assert!(redirection.close_if_unused());
        // The target has not closed its socket yet.
        redirection.hold();
        assert_eq!(redirection.want(at, 2, None), TargetState::Opening);
        assert_eq!(redirection.take_wanted(), Some(at));
    }
}
