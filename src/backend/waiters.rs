//! Clients that are to be woken when something has changed.

use std::collections::HashSet;
use std::rc::Rc;

use super::Inbox;

/// A queue of inboxes, each in it once however often it asks.
#[derive(Debug, Default)]
pub struct Waiters {
    queue: Vec<Rc<Inbox>>,
    known: HashSet<*const Inbox, foldhash::fast::FixedState>,
}

impl Waiters {
    /// Adds `inbox` unless it waits already.
    pub fn add(&mut self, inbox: &Rc<Inbox>) {
        if self.known.insert(Rc::as_ptr(inbox)) {
            self.queue.push(Rc::clone(inbox));
        }
    }

    /// Wakes all, in the order in which they asked, and forgets them.
    pub fn wake_all(&mut self) {
        self.known.clear();
        for inbox in self.queue.drain(..) {
            inbox.wake();
        }
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_waits_once() {
        let (a, b) = (Rc::new(Inbox::default()), Rc::new(Inbox::default()));
        let mut waiters = Waiters::default();
        for _ in 0..1000 {
            waiters.add(&a);
            waiters.add(&b);
        }
        assert_eq!(waiters.len(), 2);
        waiters.wake_all();
        assert!(waiters.is_empty());
        waiters.add(&a);
        assert_eq!(waiters.len(), 1);
    }
}
