//! Requests at a master that share one question for its offset.

use std::rc::Rc;

use crate::backend::Inbox;
use crate::consistency::{Bound, Mark, Period, Place, WriteTable};
use crate::session::{Touches, Written};

/// Above so many places a group counts as one of everything.
const PLACES_MAX: usize = 10_000;
/// Below so many sessions none is dropped.
const SESSIONS_MIN: usize = 1_000;

/// Requests at a master that share one question for its offset, which is asked behind them: the
/// answer bounds what they wrote and what they read.
#[derive(Debug, Default)]
pub(in crate::backend) struct Group {
    /// Its number on this worker.
    number: u64,
    /// The places of the keys that its requests write.
    places: Vec<Place>,
    /// The same of writes that are not sent yet: the table does not know of them.
    unsent: Vec<Mark>,
    /// The sessions that sent its requests, each with the group's number as it was then.
    sessions: Vec<(Rc<Inbox>, u64)>,
    /// Sessions that have gone are dropped above this number.
    sessions_max: usize,
    /// How many of its requests write.
    writes: u32,
    /// How many groups with writes it consists of, by the period in which they began.
    writing: [u32; Period::COUNT],
    /// The period of its own writes.
    period: Option<Period>,
    /// Whether sessions wait for the answer before they read again at a replica: one of them has seen
    /// the master's data, or has written unknown keys.
    is_urgent: bool,
    /// Requests that were answered before, and whose bound is asked for with the same question.
    answered: Option<Box<Self>>,
}

impl Group {
    /// Begins a group with another number.
    pub(in crate::backend) fn renumber(&mut self, number: u64) {
        self.number = number;
    }

    /// Whether nothing is to be asked.
    pub(in crate::backend) fn is_empty(&self) -> bool {
        let writes = self.places.len() + self.unsent.len();
        self.sessions.is_empty() && writes == 0 && self.answered.is_none()
    }

    /// This write is to be sent; [`Self::begin`] has to follow.
    pub(in crate::backend) fn add(&mut self, written: Written<'_>, table: &WriteTable) {
        self.period.get_or_insert_with(|| {
            let period = table.begin_group();
            self.writing[period.index()] += 1;
            period
        });
        self.writes = self.writes.saturating_add(1);
        self.is_urgent |= written.tells;
        match written.touches {
            Touches::Key(key) => self.unsent.push(table.mark(key)),
            Touches::Keys(keys) => self.unsent.extend(keys.map(|key| table.mark(key))),
            Touches::Any => {
                self.is_urgent = true;
                self.places.push(table.begin_everything());
            }
        }
    }

    /// What was added is about to be sent.
    pub(in crate::backend) fn begin(&mut self, table: &WriteTable) {
        if let Some(period) = self.period.filter(|_| !self.unsent.is_empty()) {
            table.begin(&self.unsent, period);
            self.places.extend(self.unsent.drain(..).map(Mark::place));
        }
    }

    /// Takes a place that the table has in flight already.
    pub(in crate::backend) fn adopt_place(&mut self, place: Place) {
        self.is_urgent |= place == Place::EVERYTHING;
        self.places.push(place);
    }

    /// The requests of `inbox` from number `start` on are about to be sent; they read, or only write.
    pub(in crate::backend) fn add_session(&mut self, inbox: &Rc<Inbox>, start: u64, reads: bool) {
        self.is_urgent |= reads;
        // A write of unknown keys may be of any key that the session reads next.
        if inbox.minimum().begin(self.number, start, self.is_urgent) {
            self.sessions.push((Rc::clone(inbox), self.number));
        }
    }

    /// What `inbox` has read at its server is asked for.
    pub(in crate::backend) fn add_stay(&mut self, inbox: &Rc<Inbox>) {
        self.is_urgent = true;
        inbox.minimum().begin_stay(self.number);
        self.sessions.push((Rc::clone(inbox), self.number));
    }

    /// Takes the requests of `other`, which were sent before the question.
    pub(in crate::backend) fn merge(&mut self, other: &mut Self) {
        self.places.append(&mut other.places);
        // They were never sent.
        other.unsent.clear();
        self.sessions.append(&mut other.sessions);
        for (mine, others) in self.writing.iter_mut().zip(&mut other.writing) {
            *mine += std::mem::take(others);
        }
        other.period = None;
        self.writes = self.writes.saturating_add(std::mem::take(&mut other.writes));
        self.is_urgent |= std::mem::take(&mut other.is_urgent);
        if let Some(mut answered) = other.answered.take() {
            self.merge(&mut answered);
        }
    }

    /// Asks for the bound of requests that were answered before with the same question.
    pub(in crate::backend) fn ask_with(&mut self, mut answered: Box<Self>) {
        self.is_urgent |= answered.is_urgent;
        match &mut self.answered {
            Some(others) => others.merge(&mut answered),
            None => self.answered = Some(answered),
        }
    }

    /// Takes the requests that were answered before.
    pub(in crate::backend) fn take_answered(&mut self) -> Option<Box<Self>> {
        self.answered.take()
    }

    /// The question does not wait for more requests.
    pub(in crate::backend) fn urge(&mut self) {
        self.is_urgent = true;
    }

    /// How many of its requests write.
    pub(in crate::backend) fn writes(&self) -> u32 {
        self.writes
    }

    /// Whether the question cannot wait for more requests.
    pub(in crate::backend) fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    /// Keeps the memory of a group bounded whose question gets no answer for long.
    pub(in crate::backend) fn bound(&mut self, table: &WriteTable) {
        if self.places.len() > PLACES_MAX {
            let everything = table.begin_everything();
            table.end(&self.places, Bound::NONE);
            self.places.clear();
            self.places.push(everything);
        }
        if self.sessions.len() > self.sessions_max.max(SESSIONS_MIN) {
            self.sessions.retain(|(inbox, _)| !inbox.is_gone());
            self.sessions_max = self.sessions.len() * 2;
        }
    }

    /// The answer has come: the master's data had this bound behind the requests. [`Bound::NONE`] if
    /// none of them was answered.
    pub(in crate::backend) fn resolve(&mut self, bound: Bound, table: &WriteTable) {
        (self.is_urgent, self.writes) = (false, 0);
        if let Some(mut answered) = self.answered.take() {
            answered.resolve(bound, table);
        }
        self.unsent.clear();
        table.end(&self.places, bound);
        self.places.clear();
        self.period = None;
        for (period, count) in Period::ALL.into_iter().zip(std::mem::take(&mut self.writing)) {
            (0..count).for_each(|_| table.end_group(period, bound));
        }
        for (inbox, group) in self.sessions.drain(..) {
            inbox.minimum().end(group, bound);
            if inbox.minimum().take_wait() {
                inbox.wake();
            }
        }
    }
}
