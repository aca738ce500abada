//! Clients that wait for an event, each with the time at which it is woken without one.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::Inbox;

/// The clients that wait for an event, in the order in which they began to. Times are milliseconds of
/// the process's clock.
#[derive(Debug, Default)]
pub struct Waiters {
    queue: VecDeque<Rc<Inbox>>,
    /// When each is woken without an event.
    deadlines: HashMap<*const Inbox, u64, foldhash::fast::FixedState>,
}

impl Waiters {
    /// Adds `inbox`, once however often it is added: it is woken at `until_ms` at the latest.
    pub fn add(&mut self, inbox: &Rc<Inbox>, until_ms: u64) {
        let deadline = self.deadlines.entry(Rc::as_ptr(inbox)).or_insert_with(|| {
            self.queue.push_back(Rc::clone(inbox));
            until_ms
        });
        *deadline = until_ms.min(*deadline);
    }

    /// Wakes all, in the order in which they were added, and forgets them.
    pub fn wake_all(&mut self) {
        self.wake_some(usize::MAX);
    }

    /// Wakes those whose time has come, in the order in which they were added, and forgets them.
    pub fn wake_due(&mut self, now_ms: u64) {
        let deadlines = &mut self.deadlines;
        self.queue.retain(|inbox| {
            let inbox_ptr = Rc::as_ptr(inbox);
            let is_due = deadlines.get(&inbox_ptr).is_none_or(|until_ms| *until_ms <= now_ms);
            if is_due {
                deadlines.remove(&inbox_ptr);
                inbox.wake();
            }
            !is_due
        });
    }

    /// Wakes the first `most`, in the order in which they were added, and forgets them.
    pub fn wake_some(&mut self, most: usize) {
        for inbox in self.queue.drain(..most.min(self.queue.len())) {
            self.deadlines.remove(&Rc::as_ptr(&inbox));
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
            waiters.add(&a, 5);
            waiters.add(&b, 5);
        }
        assert_eq!(waiters.len(), 2);
        waiters.wake_due(5);
        assert!(waiters.is_empty());
        waiters.add(&a, 5);
        assert_eq!(waiters.len(), 1);
    }

    #[test]
    fn a_client_is_woken_when_its_time_has_come_and_no_sooner() {
        let (a, b) = (Rc::new(Inbox::default()), Rc::new(Inbox::default()));
        let mut waiters = Waiters::default();
        waiters.add(&a, 100);
        waiters.add(&b, 50);
        waiters.wake_due(49);
        assert_eq!(waiters.len(), 2);
        waiters.wake_due(50);
        assert_eq!(waiters.len(), 1, "the first one waits on");
        waiters.add(&a, 200);
        waiters.wake_due(100);
        assert!(waiters.is_empty(), "the earlier time counts");
    }

    #[test]
    fn many_are_woken_a_few_at_a_time() {
        let inboxes: Vec<_> = (0..5).map(|_| Rc::new(Inbox::default())).collect();
        let mut waiters = Waiters::default();
        inboxes.iter().for_each(|inbox| waiters.add(inbox, 0));
        waiters.wake_some(2);
        waiters.add(&inboxes[0], 0);
        assert_eq!(waiters.len(), 4, "it waits anew, behind the others");
        waiters.wake_some(3);
        assert_eq!(waiters.len(), 1);
        waiters.wake_some(3);
        assert!(waiters.is_empty());
    }
}
