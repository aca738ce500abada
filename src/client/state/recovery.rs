//! Requests that failed and are sent again: which ones wait for the master, in which order they
//! leave, and how often each request was tried.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::backend::Failed;
use crate::routing::Target;
use crate::session::replies::Sequence;
use crate::topology::BackendId;

/// Times a request is asked again before its error is passed on.
const TRIES_MAX: u32 = 3;

/// What is known about failed requests that have not been answered yet.
#[derive(Debug, Default)]
pub(in crate::client) struct Recovery {
    /// Requests that wait for the master, in their order.
    waiting: VecDeque<Waiting>,
    /// How often the requests in flight were asked again.
    tries: VecDeque<(Sequence, u32)>,
    release: Release,
}

/// How far the writes that wait may leave. The server that they go to may refuse again, as long as
/// it has taken none of them: those behind would then overtake the one that it refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Release {
    /// No waiting write has been sent.
    #[default]
    None,
    /// The first one has left, and has this number.
    First(Sequence),
    /// The server has taken the first one: all may leave.
    All,
}

/// A request that a server refused because it was no master, or that did not reach the master.
#[derive(Debug)]
pub(in crate::client) struct Waiting {
    pub(in crate::client) failed: Failed,
    /// Whether it is a write for the master, or a read that the master answers.
    pub(in crate::client) target: Target,
    /// When the client gets an error.
    pub(in crate::client) until: Instant,
    /// When it was refused, in milliseconds of the process's clock.
    pub(in crate::client) refused_ms: u64,
    /// Whether the number of tries is limited.
    pub(in crate::client) counts: bool,
}

/// What the write gate of the known master does with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Gate {
    /// It lets the write pass.
    Open,
    /// It is closed, and writes wait for it (`on-closed = "hold"`).
    Holds,
    /// It is closed, and writes are refused.
    Refuses,
}

/// The next step for the first waiting request.
#[derive(Debug)]
pub(in crate::client) enum Step {
    /// The master gets it.
    Send(Waiting),
    /// Its time is up: the client gets an error.
    GiveUp(Waiting),
    /// The write gate of the master refuses it, as it refuses a write that comes now.
    Refuse(Waiting),
    /// The request keeps waiting.
    Wait,
    /// None waits, or it waits for the answer to one that left before it.
    Nothing,
}

impl Recovery {
    /// A request failed: it waits, before those that its client sent later.
    pub(in crate::client) fn wait(&mut self, new: Waiting) {
        let at = self.waiting.partition_point(|it| it.failed.seq < new.failed.seq);
        if self.release == Release::First(new.failed.seq) {
            self.release = Release::None;
        }
        self.waiting.insert(at, new);
    }

    /// What becomes of the first request that waits, at `now`. Every request below `unanswered` is
    /// answered. `master` is the master, if requests may be sent to it, and the time when it was
    /// heard last, in milliseconds of the process's clock.
    pub(in crate::client) fn step(
        &mut self,
        unanswered: Sequence,
        master: Option<(BackendId, Option<u64>)>,
        gate: Gate,
        now: Instant,
    ) -> Step {
        if !self.may_leave(unanswered) {
            return Step::Nothing;
        }
        let Some(Waiting { failed, target, until, refused_ms, counts }) = self.waiting.front()
        else {
            return Step::Nothing;
        };
        let (seq, is_over, is_limited) = (failed.seq, now >= *until, *counts);
        // The server that refused it is believed again when it has said that it is master since (a
        // FAILOVER that came to nothing).
        let is_true = master
            .is_some_and(|(id, heard_ms)| id != failed.backend || heard_ms > Some(*refused_ms));
        let gate = if *target == Target::Write { gate } else { Gate::Open };
        let next = if is_true && gate == Gate::Refuses {
            self.waiting.pop_front().map(Step::Refuse)
        } else if is_true && gate == Gate::Open && (!is_limited || self.try_again(seq)) {
            self.leave().map(Step::Send)
        } else if is_over {
            self.waiting.pop_front().map(Step::GiveUp)
        } else {
            Some(Step::Wait)
        };
        next.unwrap_or(Step::Nothing)
    }

    /// Whether the first request that waits may leave, where every request below `unanswered` is
    /// answered.
    fn may_leave(&mut self, unanswered: Sequence) -> bool {
        match self.release {
            Release::None | Release::All => true,
            Release::First(seq) if seq < unanswered => {
                self.release = Release::All;
                true
            }
            Release::First(_) => false,
        }
    }

    /// The first request leaves.
    fn leave(&mut self) -> Option<Waiting> {
        let left = self.waiting.pop_front()?;
        if self.release == Release::None {
            self.release = Release::First(left.failed.seq);
        }
        if self.waiting.is_empty() {
            self.release = Release::None;
        }
        Some(left)
    }

    /// Whether no request waits; later requests may go on.
    pub(in crate::client) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Counts another try; false if there were enough.
    pub(in crate::client) fn try_again(&mut self, seq: Sequence) -> bool {
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
    use std::time::Duration;

    fn refused(seq: Sequence) -> Waiting {
        let cause = Cause::Refused(Refusal::ReadOnly, b"-READONLY\r\n".to_vec());
        let (request, backend) = (Vec::new(), BackendId(1));
        let failed = Failed { seq, request, repeatable: true, leased: false, backend, cause };
        Waiting {
            failed,
            target: Target::Write,
            until: Instant::now(),
            refused_ms: 0,
            counts: true,
        }
    }

    fn leave(recovery: &mut Recovery) -> Option<Sequence> {
        recovery.leave().map(|left| left.failed.seq)
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

    #[test]
    fn a_refused_write_goes_to_another_master_or_to_one_that_has_said_so_again() {
        let now = Instant::now();
        let with = |master: Option<(u32, Option<u64>)>| {
            let mut recovery = Recovery::default();
            recovery.wait(Waiting { until: now + Duration::from_secs(1), ..refused(4) });
            let master = master.map(|(id, heard_ms)| (BackendId(id), heard_ms));
            recovery.step(4, master, Gate::Open, now)
        };
        assert!(matches!(with(None), Step::Wait));
        assert!(matches!(with(Some((1, None))), Step::Wait), "it has just refused");
        assert!(matches!(with(Some((1, Some(0)))), Step::Wait));
        assert!(matches!(with(Some((1, Some(1)))), Step::Send(_)), "it has said so since");
        assert!(matches!(with(Some((2, None))), Step::Send(_)));
    }

    #[test]
    fn a_refused_write_is_given_up_when_its_time_is_up_or_it_was_tried_often() {
        let now = Instant::now();
        let mut recovery = Recovery::default();
        assert!(matches!(recovery.step(4, None, Gate::Open, now), Step::Nothing));
        recovery.wait(Waiting { until: now, ..refused(4) });
        assert!(
            matches!(recovery.step(4, None, Gate::Open, now), Step::GiveUp(it) if it.failed.seq == 4)
        );
        let until = now + Duration::from_secs(1);
        for _ in 0..TRIES_MAX {
            recovery.wait(Waiting { until, ..refused(4) });
            assert!(matches!(
                recovery.step(4, Some((BackendId(2), None)), Gate::Open, now),
                Step::Send(_)
            ));
        }
        recovery.wait(Waiting { until, ..refused(4) });
        assert!(matches!(
            recovery.step(4, Some((BackendId(2), None)), Gate::Open, now),
            Step::Wait
        ));
        assert!(matches!(recovery.step(4, None, Gate::Open, until), Step::GiveUp(_)));
    }

    #[test]
    fn the_gate_of_the_new_master_decides_about_a_refused_write() {
        let now = Instant::now();
        let with = |target, gate| {
            let mut recovery = Recovery::default();
            let until = now + Duration::from_secs(1);
            recovery.wait(Waiting { until, target, ..refused(4) });
            recovery.step(4, Some((BackendId(2), None)), gate, now)
        };
        assert!(matches!(with(Target::Write, Gate::Refuses), Step::Refuse(_)));
        assert!(matches!(with(Target::Write, Gate::Holds), Step::Wait));
        assert!(matches!(with(Target::Master, Gate::Refuses), Step::Send(_)), "it writes nothing");
    }
}
