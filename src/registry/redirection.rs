//! The target of `CLIENT TRACKING ON REDIRECT`: what the clients that name it and the target say
//! to each other, across workers.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Entry;
use crate::topology::BackendId;

/// The connection over which a server sends one client the invalidations of others.
#[derive(Debug, Default)]
pub struct Redirection {
    /// How many clients redirect to this one, or are about to.
    users: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The server at which the target is to have a connection.
    wanted: Option<BackendId>,
    /// The connection's server, and that server's id of it.
    open: Option<(BackendId, i64)>,
    /// The server to which no connection could be made.
    failed: Option<BackendId>,
    /// The clients that wait for it.
    waiting: Vec<Arc<Entry>>,
}

/// How far the target's connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// It is open; the server's id of it.
    Open(i64),
    /// The asking client is woken when that has changed.
    Opening,
    /// It could not be opened.
    Failed,
}

/// A client's hold on its target: the target keeps its connection while there is one.
#[derive(Debug)]
pub struct Redirected {
    target: Arc<Entry>,
}

impl Redirected {
    /// A hold on `target`.
    #[must_use]
    pub fn to(target: Arc<Entry>) -> Self {
        target.redirection.users.fetch_add(1, Relaxed);
        Self { target }
    }

    /// The target's `CLIENT ID`.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.target.id
    }

    /// How far the target's connection to `backend` is, for `asker`.
    #[must_use]
    pub fn ask(&self, backend: BackendId, asker: &Arc<Entry>) -> TargetState {
        let mut state = self.target.redirection.state();
        if state.failed.take_if(|failed| *failed == backend).is_some() {
            return TargetState::Failed;
        }
        match state.open {
            Some((at, id)) if at == backend => return TargetState::Open(id),
            _ => state.wanted = Some(backend),
        }
        if !state.waiting.iter().any(|entry| entry.id == asker.id) {
            state.waiting.push(Arc::clone(asker));
        }
        drop(state);
        self.target.wake();
        TargetState::Opening
    }
}

impl Drop for Redirected {
    fn drop(&mut self) {
        if self.target.redirection.users.fetch_sub(1, Relaxed) == 1 {
            self.target.wake();
        }
    }
}

impl Redirection {
    /// Whether any client redirects to this one, or is about to.
    pub fn is_used(&self) -> bool {
        self.users.load(Relaxed) > 0
    }

    /// The server at which a connection is asked for; told once.
    pub fn take_wanted(&self) -> Option<BackendId> {
        self.state().wanted.take()
    }

    /// The connection to `backend` is open, and this is the server's id of it.
    pub fn opened(&self, backend: BackendId, id: i64) {
        self.settle(|state| state.open = Some((backend, id)));
    }

    /// There is no connection any more.
    pub fn closed(&self) {
        self.settle(|state| state.open = None);
    }

    /// The connection to `backend` could not be opened.
    pub fn failed(&self, backend: BackendId) {
        self.settle(|state| (state.open, state.failed) = (None, Some(backend)));
    }

    fn settle(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.iter().for_each(|entry| entry.wake());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
