//! A place in a connection's line: who gets the next replies.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::Inbox;
use crate::session::replies::Sequence;
use crate::telemetry::{Class, DurationCounts, Kind, RequestCounts};

/// Replies that one inbox waits for, in a row.
#[derive(Debug)]
pub struct Ticket {
    /// Who waits; `None` once they gave up: the replies are dropped as they come.
    pub inbox: Option<Rc<Inbox>>,
    /// The request whose reply comes next.
    pub seq: Sequence,
    /// Replies still to come.
    pub left: u32,
    /// Replies that have come.
    pub done: u32,
    /// Bytes of the requests.
    pub bytes: usize,
    /// When the requests were handed to the connection.
    pub since: Instant,
    /// An error is not for the client (CLIENT REPLY OFF); what else comes is.
    pub quiet: bool,
    /// The reply is needed in one piece, because something in it has to be changed.
    pub whole: bool,
    /// Over a leased connection without depending on anything before: it may be sent again over
    /// another one.
    pub retryable: bool,
    /// May take as long as it likes (a blocking command).
    pub patient: bool,
    /// Reads that a replica was asked: another server may be asked once this one serves no reads
    /// any more.
    pub moves: bool,
    /// When the request is over, whether it is answered or not (BLOCK of an XREAD).
    pub until: Option<Instant>,
    /// What the requests are to the metrics; `None` where they are the proxy's own.
    pub kind: Option<Kind>,
    /// How many of them are writes, where `kind` says something else of the others.
    pub writes: u32,
}

impl Ticket {
    /// An ordinary ticket for `count` requests of `bytes` bytes, not counted.
    #[must_use]
    pub fn new(inbox: Rc<Inbox>, seq: Sequence, count: u32, bytes: usize, since: Instant) -> Self {
        let inbox = Some(inbox);
        Self {
            inbox,
            seq,
            left: count,
            done: 0,
            bytes,
            since,
            quiet: false,
            whole: false,
            retryable: false,
            patient: false,
            moves: false,
            until: None,
            kind: None,
            writes: 0,
        }
    }

    /// Counts the requests as they are sent.
    #[inline]
    pub(super) fn count(&self, counts: &RequestCounts) {
        match self.kind {
            None => {}
            // One request, however many replies it gets.
            Some(kind) if kind.class() == Class::Pinned => counts.add(kind, 1),
            Some(kind) => {
                counts.add(Kind::Write, u64::from(self.writes));
                counts.add(kind, u64::from(self.left - self.writes));
            }
        }
    }

    /// Counts them once more when all their replies are there, `took` after they were read.
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
