//! The clients that wait for something, to be woken together or a few at a time.

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use super::Inbox;

/// A queue of inboxes. Each is in it once, also if it is added again.
#[derive(Debug, Default)]
pub struct Waiters {
    queue: VecDeque<Rc<Inbox>>,
    known: HashSet<*const Inbox, foldhash::fast::FixedState>,
}

impl Waiters {
    /// Adds `inbox` unless it waits already.
    pub fn add(&mut self, inbox: &Rc<Inbox>) {
        if self.known.insert(Rc::as_ptr(inbox)) {
            self.queue.push_back(Rc::clone(inbox));
        }
    }

    /// Wakes all, in the order in which they were added, and removes them.
    pub fn wake_all(&mut self) {
        self.known.clear();
        for inbox in self.queue.drain(..) {
            inbox.wake();
        }
    }

    /// Wakes the first `most`, in the order in which they were added, and removes them.
    pub fn wake_some(&mut self, most: usize) {
        for inbox in self.queue.drain(..most.min(self.queue.len())) {
            self.known.remove(&Rc::as_ptr(&inbox));
            inbox.wake();
        }
    }

    /// The number of clients that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no client waits.
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

    #[test]
    fn many_are_woken_a_few_at_a_time() {
        let inboxes: Vec<_> = (0..5).map(|_| Rc::new(Inbox::default())).collect();
        let mut waiters = Waiters::default();
        inboxes.iter().for_each(|inbox| waiters.add(inbox));
        waiters.wake_some(2);
        waiters.add(&inboxes[0]);
        assert_eq!(waiters.len(), 4, "it waits anew, behind the others");
        waiters.wake_some(3);
        assert_eq!(waiters.len(), 1);
        waiters.wake_some(3);
        assert!(waiters.is_empty());
    }
}
