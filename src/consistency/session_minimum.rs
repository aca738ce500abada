//! What the reads of one session must not be older than.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::{Bound, History};

/// Requests of one client, by their numbers, whose bound the master is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    /// The group of requests to which they belong.
    group: u64,
    /// The first one.
    start: u64,
    /// Whether one of them has seen the master's data, which no later read may be older than, or has
    /// written unknown keys.
    is_hard: bool,
    /// Whether they are its reads at the server where the session reads.
    is_stay: bool,
}

/// What the reads of one session must not be older than.
///
/// All its reads include what it has read. What it has written is included by the reads of the same
/// keys: [`WriteTable`](super::WriteTable) says how new these have to be.
#[derive(Debug, Default)]
pub struct SessionMinimum {
    /// Of all reads.
    floor: Cell<Bound>,
    /// Of the session's own writes, as far as their bound is known.
    written: Cell<Bound>,
    /// Whether it was asked for before.
    is_asked_for: Cell<bool>,
    /// Whether the session waits for it to be known.
    is_awaited: Cell<bool>,
    /// Requests at the master whose bound is not known yet, in the order in which they were sent.
    open: RefCell<VecDeque<Span>>,
}

/// What a session has written itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnWrites {
    /// The bound of those whose bound is known.
    pub known: Bound,
    /// Whether there are answered ones whose bound is not known yet.
    pub are_open: bool,
}

impl SessionMinimum {
    /// The requests from number `start` on are about to be sent to the master, with `group`.
    /// `is_hard`: one of them sees the master's data, or writes unknown keys. Returns whether the
    /// group has none of this session yet.
    pub fn begin(&self, group: u64, start: u64, is_hard: bool) -> bool {
        let mut open = self.open.borrow_mut();
        match open.back_mut().filter(|last| last.group == group) {
            Some(last) => last.is_hard |= is_hard,
            None => {
                open.push_back(Span { group, start, is_hard, is_stay: false });
                return true;
            }
        }
        false
    }

    /// What the session has read at its server so far is asked for, with `group`.
    pub fn begin_stay(&self, group: u64) {
        self.open.borrow_mut().push_back(Span { group, start: 0, is_hard: true, is_stay: true });
    }

    /// The master's data had this bound after the requests of `group`; [`Bound::NONE`] if they were
    /// lost without an answer.
    pub fn end(&self, group: u64, bound: Bound) {
        self.open.borrow_mut().retain(|span| {
            if span.group == group {
                let kind = if span.is_hard { &self.floor } else { &self.written };
                kind.set(kind.get().max(bound));
            }
            span.group != group
        });
    }

    /// The session waits for the minimum to be known.
    pub fn wait(&self) {
        self.is_awaited.set(true);
    }

    /// Whether the session has waited since the last call.
    pub fn take_wait(&self) -> bool {
        self.is_awaited.take()
    }

    /// The session has seen data of this bound.
    pub fn raise(&self, bound: Bound) {
        self.floor.set(self.floor.get().max(bound));
    }

    /// Whether it is asked for the first time: what the session has done before was perhaps not noted.
    pub fn is_new(&self) -> bool {
        !self.is_asked_for.replace(true)
    }

    /// The bound of all that the session has read, or is about to be told by a read under way at the
    /// master; `None` while that is not known.
    pub fn known(&self, history: &History) -> Option<Bound> {
        self.bound(history, |_| true)
    }

    /// As [`Self::known`], at the server where the session reads: what it has read there is included.
    pub fn known_at_reader(&self, history: &History) -> Option<Bound> {
        self.bound(history, |span| !span.is_stay)
    }

    fn bound(&self, history: &History, counts: impl Fn(&Span) -> bool) -> Option<Bound> {
        let is_open = self.open.borrow().iter().any(|span| span.is_hard && counts(span));
        (!is_open).then(|| history.requires(self.floor.get()))
    }

    /// What the session has written itself. The replies to all requests below number `unanswered`
    /// have come.
    pub fn own_writes(&self, unanswered: u64) -> OwnWrites {
        let are_open = self.open.borrow().iter().any(|span| span.start < unanswered);
        OwnWrites { known: self.written.get(), are_open }
    }

    /// The bound of all that the session has read and written; `None` while that is not known.
    pub fn of_everything(&self, history: &History) -> Option<Bound> {
        let is_known = self.open.borrow().is_empty();
        is_known.then(|| history.requires(self.floor.get().max(self.written.get())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_session_has_written_bounds_no_read_by_itself() {
        let history = History::default().follow("a", None, 1);
        let minimum = SessionMinimum::default();
        assert!(minimum.begin(1, 5, false) && !minimum.begin(1, 6, false));
        assert_eq!(minimum.known(&history), Some(Bound::NONE));
        assert!(!minimum.own_writes(5).are_open, "nothing is answered");
        assert_eq!(minimum.own_writes(6), OwnWrites { known: Bound::NONE, are_open: true });
        assert_eq!(minimum.of_everything(&history), None);
        minimum.end(1, history.at(40));
        let own = OwnWrites { known: history.at(40), are_open: false };
        assert_eq!((minimum.own_writes(6), minimum.known(&history)), (own, Some(Bound::NONE)));
        assert!(minimum.begin(2, 8, false));
        minimum.end(2, Bound::NONE);
        assert_eq!(minimum.own_writes(9), own, "it was lost");
        assert_eq!(minimum.of_everything(&history), Some(history.at(40)));
        minimum.raise(history.at(50));
        assert_eq!(minimum.of_everything(&history), Some(history.at(50)));
    }

    /// The client may have sent both reads before it has seen the reply to the first.
    #[test]
    fn a_read_behind_one_at_the_master_waits_for_its_bound() {
        let history = History::default().follow("a", None, 1);
        let minimum = SessionMinimum::default();
        assert!(minimum.begin(1, 5, false) && !minimum.begin(1, 6, true));
        assert_eq!(minimum.known(&history), None);
        minimum.end(1, history.at(40));
        assert_eq!(minimum.known(&history), Some(history.at(40)));
    }

    #[test]
    fn what_a_session_has_read_at_its_server_bounds_only_other_servers() {
        let history = History::default().follow("a", None, 1);
        let minimum = SessionMinimum::default();
        minimum.raise(history.at(7));
        minimum.begin_stay(1);
        assert_eq!(minimum.known(&history), None);
        assert_eq!(minimum.known_at_reader(&history), Some(history.at(7)));
        assert!(minimum.begin(2, 0, true));
        assert_eq!(minimum.known_at_reader(&history), None);
    }
}
