//! Reads that wait until the replica has the data that they must include.

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backend::{Inbox, Raises, Ticket};
use crate::consistency::Bound;

/// How long after an answer the replica is asked again.
const PAUSE: Duration = Duration::from_micros(250);
/// After a read has waited in vain, none waits for so many times its patience: the replica is further
/// behind than a wait is worth.
const REST: u32 = 20;

/// A read that was sent, or was about to be, when the replica lacked data that it must include.
#[derive(Debug)]
pub(super) struct LateRead {
    pub(super) request: Vec<u8>,
    pub(super) ticket: Ticket,
}

impl LateRead {
    /// Its client, by the address in memory.
    fn client(&self) -> *const Inbox {
        self.ticket.inbox.as_ref().map_or(std::ptr::null(), Rc::as_ptr)
    }
}

/// Reads that wait until the replica has the data that they must include; those of one client in the
/// order in which it sent them.
#[derive(Debug, Default)]
pub(super) struct LateReads {
    reads: VecDeque<LateRead>,
    /// The clients of these reads, by their addresses in memory.
    clients: HashSet<*const Inbox>,
    /// When the replica is to be asked again; `None` while an answer is under way or no read waits.
    asks_at: Option<Instant>,
    /// Until when no read waits.
    rests_until: Option<Instant>,
}

impl LateReads {
    /// Whether no read waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.reads.is_empty()
    }

    /// Whether a read that was handed to the connection at `since` waits: it has the patience for it,
    /// and such waits are not in vain now.
    pub(super) fn takes(&self, since: Instant, patience: Duration, now: Instant) -> bool {
        self.rests_until.is_none_or(|until| until <= now) && now < since + patience
    }

    /// Whether a read has to wait because of those that do: its client would get its reply before
    /// theirs.
    pub(super) fn holds_up(&self, ticket: &Ticket) -> bool {
        let waits = |inbox| self.clients.contains(&Rc::as_ptr(inbox));
        ticket.raises == Raises::Nothing
            && ticket.question.is_none()
            && ticket.inbox.as_ref().is_some_and(waits)
    }

    /// These reads wait, which were sent: they are older than those of the same clients that wait
    /// already and were not.
    pub(super) fn add_sent(&mut self, sent: Vec<LateRead>) {
        for mut read in sent.into_iter().rev() {
            read.ticket.has_waited = true;
            self.clients.insert(read.client());
            self.reads.push_front(read);
        }
    }

    /// A read waits that was not sent.
    pub(super) fn add(&mut self, request: Vec<u8>, mut ticket: Ticket) {
        ticket.has_waited = true;
        self.clients.extend(ticket.inbox.as_ref().map(Rc::as_ptr));
        self.reads.push_back(LateRead { request, ticket });
    }

    /// When the replica is to be asked again.
    pub(super) fn asks_at(&self) -> Option<Instant> {
        self.asks_at
    }

    /// When the replica is to be asked again, or a read has waited for `patience`.
    pub(super) fn due(&self, patience: Duration) -> Option<Instant> {
        let end = self.reads.front().map(|first| first.ticket.since + patience);
        self.asks_at.into_iter().chain(end).min()
    }

    /// Whether a read has waited for `patience` at `now`.
    pub(super) fn has_expired(&self, patience: Duration, now: Instant) -> bool {
        self.reads.front().is_some_and(|first| now >= first.ticket.since + patience)
    }

    /// The replica is asked.
    pub(super) fn asked(&mut self) {
        self.asks_at = None;
    }

    /// The replica has reached `reached`. Returns the reads that it can answer now, and those that
    /// have waited for `patience`.
    pub(super) fn look(
        &mut self,
        reached: Bound,
        patience: Duration,
        now: Instant,
    ) -> (Vec<LateRead>, Vec<LateRead>) {
        let (mut ready, mut expired, mut left) = (Vec::new(), Vec::new(), VecDeque::new());
        let mut gone = HashSet::new();
        self.clients.clear();
        for read in self.reads.drain(..) {
            let client = read.client();
            // The replies of one client come from data that do not go back in time.
            let is_held_up = self.clients.contains(&client) || read.ticket.minimum > reached;
            let is_over = is_held_up && now >= read.ticket.since + patience;
            if is_over || gone.contains(&client) {
                gone.insert(client);
                expired.push(read);
            } else if is_held_up {
                self.clients.insert(client);
                left.push_back(read);
            } else {
                ready.push(read);
            }
        }
        self.reads = left;
        if self.reads.is_empty() {
            self.asks_at = None;
        }
        if !expired.is_empty() {
            self.rest(patience, now);
        }
        (ready, expired)
    }

    /// Takes the reads of all clients whose reads are light. They are sent with a question once more.
    pub(super) fn take_light(&mut self, is_light: impl Fn(&LateRead) -> bool) -> Vec<LateRead> {
        self.clients.clear();
        let heavy = self.reads.iter().filter(|read| !is_light(read));
        self.clients.extend(heavy.map(LateRead::client));
        let reads = self.reads.drain(..);
        let (light, heavy): (Vec<_>, Vec<_>) =
            reads.partition(|read| !self.clients.contains(&read.client()));
        self.reads.extend(heavy);
        light
    }

    /// A read has waited for `patience` in vain.
    pub(super) fn rest(&mut self, patience: Duration, now: Instant) {
        self.rests_until = Some(now + patience * REST);
    }

    /// The replica is asked soon, if reads wait and no answer is under way.
    pub(super) fn ask_soon(&mut self, now: Instant) {
        if !self.reads.is_empty() {
            self.asks_at.get_or_insert(now + PAUSE);
        }
    }

    /// Takes all reads: none of them waits any more.
    pub(super) fn take(&mut self) -> VecDeque<LateRead> {
        self.asks_at = None;
        self.clients.clear();
        std::mem::take(&mut self.reads)
    }

    /// The bytes of their requests.
    pub(super) fn bytes(&self) -> usize {
        self.reads.iter().map(|read| read.request.len()).sum()
    }
}
