//! Requests that failed and are sent again: which ones wait for the master, in which order they
//! leave, and how often each request was tried.

pub(in crate::client) mod master_view;

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::backend::Failed;
use crate::routing::Target;
use crate::session::replies::Sequence;
use master_view::{Access, MasterView};

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
    /// Those that have left for the master in their order, and may not be answered yet.
    left: VecDeque<Sequence>,
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
    /// Since when it waits.
    pub(in crate::client) since: Instant,
    /// When the time is over that a blocking command gave.
    pub(in crate::client) ends: Option<Instant>,
    /// When it was refused, in milliseconds of the process's clock.
    pub(in crate::client) refused_ms: u64,
    /// Whether the number of tries is limited.
    pub(in crate::client) counts: bool,
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
    /// answered, and so are those that no reply is owed to (`owes`).
    pub(in crate::client) fn step(
        &mut self,
        (unanswered, owes): (Sequence, impl Fn(Sequence) -> bool),
        view: &MasterView,
        now: Instant,
    ) -> Step {
        if !self.may_leave(unanswered) {
            return Step::Nothing;
        }
        let Some(first) = self.waiting.front() else { return Step::Nothing };
        let (seq, is_limited) = (first.failed.seq, first.counts);
        let is_over = view.is_over(first.since, now) || first.ends.is_some_and(|ends| now >= ends);
        let is_write = || first.target == Target::Write;
        // A write must not overtake a read before it that another server is asked for.
        let is_under_way = |seq: Sequence| owes(seq) && !self.left.contains(&seq);
        let overtakes = is_write() && (unanswered..seq).any(is_under_way);
        let next = match view.access(first.failed.backend, first.refused_ms, is_write) {
            Access::Refused => self.waiting.pop_front().map(Step::Refuse),
            Access::Granted if !overtakes && (!is_limited || self.try_again(seq)) => {
                self.left.retain(|left| *left >= unanswered);
                self.leave().map(Step::Send)
            }
            _ if is_over => self.waiting.pop_front().map(Step::GiveUp),
            _ => Some(Step::Wait),
        };
        next.unwrap_or(Step::Nothing)
    }

    /// Whether a request that its client sent before request `seq` waits.
    pub(in crate::client) fn waits_before(&self, seq: Sequence) -> bool {
        self.waiting.front().is_some_and(|first| first.failed.seq < seq)
    }

    /// Whether the first request that waits may leave, where every request below `unanswered` is
    /// answered. One that failed after later ones had left has not to wait for those.
    fn may_leave(&mut self, unanswered: Sequence) -> bool {
        match self.release {
            Release::None | Release::All => true,
            Release::First(seq) if seq < unanswered => {
                self.release = Release::All;
                true
            }
            Release::First(seq) => self.waits_before(seq),
        }
    }

    /// The first request leaves.
    fn leave(&mut self) -> Option<Waiting> {
        let left = self.waiting.pop_front()?;
        self.left.push_back(left.failed.seq);
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
    use super::master_view::Gate;
    use super::*;
    use crate::backend::{Cause, Refusal};
    use crate::topology::BackendId;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(1);

    /// A master with this number, if there is one, and its gate.
    fn view(master: Option<u32>, gate: Gate) -> MasterView {
        let master = master.map(|id| (BackendId(id), None));
        MasterView { master, gate, holds_on: None, patience: PATIENCE }
    }

    fn refused(seq: Sequence) -> Waiting {
        let cause = Cause::Refused(Refusal::ReadOnly, b"-READONLY\r\n".to_vec());
        let (request, backend) = (Vec::new(), BackendId(1));
        let failed = Failed { seq, request, repeatable: true, leased: false, backend, cause };
        Waiting {
            failed,
            target: Target::Write,
            since: Instant::now(),
            ends: None,
            refused_ms: 0,
            counts: true,
        }
    }

    fn leave(recovery: &mut Recovery) -> Option<Sequence> {
        recovery.leave().map(|left| left.failed.seq)
    }

    /// A read at a replica failed while those behind it were on their way to the master.
    #[test]
    fn a_request_does_not_wait_for_the_answers_to_later_ones() {
        let mut recovery = Recovery::default();
        let read = |seq| Waiting { target: Target::Master, ..refused(seq) };
        [7, 8].into_iter().for_each(|seq| recovery.wait(read(seq)));
        let granted = view(Some(2), Gate::Open);
        let next = |recovery: &mut Recovery| {
            let step = recovery.step((5, |_| true), &granted, Instant::now());
            if let Step::Send(it) = step { Some(it.failed.seq) } else { None }
        };
        assert_eq!(next(&mut recovery), Some(7));
        assert_eq!(next(&mut recovery), None, "the master may refuse the first one");
        recovery.wait(read(5));
        assert_eq!(next(&mut recovery), Some(5));
        assert_eq!(next(&mut recovery), None);
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
    fn a_blocking_command_waits_no_longer_than_it_asked_for() {
        let now = Instant::now();
        let held = MasterView { holds_on: Some(true), ..view(None, Gate::Open) };
        let mut recovery = Recovery::default();
        recovery.wait(Waiting { since: now, ..refused(4) });
        let wait = recovery.step((4, |_| false), &held, now + PATIENCE);
        assert!(matches!(wait, Step::Wait), "as all that is held");
        assert!(!recovery.waits_before(4) && recovery.waits_before(5));
        let mut recovery = Recovery::default();
        recovery.wait(Waiting { ends: Some(now), ..refused(4) });
        assert!(matches!(recovery.step((4, |_| false), &held, now), Step::GiveUp(_)));
    }

    #[test]
    fn a_refused_write_is_given_up_when_its_time_is_up_or_it_was_tried_often() {
        let now = Instant::now();
        let mut recovery = Recovery::default();
        let (none, other) = (view(None, Gate::Open), view(Some(2), Gate::Open));
        assert!(matches!(recovery.step((4, |_| false), &none, now), Step::Nothing));
        let since = now;
        recovery.wait(Waiting { since, ..refused(4) });
        assert!(matches!(recovery.step((4, |_| false), &none, now), Step::Wait));
        let over = recovery.step((4, |_| false), &none, now + PATIENCE);
        assert!(matches!(over, Step::GiveUp(it) if it.failed.seq == 4));
        for _ in 0..TRIES_MAX {
            recovery.wait(Waiting { since, ..refused(4) });
            assert!(matches!(recovery.step((4, |_| false), &other, now), Step::Send(_)));
        }
        recovery.wait(Waiting { since, ..refused(4) });
        assert!(matches!(recovery.step((4, |_| false), &other, now), Step::Wait));
        assert!(matches!(recovery.step((4, |_| false), &none, now + PATIENCE), Step::GiveUp(_)));
    }

    #[test]
    fn the_gate_of_the_new_master_decides_about_a_refused_write() {
        let now = Instant::now();
        let with = |target, gate| {
            let mut recovery = Recovery::default();
            recovery.wait(Waiting { target, ..refused(4) });
            recovery.step((4, |_| false), &view(Some(2), gate), now)
        };
        assert!(matches!(with(Target::Write, Gate::Refuses), Step::Refuse(_)));
        assert!(matches!(with(Target::Write, Gate::Holds), Step::Wait));
        assert!(matches!(with(Target::Master, Gate::Refuses), Step::Send(_)), "it writes nothing");
    }

    #[test]
    fn a_write_does_not_overtake_a_read_before_it_that_is_asked_again() {
        let known = view(Some(2), Gate::Open);
        let now = Instant::now();
        let mut recovery = Recovery::default();
        [5, 6].into_iter().for_each(|seq| recovery.wait(refused(seq)));
        let step = recovery.step((4, |seq| seq == 4), &known, now);
        assert!(matches!(step, Step::Wait), "4 is asked again elsewhere");
        let step = recovery.step((4, |_| false), &known, now);
        assert!(matches!(step, Step::Send(it) if it.failed.seq == 5), "4 is answered");
        recovery.release = Release::All;
        let step = recovery.step((5, |seq| seq == 5), &known, now);
        assert!(matches!(step, Step::Send(it) if it.failed.seq == 6), "5 goes the same way");
    }
}
