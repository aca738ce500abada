//! One client's state: its session, and the small machines that each own a part of what it does.
//!
//! The files beside this one act on it: they read requests, plan them, send them, and pass replies on.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use crate::backend::{Inbox, Relay};
use crate::client::commands::invalidations::Invalidations;
use crate::client::commands::wait_state::WaitState;
use crate::client::dedicated::own_connection::OwnConnection;
use crate::client::ending::Ending;
use crate::client::holding::held_request::{HeldRequest, Released};
use crate::client::introspection::presence::Presence;
use crate::client::reading::progress::Reading;
use crate::client::replies::parked::Parked;
use crate::client::replies::rewrites::Rewrites;
use crate::client::replies::unread::Unread;
use crate::client::retries::recovery::Recovery;
use crate::config::{AdminCommands, Config, OnClosed, ReadFrom};
use crate::net::OUTPUT_HIGH;
use crate::registry::{Closing, Entry};
use crate::routing::plan::{HoldUntil, Policy};
use crate::session::order::Order;
use crate::session::{Identity, Session};
use crate::worker::handle::Handle;
use crate::worker::reloads::Asked;
use crate::worker::worker::{Worker, read_policy};
use tidegate_wire::resp::{Limits, encode};

/// Requests of at least this many bytes get a connection of their own: on a shared one all other
/// clients would wait behind them.
pub(in crate::client) const LARGE: usize = 256 * 1024;

/// See the module.
pub(in crate::client) struct Client {
    pub(in crate::client) worker: Rc<Worker>,
    /// Its entry in the registry of all clients.
    pub(in crate::client) entry: Arc<Entry>,
    /// Where the servers' replies arrive.
    pub(in crate::client) inbox: Rc<Inbox>,
    pub(in crate::client) config: Handle<Config>,
    pub(in crate::client) session: Session,
    /// How far its requests are read, and what the next one waits for.
    pub(in crate::client) reading: Reading,
    /// What the registry shows of it.
    pub(in crate::client) presence: Presence,
    /// Its requests in flight, as far as their order matters.
    pub(in crate::client) order: Order,
    /// The connection that only it uses.
    pub(in crate::client) own: OwnConnection,
    /// Where its invalidations go.
    pub(in crate::client) invalidations: Invalidations,
    /// Replies under way that need a change.
    pub(in crate::client) rewrites: Rewrites,
    /// Replies to writes that wait for the replicas.
    pub(in crate::client) parked: Parked,
    /// Replies that it has not read.
    pub(in crate::client) unread: Unread,
    /// Requests that failed and are sent again.
    pub(in crate::client) recovery: Recovery,
    /// The request that waits for a change in the servers' state.
    pub(in crate::client) held: HeldRequest,
    /// What the reply to WAIT depends on.
    pub(in crate::client) wait_state: WaitState,
    /// A reload that it asked for, until it has got the outcome.
    pub(in crate::client) reload: Option<Arc<Asked>>,
    ending: Option<Ending>,
}

impl Client {
    pub(in crate::client) fn new(worker: Rc<Worker>, entry: Arc<Entry>) -> Self {
        let config = worker.config();
        let session = Session::new(entry.id, Identity::without_login(&config.proxy.requirepass));
        Self {
            worker,
            entry,
            session,
            inbox: Rc::new(Inbox::default()),
            config,
            reading: Reading::default(),
            presence: Presence::default(),
            order: Order::default(),
            own: OwnConnection::default(),
            invalidations: Invalidations::default(),
            rewrites: Rewrites::default(),
            parked: Parked::default(),
            unread: Unread::default(),
            recovery: Recovery::default(),
            held: HeldRequest::default(),
            wait_state: WaitState::default(),
            reload: None,
            ending: None,
        }
    }

    pub(in crate::client) fn set_waker(&self, waker: &Waker) {
        self.inbox.set_waker(waker);
        self.entry.set_waker(waker);
    }

    pub(in crate::client) const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Ends the connection; the faster way wins.
    pub(in crate::client) fn end(&mut self, ending: Ending) {
        self.ending = self.ending.max(Some(ending));
    }

    /// Ends the connection and logs the reason: `text` is the line.
    pub(in crate::client) fn close(
        &mut self,
        reason: Closing,
        ending: Ending,
        text: impl fmt::Display,
    ) {
        let shared = &self.worker.shared;
        if let Some(times) = shared.registry.closings.count(reason, shared.now_ms()) {
            let client = &self.entry.addr;
            match reason {
                Closing::Lost | Closing::Demoted | Closing::Invalidations => {
                    tracing::info!(%client, times, "{text}");
                }
                _ => tracing::warn!(%client, times, "{text}"),
            }
        }
        self.end(ending);
    }

    /// Whether requests that have come are still begun.
    pub(in crate::client) fn takes_requests(&self) -> bool {
        self.ending < Some(Ending::AfterReplies)
    }

    /// Whether its next request may be begun.
    pub(in crate::client) fn may_go_on(&mut self) -> bool {
        self.takes_requests()
            && (!self.reading.needs_answers() || self.settle())
            && self.recovery.is_empty()
    }

    /// Whether it waits for something that may never come.
    pub(in crate::client) fn waits_endlessly(&self) -> bool {
        self.own.is_blocked() || self.session.subscriptions.any() || self.session.monitor
    }

    /// Memory that its pending replies take, in bytes.
    pub(in crate::client) fn output_bytes(&self) -> usize {
        self.inbox.replies().bytes() + self.parked.bytes()
    }

    /// Whether it has so many pending replies that it has to take some first.
    pub(in crate::client) fn is_full(&self) -> bool {
        self.output_bytes() >= OUTPUT_HIGH
    }

    pub(in crate::client) fn query_buffer_limit(&self) -> usize {
        self.config.proxy.query_buffer_limit.as_usize()
    }

    /// The limits of one request.
    pub(in crate::client) fn limits(&self) -> Limits {
        let bulk_max = i64::try_from(self.config.proxy.proto_max_bulk_len.bytes());
        Limits {
            bulk_max: bulk_max.unwrap_or(i64::MAX / 2),
            authenticated: self.session.is_logged_in(),
        }
    }

    /// The servers from which this session reads.
    pub(in crate::client) fn reads_from(&self) -> ReadFrom {
        self.session.reads.unwrap_or(self.config.reads.from)
    }

    /// What the configuration says about this client's requests.
    pub(in crate::client) fn policy(&self) -> Policy {
        let deny = self.config.admin.commands == AdminCommands::Deny;
        Policy {
            reads: read_policy(&self.config, self.reads_from()),
            holds_writes: self.config.writes.on_closed == OnClosed::Hold,
            // A reload that is under way may have changed this, and is to be answered.
            denies_operators: deny && self.reload.is_none(),
        }
    }

    /// A reply of the proxy's own, which `write` appends.
    pub(in crate::client) fn reply(&self, shown: bool, write: impl FnOnce(&mut Vec<u8>)) {
        self.inbox.replies().local(shown, write);
        self.worker.counts.local_requests.increment();
    }

    /// Answers request `seq` with an error.
    pub(in crate::client) fn deliver_error(&self, seq: u64, text: &str) {
        let mut reply = Vec::new();
        encode::error(&mut reply, text);
        self.inbox.deliver(seq, 1, &reply);
    }

    /// Every reply is on its way to the client.
    pub(in crate::client) fn is_answered(&self) -> bool {
        let replies = self.inbox.replies();
        replies.is_settled() && replies.ready_bytes() == 0
    }

    /// Nothing is left to do for a client that says no more. What may take for ever, a blocking
    /// command, ends with it, and so does a request that is held and never left.
    pub(in crate::client) fn is_through(&self) -> bool {
        let waits = self.reading.is_waiting() && !self.held.is_any();
        self.own.is_blocked() || !waits && self.is_answered()
    }

    /// True when every request so far is answered; a connection that is no longer needed then
    /// goes back to the pool.
    pub(in crate::client) fn settle(&mut self) -> bool {
        if !self.inbox.replies().is_settled() || !self.recovery.is_empty() {
            return false;
        }
        self.reading.settled();
        self.own.settle();
        if !self.takes_requests() {
            // Its replies may wait for it much longer.
            self.leave();
        } else if !self.session.is_pinned() {
            self.release();
        } else if let Some(own) = self.own.get().filter(|_| !self.session.is_streaming()) {
            own.set_relay(Relay::Nothing);
        }
        true
    }

    /// It sends no more requests: what servers keep for it ends now, not when it hangs up.
    pub(in crate::client) fn leave(&mut self) {
        let released = self.held.end();
        self.count_released(released);
        self.release();
        self.close_listener();
        self.invalidations.forget_targets();
    }

    /// A request was held until now.
    pub(in crate::client) fn count_released(&self, released: Option<Released>) {
        let Some(Released { until, bytes, passed }) = released else { return };
        if let Some(bytes) = bytes {
            self.worker.shared.held_writes.leave(bytes);
        }
        let counts = &self.worker.counts;
        match (until, passed) {
            (HoldUntil::GateOpen, true) => counts.writes_released.increment(),
            (HoldUntil::ReplicaFresh, true) => counts.reads_waited.increment(),
            // Refusals were counted request by request; a client that went away got nothing.
            _ => {}
        }
    }

    /// Gives its own connection back, if there is one.
    pub(in crate::client) fn release(&mut self) {
        if self.own.release(&self.worker.pool, &self.session) {
            self.entry.info().lease = None;
        }
    }

    /// Ends its own connection, with whatever state the server keeps for it.
    pub(in crate::client) fn drop_own(&mut self) {
        self.own.taint();
        self.release();
    }

    /// Ends the connection over which it gets the invalidations of others, if there is one.
    pub(in crate::client) fn close_listener(&mut self) {
        if let Some(listener) = self.invalidations.take_listener() {
            listener.close(&self.worker.pool);
            self.entry.redirection.closed();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.inbox.close();
        self.leave();
        self.worker.shared.registry.remove(self.entry.id);
        // A client that is about to redirect to it looks for it again.
        self.entry.redirection.closed();
    }
}
