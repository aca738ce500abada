//! What the connections of one worker ask servers for their offsets, and what follows from the
//! answers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::group::Group;
use crate::backend::Inbox;
use crate::consistency::{Bound, Place, WriteTable, position};
use crate::session::Written;
use crate::telemetry::Count;
use crate::topology::Topology;

/// The most groups without requests that are kept for later.
const SPARE_MAX: usize = 64;

/// What a replica's answer proves, as long as the master's replication id stays the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::backend) struct Proof {
    /// What the replica's data include.
    pub(in crate::backend) bound: Bound,
    /// [`History::turn`](crate::consistency::History::turn) at that time.
    turn: u32,
}

/// What the connections of one worker ask servers for their offsets.
///
/// Behind the requests of one flush to the master goes one question, in front of the reads of one
/// flush to a replica goes one where a read needs it. The answers are compared only within one
/// replication history.
#[derive(Debug, Default)]
pub struct OffsetQuestions {
    table: Arc<WriteTable>,
    topology: Arc<ArcSwap<Topology>>,
    /// Groups whose requests were answered, and whose question was not, or not asked yet.
    unresolved: RefCell<Group>,
    #[expect(
        clippy::vec_box,
        reason = "they move into tickets as they are, without an allocation"
    )]
    spare: RefCell<Vec<Box<Group>>>,
    last_number: Cell<u64>,
    /// Whether the master has refused ROLE: the answer to INFO is longer, and says the same.
    is_role_refused: Cell<bool>,
    /// How long a read waits for its replica to have what it must include (`reads.floor-wait`).
    patience: Cell<Duration>,
    /// Reads that waited for their replica.
    pub(in crate::backend) late: Count,
    /// Questions to masters.
    pub(in crate::backend) to_masters: Count,
    /// Questions to replicas.
    pub(in crate::backend) to_replicas: Count,
}

impl OffsetQuestions {
    /// Nothing is asked yet. Writes are noted in `table`, and histories are those of `topology`.
    #[must_use]
    pub fn new(table: Arc<WriteTable>, topology: Arc<ArcSwap<Topology>>) -> Self {
        Self { table, topology, ..Self::default() }
    }

    /// Whether the offsets of requests at the master are asked for at all.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.table.is_used()
    }

    /// A group without requests.
    pub(in crate::backend) fn group(&self) -> Box<Group> {
        let number = self.last_number.get() + 1;
        self.last_number.set(number);
        let mut group = self.spare.borrow_mut().pop().unwrap_or_default();
        group.renumber(number);
        group
    }

    /// A group for the requests of `inbox` from number `start` on, which go over a connection of
    /// their own; `written` is what they write.
    pub(in crate::backend) fn group_of(
        &self,
        inbox: &Rc<Inbox>,
        start: u64,
        written: Option<Written<'_>>,
    ) -> Box<Group> {
        let mut group = self.group();
        if let Some(written) = written {
            self.add(&mut group, written);
            self.begin(&mut group);
        }
        group.add_session(inbox, start, written.is_none());
        group
    }

    /// A write is to be sent with `group`; [`Self::begin`] has to follow.
    pub(in crate::backend) fn add(&self, group: &mut Group, written: Written<'_>) {
        group.add(written, &self.table);
    }

    /// The writes that were added to `group` are about to be sent.
    pub(in crate::backend) fn begin(&self, group: &mut Group) {
        group.begin(&self.table);
    }

    /// The question to a master.
    pub(in crate::backend) fn to_master(&self) -> &'static [u8] {
        self.to_masters.increment();
        if self.is_role_refused.get() { position::ASK_REPLICA } else { position::ASK_MASTER }
    }

    /// A master has answered the question behind `group`.
    pub(in crate::backend) fn hear_master(&self, mut group: Box<Group>, reply: &[u8]) {
        let topology = self.topology.load();
        let history = &topology.sole_shard().history;
        match position::offset_of_master(reply).filter(|_| history.is_known()) {
            Some(offset) => {
                group.resolve(history.at(offset), &self.table);
                self.keep(group);
            }
            None => {
                self.is_role_refused.set(self.is_role_refused.get() || reply.starts_with(b"-"));
                self.keep_unresolved(group);
            }
        }
    }

    /// The bound of a replica's data, from its answer; none if its data are not known to belong to
    /// the master's history.
    pub(in crate::backend) fn hear_replica(&self, reply: &[u8]) -> Proof {
        let topology = self.topology.load();
        let history = &topology.sole_shard().history;
        let place = position::place_of_replica(reply)
            .filter(|(replid, _)| history.is_known() && *replid == history.replid.as_bytes());
        let bound = place.map(|(_, offset)| history.at(offset)).unwrap_or_default();
        Proof { bound, turn: history.turn() }
    }

    /// What `proof` still proves.
    pub(in crate::backend) fn proven(&self, proof: Proof) -> Bound {
        if proof.bound.is_none() || proof.turn == self.topology.load().sole_shard().history.turn() {
            proof.bound
        } else {
            Bound::NONE
        }
    }

    /// The requests of `group` were answered, and what they wrote has no bound: it is to be asked
    /// for over another connection.
    pub(in crate::backend) fn keep_unresolved(&self, mut group: Box<Group>) {
        let mut unresolved = self.unresolved.borrow_mut();
        unresolved.merge(&mut group);
        unresolved.bound(&self.table);
        drop(unresolved);
        self.keep(group);
    }

    /// No request of `group` was answered: no client was told of a write.
    pub(in crate::backend) fn drop_unanswered(&self, mut group: Box<Group>) {
        if let Some(answered) = group.take_answered() {
            self.keep_unresolved(answered);
        }
        group.resolve(Bound::NONE, &self.table);
        self.keep(group);
    }

    /// Keeps the memory of a group without requests.
    pub(in crate::backend) fn keep(&self, group: Box<Group>) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < SPARE_MAX {
            spare.push(group);
        }
    }

    /// The requests that still need a question.
    pub(in crate::backend) fn take_unresolved(&self) -> Option<Box<Group>> {
        if self.unresolved.borrow().is_empty() {
            return None;
        }
        let mut group = self.group();
        group.merge(&mut self.unresolved.borrow_mut());
        Some(group)
    }

    /// How long a read waits for its replica to have what it must include.
    pub(in crate::backend) fn patience(&self) -> Duration {
        self.patience.get()
    }

    /// Sets how long a read waits for its replica (`reads.floor-wait`).
    pub fn set_patience(&self, patience: Duration) {
        self.patience.set(patience);
    }

    /// How many questions went to masters and to replicas since the last call.
    pub fn take_counts(&self) -> (u64, u64) {
        (self.to_masters.take(), self.to_replicas.take())
    }

    /// How many requests have waited for their replica since the last call.
    pub fn take_late(&self) -> u64 {
        self.late.take()
    }

    /// Whether requests still need a question.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        !self.unresolved.borrow().is_empty()
    }

    /// The writes so far, of which nothing was noted, are to be asked for
    /// ([`WriteTable::begin_use`]).
    pub fn note_so_far(&self) {
        let mut group = self.group();
        group.adopt_place(Place::EVERYTHING);
        self.keep_unresolved(group);
    }

    /// What `session` has read at the server where it reads is to be asked for.
    pub fn note_stay(&self, session: &Rc<Inbox>) {
        let mut group = self.group();
        group.add_stay(session);
        self.keep_unresolved(group);
    }

    /// What `session` has seen so far is to be asked for.
    pub fn note_seen(&self, session: &Rc<Inbox>) {
        let mut group = self.group();
        group.add_session(session, 0, true);
        self.keep_unresolved(group);
    }
}
