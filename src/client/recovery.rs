//! Requests that failed and are sent again: which writes wait for the true master, in which order they
//! leave, and how often each request was tried.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::backend::Failed;
use crate::session::replies::Sequence;

/// Times a request is asked again before its error is passed on.
const TRIES_MAX: u32 = 3;
/// What is known about failed requests that have not been answered yet.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Writes that a replica refused, in their order: they wait for the true master.
    waiting: VecDeque<Waiting>,
    /// How often the requests under way were asked again.
    tries: VecDeque<(Sequence, u32)>,
    release: Release,
}

/// How far the writes that wait may leave. The server that they go to may refuse again, as long as
/// it has taken none of them: those behind would then overtake the one that it refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Release {
    /// None has left.
    #[default]
    None,
    /// The first one has left, and has this number.
    First(Sequence),
    /// The server has taken the first one: all may leave.
    All,
}

/// A write that a server refused because it was no master.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) failed: Failed,
    /// When it is given up.
    pub(super) until: Instant,
    /// When it was refused, in milliseconds of the process's clock.
    pub(super) refused_ms: u64,
}

impl Recovery {
    /// A write was refused: it waits, before those that its client sent later.
    pub(super) fn wait(&mut self, new: Waiting) {
        let at = self.waiting.partition_point(|it| it.failed.seq < new.failed.seq);
        if self.release == Release::First(new.failed.seq) {
            self.release = Release::None;
        }
        self.waiting.insert(at, new);
    }

    /// Whether the first write that waits may leave, where every request below `unanswered` is
    /// answered.
    pub(super) fn may_leave(&mut self, unanswered: Sequence) -> bool {
        match self.release {
            Release::None | Release::All => true,
            Release::First(seq) if seq < unanswered => {
                self.release = Release::All;
                true
            }
            Release::First(_) => false,
        }
    }

    /// The first write leaves.
    pub(super) fn leave(&mut self) -> Option<Failed> {
        let Waiting { failed, .. } = self.waiting.pop_front()?;
        if self.release == Release::None {
            self.release = Release::First(failed.seq);
        }
        if self.waiting.is_empty() {
            self.release = Release::None;
        }
        Some(failed)
    }

    /// The first write that waits.
    pub(super) fn first(&self) -> Option<&Waiting> {
        self.waiting.front()
    }

    /// The first write is given up.
    pub(super) fn give_up(&mut self) -> Option<Failed> {
        self.waiting.pop_front().map(|it| it.failed)
    }

    /// Whether no request waits; later requests may go on.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Counts another try; false if there were enough.
    pub(super) fn try_again(&mut self, seq: Sequence) -> bool {
        if let Some((_, tries)) = self.tries.iter_mut().find(|(of, _)| *of == seq) {
            *tries += 1;
            return *tries <= TRIES_MAX;
        }
        // Requests far behind are answered by now.
        if self.tries.len() >= 1024 {
            self.tries.pop_front();
        }
        self.tries.push_back((seq, 1));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Cause, Refusal};
    use crate::topology::BackendId;

    fn refused(seq: Sequence) -> Waiting {
        let cause = Cause::Refused(Refusal::ReadOnly, b"-READONLY\r\n".to_vec());
        let (request, backend) = (Vec::new(), BackendId(1));
        let failed = Failed { seq, request, repeatable: true, leased: false, backend, cause };
        Waiting { failed, until: Instant::now(), refused_ms: 0 }
    }

    fn leave(recovery: &mut Recovery) -> Option<Sequence> {
        recovery.leave().map(|failed| failed.seq)
    }

    #[test]
    fn writes_that_were_refused_keep_their_order() {
        let mut recovery = Recovery::default();
        [4, 5, 6].into_iter().for_each(|seq| recovery.wait(refused(seq)));
        assert!(recovery.may_leave(4));
        assert_eq!(leave(&mut recovery), Some(4));
        assert!(!recovery.may_leave(4), "the server may refuse it again");
        recovery.wait(refused(4));
        assert!(recovery.may_leave(4), "and has");
        assert_eq!(leave(&mut recovery), Some(4), "before those behind it");
        assert!(!recovery.may_leave(4) && recovery.may_leave(5), "the server has taken it");
        assert_eq!((leave(&mut recovery), recovery.may_leave(5)), (Some(5), true));
        assert_eq!((leave(&mut recovery), leave(&mut recovery)), (Some(6), None));
        assert!(recovery.is_empty());
        recovery.wait(refused(9));
        assert_eq!(leave(&mut recovery), Some(9));
    }
}
