//! The state of one client of the port.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::blocked::Waiting;
use super::held::Held;
use super::port_context::PortContext;
use super::tracking::ClientTracking;
use super::transaction::{Request, Transaction};
use crate::config::Accounts;
use crate::engine::state::Mailbox;
use crate::registry::{Entry, Presence};
use crate::session::{Session, without_login};
use tidegate_replication::Announcement;
use tidegate_store::CallContext;
use tidegate_wire::resp::RequestScanner;

/// When a client is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// After its replies are written.
    AfterReplies,
    /// At once; its replies are dropped.
    Now,
    /// It has become a replica: the feeding thread takes its connection.
    HandOver,
}

/// A client's state.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) context: Rc<PortContext>,
    pub(super) entry: Arc<Entry>,
    pub(super) session: Session,
    /// The users by which it was judged last.
    pub(super) accounts: Arc<Accounts>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) transaction: Transaction,
    /// How it tracks the keys that it reads.
    pub(super) tracking: ClientTracking,
    pub(super) scanner: RequestScanner,
    /// Replies that are ready to be written.
    pub(super) out: Vec<u8>,
    pub(super) ending: Option<Ending>,
    /// What it has reported of itself with REPLCONF.
    pub(super) announcement: Announcement,
    /// Messages and confirmations of subscriptions that a request without a reply has brought; `None`
    /// where the request gets a reply, and they are among the replies.
    pub(super) pushes: Option<Vec<u8>>,
    /// Whether the next request waits for the end of a pause.
    pub(super) waits: bool,
    /// What the client waits for in a command.
    pub(super) waiting: Option<Waiting>,
    /// What is left of its EXEC behind a script that runs for long.
    pub(super) rest_of_exec: Option<VecDeque<Request>>,
    /// Whether requests that have arrived wait until replies are written.
    pub(super) is_stalled: bool,
    /// Whether its line in CLIENT LIST has to be published again.
    pub(super) presence: Presence,
    /// The offset of a master's stream behind its last write (`woff`).
    pub(super) written: u64,
}

impl Client {
    pub(super) fn new(context: Rc<PortContext>, entry: Arc<Entry>) -> Self {
        let config = context.config();
        let user = without_login(&config.accounts.engine);
        let limit = config.proxy.output_limit();
        let owner = Arc::clone(&entry);
        let mailbox = Arc::new(Mailbox::new(entry.id, limit, move || owner.wake()));
        context.engine.hub.tracking.connect(&mailbox);
        Self {
            session: Session::new(entry.id, user),
            accounts: Arc::clone(&config.accounts),
            context,
            entry,
            mailbox,
            transaction: Transaction::default(),
            tracking: ClientTracking::default(),
            scanner: RequestScanner::default(),
            out: Vec::new(),
            ending: None,
            announcement: Announcement::default(),
            pushes: None,
            waits: false,
            waiting: None,
            rest_of_exec: None,
            is_stalled: false,
            presence: Presence::default(),
            written: 0,
        }
    }

    /// Closes the client. The first call counts, unless a later one closes it at once.
    pub(super) fn end(&mut self, ending: Ending) {
        if self.ending != Some(Ending::Now) {
            self.ending = Some(ending);
        }
    }

    /// Notes how far a master's stream goes, if the client has written since so many bytes of it were
    /// not handed on.
    pub(super) fn note_written(&mut self, uncommitted_before: u64) {
        let uncommitted = self.context.lead.borrow().uncommitted();
        if uncommitted > uncommitted_before {
            self.written = self.context.engine.applied().get() + uncommitted;
        }
    }

    /// Returns the most bytes of replies that may wait for the client.
    pub(super) fn output_limit(&self) -> usize {
        let config = self.context.config();
        if self.session.subscriptions.any() {
            config.proxy.client_output_buffer_limit_pubsub.hard_bytes()
        } else {
            config.proxy.output_limit()
        }
    }

    /// Closes the client and drops its replies, if more than the limit wait. Its further requests
    /// run, and their replies are dropped.
    pub(super) fn bound_output(&mut self) {
        if self.out.len() > self.output_limit() {
            self.out = Vec::new();
            self.cut_off();
        }
    }

    /// Closes the client, because it reads its replies too slowly.
    pub(super) fn cut_off(&mut self) {
        if self.ending != Some(Ending::Now) {
            self.context.stats.output_limit.add(1);
            tracing::warn!(client = %self.entry.addr, "the replica closed a client at client-output-buffer-limit");
            self.end(Ending::Now);
        }
    }

    /// Returns the bytes of its requests that wait for an answer.
    pub(super) fn held_bytes(&self) -> usize {
        self.transaction.bytes() + self.waiting.as_ref().map_or(0, Waiting::bytes)
    }

    /// Returns the number of its database.
    pub(super) fn db(&self) -> usize {
        usize::try_from(self.session.db).unwrap_or(usize::MAX)
    }

    /// Returns its database, its protocol and the time, for a call of the store.
    pub(super) fn call_context(&self, held: &Held<'_>) -> CallContext {
        CallContext { db: self.db(), now_ms: held.now_ms(), version: self.session.version }
    }

    /// Whether the client may get messages: it subscribes or monitors.
    pub(super) fn is_listening(&self) -> bool {
        self.session.monitor || self.session.subscriptions.any()
    }

    /// Whether a message waits for the client. Only the first message that waits wakes the client.
    pub(super) fn has_mail(&self) -> bool {
        !self.mailbox.is_empty()
    }

    /// Takes the messages that wait for the client.
    pub(super) fn take_mail(&mut self) {
        if self.has_mail() {
            self.take_last_mail();
        }
    }

    /// Takes the messages that wait for a client which may have ended its last subscription.
    pub(super) fn take_last_mail(&mut self) {
        self.mailbox.take(self.pushes.as_mut().unwrap_or(&mut self.out));
    }

    /// Returns where to write what is no reply: the client gets it although replies are off.
    pub(super) fn push_out(&mut self) -> &mut Vec<u8> {
        self.pushes.as_mut().unwrap_or(&mut self.out)
    }

    /// Ends its subscriptions, its MONITOR and its tracking.
    pub(super) fn stop_listening(&mut self) {
        let hub = &self.context.engine.hub;
        hub.tracking.end(self.entry.id);
        self.tracking = ClientTracking::default();
        self.mailbox.subscribes(false);
        for (kind, name) in std::mem::take(&mut self.session.subscriptions).all() {
            hub.unsubscribe(kind, name, self.entry.id);
        }
        if std::mem::take(&mut self.session.monitor) {
            hub.unwatch(self.entry.id);
        }
        // The messages that have arrived are dropped.
        self.mailbox.take(&mut Vec::new());
    }

    /// Ends what the client listens to, watches and waits for: it sends nothing more, although it
    /// has not hung up.
    pub(super) fn leave(&mut self) {
        self.stop_listening();
        self.transaction = Transaction::default();
        self.waiting = None;
    }

    /// Publishes the client's line in CLIENT LIST, if it has changed. `waiting` is the bytes of its
    /// requests and of its replies that wait.
    pub(super) fn publish_news(&mut self, waiting: (usize, usize)) {
        if self.presence.take_news(waiting) {
            self.publish_info(waiting);
        }
    }

    /// As [`Self::publish_news`], although nothing may have changed.
    pub(super) fn publish_info(&self, waiting: (usize, usize)) {
        let session = &self.session;
        let mut info = self.entry.info();
        info.command.clone_from(self.presence.command());
        (info.query_bytes, info.output_bytes) = waiting;
        info.blocked = self.is_blocked();
        info.follow(session);
        info.tracking = self.tracking.shown();
        let tracking = &self.context.engine.hub.tracking;
        info.redirect_broken = info.tracking.is_some() && tracking.is_broken(self.entry.id);
        info.multi = self.transaction.shown();
        info.watching = self.transaction.is_watching();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop_listening();
        self.context.engine.hub.tracking.disconnect(self.entry.id);
        // What it waits for ends with it, and a reply that came at the same moment.
        self.waiting = None;
        self.context.take_delivery(self.entry.id);
        if self.ending != Some(Ending::HandOver) {
            self.context.engine.clients.remove(self.entry.id);
        }
    }
}
