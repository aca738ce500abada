//! A client that redirects its invalidations to another one (`CLIENT TRACKING ON REDIRECT`).

use std::sync::Arc;

use super::TargetState;
use crate::registry::Entry;
use crate::topology::BackendId;

/// A client's hold on the target of its invalidations: the target keeps its connection for them
/// while there is a hold.
#[derive(Debug)]
pub struct Redirected {
    target: Arc<Entry>,
}

impl Redirected {
    /// A hold on `target`.
    #[must_use]
    pub fn to(target: Arc<Entry>) -> Self {
        target.redirection.hold();
        Self { target }
    }

    /// The target's `CLIENT ID`.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.target.id
    }

    /// The state of the target's connection to `backend`. While it is opening, `asker` is woken
    /// when that has changed.
    #[must_use]
    pub fn ask(&self, backend: BackendId, asker: &Arc<Entry>) -> TargetState {
        let state = self.target.redirection.want(backend, asker.id, asker.waker());
        if state == TargetState::Opening {
            self.target.wake();
        }
        state
    }
}

impl Drop for Redirected {
    fn drop(&mut self) {
        if self.target.redirection.let_go() {
            self.target.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64) -> Arc<Entry> {
        let addr = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        Arc::new(Entry::new(id, addr, addr, 0))
    }

    #[test]
    fn the_target_is_asked_for_a_connection_while_a_client_holds_it() {
        let (target, asker, at) = (entry(1), entry(2), BackendId(3));
        let redirection = &target.redirection;
        let hold = Redirected::to(Arc::clone(&target));
        assert_eq!(hold.id(), 1);
        assert_eq!(hold.ask(at, &asker), TargetState::Opening);
        assert_eq!(redirection.take_wanted(), Some(at));
        assert_eq!(redirection.take_wanted(), None, "said once");
        redirection.opened(at, 42);
        assert_eq!(hold.ask(at, &asker), TargetState::Open(42));
        redirection.failed(at);
        assert_eq!(hold.ask(at, &asker), TargetState::Failed);
        assert_eq!(hold.ask(at, &asker), TargetState::Opening, "it is tried again");
        let other = Redirected::to(Arc::clone(&target));
        drop(hold);
        assert!(redirection.is_used());
        drop(other);
        assert!(!redirection.is_used());
    }
}
