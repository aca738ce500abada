//! How far the server of a connection is known to be, and what its requests write.

use tokio::time::Instant;

use super::group::Group;
use crate::backend::{Cause, Connection};
use crate::consistency::Bound;
use crate::session::Written;

impl Connection {
    /// Notes a write that this shared connection is about to be sent ([`Raises::NotedWrites`]).
    ///
    /// [`Raises::NotedWrites`]: crate::backend::Raises::NotedWrites
    pub fn note_write(&self, written: Written<'_>) {
        self.pipeline.borrow_mut().note_write(written);
    }

    /// The greatest bound that the server is known to have reached.
    pub fn proven(&self) -> Bound {
        self.pipeline.borrow().proven()
    }

    /// Asks the master for the bound of the requests that were answered without one.
    pub(in crate::backend) fn ask_behind(&self, group: Box<Group>) {
        self.pipeline.borrow_mut().ask_behind(group);
        self.after_push();
    }

    /// When the next question for the server's offset is due.
    pub(in crate::backend) fn asks_at(&self) -> Option<Instant> {
        self.pipeline.borrow().asks_at()
    }

    /// Asks the server what is due at `now`.
    pub(in crate::backend) fn ask_due(&self, now: Instant) {
        let expired = self.pipeline.borrow_mut().ask_due(now);
        self.load.ended(expired);
    }

    /// Whether replies have added requests since the last call.
    pub(in crate::backend) fn take_addition(&self) -> bool {
        self.has_addition.take()
    }

    /// Asks the master now for the bound of the writes since the last question.
    pub fn ask_now(&self) {
        self.pipeline.borrow_mut().ask_now();
        self.after_push();
    }

    /// Hands back the reads that may go to another server, and returns how many there were.
    pub(in crate::backend) fn withdraw(&self) -> u32 {
        let mut pipeline = self.pipeline.borrow_mut();
        let withdrawn = pipeline.withdraw();
        let late = pipeline.give_up_late(&Cause::Withdrawn);
        self.load.ended(u64::from(late));
        withdrawn + late
    }
}
