//! How one request goes over a connection, and what is done with its reply.

use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Recall, Ticket};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::client::state::transaction_log::Part;
use crate::consistency::Bound;
use crate::routing::Target;
use crate::telemetry::Kind;

/// How one request goes over a connection, and what is done with its reply.
#[derive(Debug)]
pub(in crate::client) struct Passage {
    /// The number of replies that it gets.
    pub(in crate::client) replies: u32,
    /// Whether the client wants them.
    pub(in crate::client) shown: bool,
    /// Whether the client does not want errors.
    pub(in crate::client) quiet: bool,
    /// Whether the request is a blocking command, which has its own timeout.
    pub(in crate::client) patient: bool,
    /// Whether it depends on no earlier request, and may be sent again over another connection.
    pub(in crate::client) retryable: bool,
    /// Whether another server gets it when this one stops serving reads.
    pub(in crate::client) moves: bool,
    /// Whether it waits for something to take: where its master is about to be replaced, it is taken
    /// back.
    pub(in crate::client) recallable: bool,
    /// What the server's data must include.
    pub(in crate::client) minimum: Bound,
    /// When the proxy ends it, answered or not.
    pub(in crate::client) until: Option<Instant>,
    /// The metrics kind; `None` for a request that the proxy sends for itself.
    pub(in crate::client) kind: Option<Kind>,
    /// Whether its reply waits for the replicas (`writes.wait-replicas`).
    pub(in crate::client) write: bool,
    /// What it is to the session's transaction, if that may be begun anew on another server.
    pub(in crate::client) part: Option<Part>,
    /// The change that its reply needs.
    pub(in crate::client) transform: Option<Transform>,
}

impl Passage {
    /// A request of a session that has a dedicated connection.
    pub(in crate::client) const fn plain(shown: bool) -> Self {
        Self {
            replies: 1,
            shown,
            quiet: false,
            patient: false,
            retryable: false,
            moves: false,
            recallable: false,
            minimum: Bound::NONE,
            until: None,
            kind: Some(Kind::Pinned),
            write: false,
            part: None,
            transform: None,
        }
    }

    /// A request to `target`.
    pub(in crate::client) fn of(target: Target, shown: bool) -> Self {
        Self { write: target == Target::Write, ..Self::plain(shown) }
    }

    /// Keeps a place for the replies to a request of `bytes` bytes, and returns the ticket for them.
    pub(in crate::client) fn open(self, client: &mut Client, bytes: usize, now: Instant) -> Ticket {
        let seq = client.inbox.replies().open(self.replies, self.shown);
        let mut ticket = Ticket::new(Rc::clone(&client.inbox), seq, self.replies, bytes, now);
        ticket.patient = self.patient;
        ticket.retryable = self.retryable;
        ticket.quiet = self.quiet;
        (ticket.moves, ticket.until) = (self.moves, self.until);
        ticket.recall = if self.recallable && self.retryable { Recall::May } else { Recall::No };
        (ticket.kind, ticket.minimum) = (self.kind, self.minimum);
        let waits_for_replicas = client.config.writes.wait_replicas > 0;
        ticket.whole = self.write && self.shown && waits_for_replicas;
        if let Some(transform) = self.transform {
            ticket.whole = true;
            client.rewrites.add(seq, transform);
        }
        ticket
    }

    /// A request of the proxy's own, whose reply the client does not see.
    pub(in crate::client) fn silent() -> Self {
        Self { kind: None, ..Self::plain(false) }
    }
}
