//! One client's logic, without its socket: requests in, requests to servers and replies out.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Waker;

use super::recovery::Recovery;
use crate::backend::{Connection, Event, Inbox, Relay};
use crate::client::dedicated::blocked_read::BlockedRead;
use crate::client::dedicated::listener::Listener;
use crate::client::dedicated::unasked::Subscribing;
use crate::client::introspection::presence::Presence;
use crate::client::planning::held::Held;
use crate::client::reading::progress::Reading;
use crate::client::replies::parked::Parked;
use crate::client::replies::transform::Transform;
use crate::client::replies::unread::Unread;
use crate::config::Config;
use crate::registry::{Closing, Entry, Redirected};
use crate::session::order::Order;
use crate::session::replies::Sequence;
use crate::session::{Identity, Session};
use crate::telemetry::Kind;
use crate::worker::handle::Handle;
use crate::worker::reloads::Asked;
use crate::worker::worker::Worker;

/// Requests of at least this many bytes get a connection of their own: on a shared one they would
/// keep everybody else waiting.
pub(super) const LARGE: usize = 256 * 1024;

/// How a client's connection ends, from the slowest way to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// When every request that the client has sent so far is answered.
    AfterRequests,
    /// When every request that was taken up is answered; no other one is.
    AfterReplies,
    /// At once.
    Now,
}

/// See the module.
pub(super) struct Client {
    pub(super) worker: Rc<Worker>,
    pub(super) entry: Arc<Entry>,
    pub(super) session: Session,
    pub(super) inbox: Rc<Inbox>,
    pub(super) config: Handle<Config>,
    pub(super) reading: Reading,
    pub(super) presence: Presence,
    /// Reads with large replies are under way over the leased connection: what they are to the
    /// metrics.
    pub(super) apart: Option<Kind>,
    /// The connection that only this client uses.
    pub(super) lease: Option<Rc<Connection>>,
    /// The connection over which it gets what others redirect to it.
    pub(super) listener: Option<Listener>,
    /// The client that its invalidations are redirected to.
    pub(super) redirected: Option<Redirected>,
    /// The client that it is about to redirect them to.
    pub(super) redirecting: Option<Redirected>,
    /// Replies that have to be changed before they are passed on.
    pub(super) transforms: VecDeque<(Sequence, Transform)>,
    /// Subscriptions that the server has not confirmed yet.
    pub(super) subscribing: Vec<Subscribing>,
    /// Requests that failed and are being asked again.
    pub(super) recovery: Recovery,
    /// What the next request waits for, where that is the servers' state.
    pub(super) held: Option<Held>,
    /// Replies to writes that wait for the replicas.
    pub(super) parked: Parked,
    /// The XREAD that waits for entries, or the last one that did.
    pub(super) blocked_read: Option<BlockedRead>,
    /// What it has in flight, as far as the order matters.
    pub(super) order: Order,
    /// Something that may have been a write was sent.
    pub(super) wrote: bool,
    /// Why the reply to the `WAIT` under way can't be believed.
    pub(super) unmarked: Option<String>,
    /// A reload that it asked for and that it has not been told the outcome of.
    pub(super) reload: Option<Arc<Asked>>,
    /// What it has not read.
    pub(super) unread: Unread,
    /// Nothing more is dealt with until every reply has come.
    pub(super) hold: bool,
    /// The request that holds may take as long as it likes.
    pub(super) blocked: bool,
    pub(super) ending: Option<Ending>,
}

impl Client {
    pub(super) fn new(worker: Rc<Worker>, entry: Arc<Entry>) -> Self {
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
            apart: None,
            lease: None,
            listener: None,
            redirected: None,
            redirecting: None,
            transforms: VecDeque::new(),
            subscribing: Vec::new(),
            recovery: Recovery::default(),
            held: None,
            parked: Parked::default(),
            blocked_read: None,
            order: Order::default(),
            wrote: false,
            unmarked: None,
            reload: None,
            unread: Unread::default(),
            hold: false,
            blocked: false,
            ending: None,
        }
    }

    pub(super) fn set_waker(&self, waker: &Waker) {
        self.inbox.set_waker(waker);
        self.entry.set_waker(waker);
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Ends the connection; the faster way wins.
    pub(super) fn end(&mut self, ending: Ending) {
        self.ending = self.ending.max(Some(ending));
    }

    /// Ends the connection for a reason that the log tells: `text` is the line.
    pub(super) fn close(&mut self, reason: Closing, ending: Ending, text: impl fmt::Display) {
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

    /// Whether requests that have come are still taken up.
    pub(super) fn takes_requests(&self) -> bool {
        self.ending < Some(Ending::AfterReplies)
    }

    /// Whether it waits for something that may never come.
    pub(super) fn waits_endlessly(&self) -> bool {
        self.blocked || self.session.subscriptions.any() || self.session.monitor
    }

    pub(super) const fn is_waiting(&self) -> bool {
        self.reading.is_waiting()
    }

    /// It waits in a command that may take for ever.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(super) fn output_bytes(&self) -> usize {
        self.inbox.replies().bytes() + self.parked.bytes()
    }

    pub(super) fn query_buffer_limit(&self) -> usize {
        self.config.proxy.query_buffer_limit.as_usize()
    }

    /// Every reply is on its way to the client.
    pub(super) fn is_answered(&self) -> bool {
        let replies = self.inbox.replies();
        replies.is_settled() && replies.ready_bytes() == 0
    }

    /// Nothing is left to do for a client that says no more. What may take for ever, a blocking
    /// command, ends with it, and so does what is held and never left.
    pub(super) fn is_through(&self) -> bool {
        self.blocked || (self.held.is_some() || !self.is_waiting()) && self.is_answered()
    }

    /// Acts on what came from the servers and from other clients since the last turn.
    pub(super) fn look(&mut self) {
        self.inbox.looked();
        for event in self.inbox.take_events() {
            self.presence.touch();
            self.presence.change();
            match event {
                Event::Whole(whole) => self.transform(whole),
                Event::Failed(failed) => self.failed(failed),
                Event::Denied(seq) => self.subscription_denied(seq),
                Event::Demoted => self.demoted(),
                Event::LeaseLost(reason) => self.lease_lost(&reason),
                Event::LeaseRefused(refusal) => self.lease_refused(&refusal),
            }
        }
        self.look_at_listener();
        self.unpark();
        self.ask_again();
        if self.inbox.is_broken() {
            tracing::error!(client = %self.entry.addr, "closed: its replies got out of step");
            self.end(Ending::Now);
        }
        if self.entry.is_killed() {
            self.end(Ending::Now);
        }
        if self.entry.take_doubt() {
            self.prove_busy();
        }
        if self.worker.shared.draining.load(Relaxed) {
            // A client that waits for something that may never come would hold the process up.
            let endless = self.waits_endlessly();
            self.end(if endless { Ending::Now } else { Ending::AfterRequests });
        }
        self.check_output();
        self.settle();
    }

    /// It has said nothing for `timeout`: it ends, unless it waits for a reply or for its turn.
    fn prove_busy(&mut self) {
        if self.is_waiting() || !self.inbox.replies().is_settled() {
            // Its time begins anew when it has what it waits for.
            self.presence.touch();
        } else {
            self.end(Ending::Now);
        }
    }

    /// True when every request so far is answered; a connection that is no longer needed then
    /// goes back to the pool.
    pub(super) fn settle(&mut self) -> bool {
        if !self.inbox.replies().is_settled() || !self.recovery.is_empty() {
            return false;
        }
        self.hold = false;
        self.blocked = false;
        self.apart = None;
        self.subscribing.clear();
        if !self.takes_requests() {
            // Its replies may wait for it much longer.
            self.leave();
        } else if !self.session.is_pinned() {
            self.release();
        } else if let Some(lease) = self.lease.as_ref().filter(|_| !self.session.is_streaming()) {
            lease.set_relay(Relay::Nothing);
        }
        true
    }

    /// It asks nothing any more: what servers keep for it ends now, not when it hangs up.
    pub(super) fn leave(&mut self) {
        self.let_go();
        self.release();
        self.close_listener();
        (self.redirected, self.redirecting) = (None, None);
    }

    /// Tells the others what this client does, if it did anything.
    pub(super) fn publish(&mut self, query_bytes: usize) {
        if self.presence.take_activity() {
            self.entry.touch(self.worker.now_ms());
        }
        let waiting = (query_bytes, self.output_bytes());
        if self.presence.take_news(waiting) || self.lease.is_some() {
            self.publish_facts(waiting);
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
