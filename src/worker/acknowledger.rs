//! Which writes share one WAIT: all that were answered before it is sent.
//!
//! One check is in flight at a time. Writes that are answered meanwhile share the next one. If a
//! replica is slow, the next check leaves after a quarter of `wait-timeout`: so no reply waits much
//! longer than `wait-timeout`, none is given up earlier, and there are never more than ten checks.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::backend::Inbox;
use crate::topology::BackendId;

/// What a write waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    /// The server that answered the write.
    pub(crate) backend: BackendId,
    /// The process of that server: after a restart the server may have lost the write.
    pub(crate) scan_tag: u32,
    /// How many replicas have to acknowledge the write.
    pub(crate) replicas: u32,
    /// How long the reply waits for them.
    pub(crate) timeout: Duration,
}

/// One WAIT, for all writes that joined it.
#[derive(Debug)]
pub(crate) struct Check {
    pub(super) demand: Demand,
    outcome: OnceCell<Result<(), String>>,
    waiting: RefCell<Vec<Rc<Inbox>>>,
}

/// One worker's checks.
#[derive(Debug)]
pub(crate) struct Acknowledger {
    /// The check whose WAIT is not sent yet: it covers all writes that are answered until then.
    gathering: RefCell<Option<Rc<Check>>>,
    /// One check is in flight at a time.
    pub(super) turn: Semaphore,
}

impl Default for Acknowledger {
    fn default() -> Self {
        Self { gathering: RefCell::default(), turn: Semaphore::new(1) }
    }
}

impl Check {
    pub(crate) fn is_over(&self) -> bool {
        self.outcome.get().is_some()
    }

    /// Its outcome, an error's text where it failed; `None` while it is not over.
    pub(crate) fn outcome(&self) -> Option<&Result<(), String>> {
        self.outcome.get()
    }

    pub(crate) fn finish(&self, outcome: Result<(), String>) {
        if self.outcome.set(outcome).is_ok() {
            for inbox in self.waiting.take() {
                inbox.wake();
            }
        }
    }
}

impl Acknowledger {
    /// The check that a write which was answered just now belongs to, and whether it is a new one
    /// that has to be run; `inbox` is woken when it is over.
    pub(crate) fn join(&self, demand: Demand, inbox: &Rc<Inbox>) -> (Rc<Check>, bool) {
        let mut gathering = self.gathering.borrow_mut();
        let (check, is_new) = match gathering.take().filter(|check| check.demand == demand) {
            Some(check) => (check, false),
            None => {
                let (outcome, waiting) = (OnceCell::new(), RefCell::default());
                (Rc::new(Check { demand, outcome, waiting }), true)
            }
        };
        let mut waiting = check.waiting.borrow_mut();
        // The replies to one client come one after another.
        if !waiting.last().is_some_and(|last| Rc::ptr_eq(last, inbox)) {
            waiting.push(Rc::clone(inbox));
        }
        drop(waiting);
        *gathering = Some(Rc::clone(&check));
        (check, is_new)
    }

    /// The WAIT of `check` leaves: it does not cover writes that are answered from now on.
    pub(super) fn close(&self, check: &Rc<Check>) {
        self.gathering.borrow_mut().take_if(|gathering| Rc::ptr_eq(gathering, check));
    }
}
