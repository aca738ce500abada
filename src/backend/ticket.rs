//! The client that gets the next replies of a connection.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::Inbox;
use super::offsets::group::Group;
use crate::consistency::Bound;
use crate::session::replies::Sequence;
use crate::telemetry::{Class, DurationCounts, Kind, RequestCounts};

/// Whether a blocking command may be taken back from its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recall {
    /// It may not.
    #[default]
    No,
    /// It may: a null reply shows that it took nothing.
    May,
    /// The server is asked to end it.
    Asked,
}

/// What requests do to the data that their client's later reads must include.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Raises {
    /// Nothing.
    #[default]
    Nothing,
    /// They read the master's data.
    Reads,
    /// They write, which [`super::Connection::note_write`] was told.
    NotedWrites,
    /// They write.
    Writes,
}

/// A question of the proxy's own for a server's offset.
#[derive(Debug)]
pub(super) enum Question {
    /// Behind the requests of this group, to a master.
    Behind(Box<Group>),
    /// In front of reads, to a replica.
    InFront,
}

/// Consecutive replies for one inbox.
#[derive(Debug)]
pub struct Ticket {
    /// The inbox; `None` after the requests were given up. Their replies are dropped then.
    pub inbox: Option<Rc<Inbox>>,
    /// The request whose reply comes next.
    pub seq: Sequence,
    /// The number of replies still to come.
    pub left: u32,
    /// The number of replies that have arrived.
    pub done: u32,
    /// The bytes of the requests.
    pub bytes: usize,
    /// When the requests were handed to the connection.
    pub since: Instant,
    /// Whether an error is kept from the client (CLIENT REPLY OFF). Other frames are passed on.
    pub quiet: bool,
    /// Whether each reply is needed in one piece, because it has to be changed.
    pub whole: bool,
    /// Whether each error is told to the client's task, which passes it on or does not.
    pub tells_errors: bool,
    /// Whether a request on a leased connection depends on no earlier one, so that it may be sent again
    /// over another connection.
    pub retryable: bool,
    /// Whether the server has refused a write that its client sent before it over the same
    /// connection, because it is no longer a master. A read would be answered without that write.
    pub behind_refused: bool,
    /// Whether it may take any time (a blocking command).
    pub patient: bool,
    /// Whether the requests are reads at a replica, which may go to another server when this one serves
    /// no reads any more.
    pub moves: bool,
    /// Whether the request may be taken back ([`super::Pool::recall`]).
    pub recall: Recall,
    /// When the request is over, answered or not (BLOCK of an XREAD).
    pub until: Option<Instant>,
    /// Whether the requests renew the subscriptions of the connection's owner. It does not see the
    /// replies, and is told when all have arrived.
    pub renews: bool,
    /// The data that the server must have, for its replies to be passed on.
    pub minimum: Bound,
    /// Whether the requests have waited for the server to have it.
    pub(super) has_waited: bool,
    /// What the requests do to the minimum of their client's later reads.
    pub raises: Raises,
    /// The group of a request that goes over a leased connection: it is asked for its bound when it
    /// is answered.
    pub(super) group: Option<Box<Group>>,
    /// The proxy's own question, which has no client.
    pub(super) question: Option<Question>,
    /// What the metrics count the requests as; `None` for the proxy's own.
    pub kind: Option<Kind>,
    /// The number of writes among them, where `kind` is that of the others.
    pub writes: u32,
}

impl Ticket {
    /// An ordinary ticket for `count` requests of `bytes` bytes, not counted.
    #[must_use]
    pub fn new(inbox: Rc<Inbox>, seq: Sequence, count: u32, bytes: usize, since: Instant) -> Self {
        Self::plain(Some(inbox), seq, count, bytes, since)
    }

    fn plain(
        inbox: Option<Rc<Inbox>>,
        seq: Sequence,
        count: u32,
        bytes: usize,
        since: Instant,
    ) -> Self {
        Self {
            inbox,
            seq,
            left: count,
            done: 0,
            bytes,
            since,
            quiet: false,
            whole: false,
            tells_errors: false,
            retryable: false,
            behind_refused: false,
            patient: false,
            moves: false,
            recall: Recall::No,
            until: None,
            renews: false,
            minimum: Bound::NONE,
            has_waited: false,
            raises: Raises::Nothing,
            group: None,
            question: None,
            kind: None,
            writes: 0,
        }
    }

    /// Takes the ticket of requests that were sent, and leaves one whose replies are dropped.
    pub(super) fn take(&mut self) -> Self {
        let dropped = Self {
            done: self.done,
            ..Self::plain(None, self.seq, self.left, self.bytes, self.since)
        };
        std::mem::replace(self, dropped)
    }

    /// A ticket for a question of `bytes` bytes.
    pub(super) fn question(question: Question, bytes: usize, since: Instant) -> Self {
        Self { question: Some(question), ..Self::plain(None, 0, 1, bytes, since) }
    }

    /// A ticket for a request of `bytes` bytes that renews subscriptions and gets `count`
    /// confirmations.
    #[must_use]
    pub fn renewal(count: u32, bytes: usize, since: Instant) -> Self {
        Self { renews: true, ..Self::plain(None, 0, count, bytes, since) }
    }

    /// Counts the requests as they are sent.
    #[inline]
    pub(super) fn count(&self, counts: &RequestCounts) {
        match self.kind {
            None => {}
            // It is one request, also where it gets several replies.
            Some(kind) if kind.class() == Class::Pinned => counts.add(kind, 1),
            Some(kind) => {
                counts.add(Kind::Write, u64::from(self.writes));
                counts.add(kind, u64::from(self.left - self.writes));
            }
        }
    }

    /// Counts the time `took` of the requests, from their reading to the last reply.
    #[inline]
    pub(super) fn observe(&self, durations: &DurationCounts, took: Duration) {
        let Some(kind) = self.kind else { return };
        match kind.class() {
            Class::Pinned => durations.observe(Class::Pinned, took, 1),
            class => {
                durations.observe(Class::Write, took, u64::from(self.writes));
                durations.observe(class, took, u64::from(self.done - self.writes));
            }
        }
    }
}
