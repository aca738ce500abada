//! The connection that is a client's own, for as long as its session needs one.

use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Connection, ConnectionKey, Relay, Ticket};
use crate::client::client::{Client, Ending};
use crate::client::reading::batch::Batch;
use crate::client::replies::transform::Transform;
use crate::registry::Closing;
use crate::routing::{NoRoute, Route, Target};
use crate::session::Subscriptions;
use crate::session::replies::Sequence;
use crate::telemetry::Kind;
use tidegate_wire::resp::{encode, integer};

/// How a request goes over the leased connection.
#[derive(Debug)]
pub(in crate::client) struct Passage {
    /// Replies that it gets.
    pub(in crate::client) replies: u32,
    /// Whether the client wants them.
    pub(in crate::client) shown: bool,
    /// Whether the client does not want errors.
    pub(in crate::client) quiet: bool,
    /// Whether it may take as long as it likes.
    pub(in crate::client) patient: bool,
    /// Whether it depends on nothing before it, and may be asked again over another connection.
    pub(in crate::client) retryable: bool,
    /// Whether it is asked of another server when this one serves no reads any more.
    pub(in crate::client) moves: bool,
    /// When it is over, whether it is answered or not.
    pub(in crate::client) until: Option<Instant>,
    /// What it is to the metrics; `None` where it is the proxy's own.
    pub(in crate::client) kind: Option<Kind>,
    /// Whether its reply waits for the replicas, where `writes.wait-replicas` says so.
    pub(in crate::client) write: bool,
    /// What has to be done to its reply.
    pub(in crate::client) transform: Option<Transform>,
}

impl Passage {
    pub(in crate::client) const fn plain(shown: bool) -> Self {
        Self {
            replies: 1,
            shown,
            quiet: false,
            patient: false,
            retryable: false,
            moves: false,
            until: None,
            kind: Some(Kind::Pinned),
            write: false,
            transform: None,
        }
    }

    /// For a request that would go this way, had the session no connection of its own.
    pub(in crate::client) fn of(target: Target, shown: bool) -> Self {
        Self { write: target == Target::Write, ..Self::plain(shown) }
    }

    /// For what the proxy itself has to say.
    pub(in crate::client) fn silent() -> Self {
        Self { kind: None, ..Self::plain(false) }
    }
}

impl Client {
    /// The leased connection; a new one to whoever `want` says if there is none.
    pub(in crate::client) fn lease(
        &mut self,
        batch: &Batch<'_>,
        target: Target,
    ) -> Result<Rc<Connection>, NoRoute> {
        self.lease_for(batch, target, self.worker.key_of(&self.session))
    }

    /// The leased connection, whatever it is set up for; a new one for `key` if there is none.
    pub(in crate::client) fn lease_for(
        &mut self,
        batch: &Batch<'_>,
        target: Target,
        key: ConnectionKey,
    ) -> Result<Rc<Connection>, NoRoute> {
        if let Some(lease) = &self.lease {
            return Ok(Rc::clone(lease));
        }
        let from = self.reads_from();
        let Route { backend, reason } =
            self.worker.route(batch.topology.sole_shard(), from, target, None)?;
        self.worker.count_fallback(reason);
        let mut pool = self.worker.pool.borrow_mut();
        let lease = pool.lease(backend, key, &self.inbox);
        self.lease = Some(Rc::clone(&lease));
        Ok(lease)
    }

    /// Sends one request over the leased connection.
    pub(in crate::client) fn send_leased(
        &mut self,
        lease: &Connection,
        frame: &[u8],
        passage: Passage,
        batch: &Batch<'_>,
    ) -> Sequence {
        let Passage {
            replies,
            shown,
            quiet,
            patient,
            retryable,
            moves,
            until,
            kind,
            write,
            transform,
        } = passage;
        let seq = self.inbox.replies().open(replies, shown);
        let inbox = Rc::clone(&self.inbox);
        let mut ticket = Ticket::new(inbox, seq, replies, frame.len(), batch.now);
        ticket.patient = patient;
        ticket.retryable = retryable;
        ticket.quiet = quiet;
        (ticket.moves, ticket.until) = (moves, until);
        ticket.kind = kind;
        ticket.whole = write && shown && batch.acknowledges();
        if let Some(transform) = transform {
            ticket.whole = true;
            self.transforms.push_back((seq, transform));
        }
        lease.send(frame, ticket);
        seq
    }

    /// The session speaks another version of the protocol now: so has its own connection, which
    /// then fits no other session.
    pub(in crate::client) fn switch_lease(&mut self, batch: &Batch<'_>) {
        if let Some(lease) = self.lease.clone() {
            let version = integer::text(self.session.version.number());
            let hello = encode::request_of(&[b"HELLO", &version]);
            self.send_leased(&lease, &hello, Passage::silent(), batch);
            lease.taint();
        }
    }

    /// Gives the connection back, if there is one.
    pub(in crate::client) fn release(&mut self) {
        if let Some(lease) = self.lease.take() {
            if self.session.is_pinned() {
                // The client went in the midst of it: the server still keeps its state.
                lease.taint();
            }
            if !self.session.is_streaming() {
                lease.set_relay(Relay::Nothing);
            }
            let now = Instant::now();
            self.worker.pool.borrow_mut().release(&lease, now);
            self.entry.info().lease = None;
        }
    }

    /// Ends the connection, with whatever state the server keeps for it.
    pub(in crate::client) fn drop_lease(&mut self) {
        if let Some(lease) = &self.lease {
            lease.taint();
        }
        self.release();
    }

    /// Its server became a replica: a session that has to stay there could never write again. The
    /// client comes back, and gets to the true master.
    pub(in crate::client) fn demoted(&mut self) {
        if self.session.is_streaming() {
            let text = "closed: its own connection's server is no master now";
            self.close(Closing::Demoted, Ending::AfterReplies, text);
        }
    }

    /// The server did not let it be set up, so the server keeps nothing for this session: what
    /// the session began with it is not begun.
    pub(in crate::client) fn lease_refused(&mut self, refusal: &str) {
        if self.lease.as_ref().is_some_and(|lease| !lease.is_closed()) {
            return;
        }
        self.lease = None;
        self.session.transaction.not_begun();
        self.subscribing.clear();
        self.session.subscriptions = Subscriptions::default();
        if std::mem::take(&mut self.session.monitor) {
            let mut reply = Vec::new();
            encode::error(&mut reply, refusal);
            self.inbox.push(&reply);
        }
    }

    /// The server, or the network, ended it.
    pub(in crate::client) fn lease_lost(&mut self, reason: &str) {
        if self.lease.as_ref().is_some_and(|lease| !lease.is_closed()) {
            // What it was needed for is being asked again over another one.
            return;
        }
        self.lease = None;
        self.session.transaction.lose();
        if self.session.is_streaming() {
            // Messages may have been missed; only a lost connection tells the client so.
            let text = format_args!("closed with its own connection: {reason}");
            self.close(Closing::Lost, Ending::Now, text);
        }
    }
}
