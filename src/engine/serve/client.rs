//! One client of the port: what it said, what it is to be told.

use std::rc::Rc;
use std::sync::Arc;

use super::port_context::PortContext;
use super::transaction::Transaction;
use super::waiting_read::Waiting;
use crate::engine::state::{Mailbox, unix_ms};
use crate::registry::Entry;
use crate::session::Session;
use tidegate_store::CallContext;
use tidegate_wire::resp::RequestScanner;

/// How a client ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// When it has its replies.
    AfterReplies,
    /// At once.
    Now,
}

/// A client's state.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) context: Rc<PortContext>,
    pub(super) entry: Arc<Entry>,
    pub(super) session: Session,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) transaction: Transaction,
    pub(super) scanner: RequestScanner,
    /// Replies that are ready.
    pub(super) out: Vec<u8>,
    pub(super) ending: Option<Ending>,
    /// The next request has to wait for a pause to end.
    pub(super) waits: bool,
    /// What it waits for in a command.
    pub(super) waiting: Option<Waiting>,
    /// Replies were in the way of requests that have come.
    pub(super) is_stalled: bool,
    /// Its last command.
    pub(super) last_command: &'static str,
}

impl Client {
    pub(super) fn new(context: Rc<PortContext>, entry: Arc<Entry>) -> Self {
        let config = context.config();
        let is_open = config.replica_password().is_empty();
        let limit = config.proxy.output_limit();
        let owner = Arc::clone(&entry);
        let mailbox = Arc::new(Mailbox::new(entry.id, limit, move || owner.wake()));
        Self {
            session: Session::new(entry.id, is_open),
            context,
            entry,
            mailbox,
            transaction: Transaction::default(),
            scanner: RequestScanner::default(),
            out: Vec::new(),
            ending: None,
            waits: false,
            waiting: None,
            is_stalled: false,
            last_command: "",
        }
    }

    /// Ends it; what was said first stays, but for an end at once.
    pub(super) fn end(&mut self, ending: Ending) {
        if self.ending != Some(Ending::Now) {
            self.ending = Some(ending);
        }
    }

    /// Most bytes of replies that may wait for it.
    pub(super) fn output_limit(&self) -> usize {
        let config = self.context.config();
        if self.session.subscriptions.any() {
            config.proxy.client_output_buffer_limit_pubsub.hard_bytes()
        } else {
            config.proxy.output_limit()
        }
    }

    /// Ends it if more waits for it than may, and takes that back: what is still to come is run,
    /// and told to nobody.
    pub(super) fn bound_output(&mut self) {
        if self.out.len() > self.output_limit() {
            self.out = Vec::new();
            self.cut_off();
        }
    }

    /// It reads too slowly.
    pub(super) fn cut_off(&mut self) {
        if self.ending != Some(Ending::Now) {
            self.context.stats.output_limit.add(1);
            tracing::warn!(client = %self.entry.addr, "the replica closed a client at client-output-buffer-limit");
            self.end(Ending::Now);
        }
    }

    /// Bytes of requests that wait to be answered.
    pub(super) fn held_bytes(&self) -> usize {
        self.transaction.bytes() + self.waiting.as_ref().map_or(0, Waiting::bytes)
    }

    /// Its database, its protocol and the time, as the store asks for them.
    pub(super) fn call_context(&self) -> CallContext {
        let db = usize::try_from(self.session.db).unwrap_or(usize::MAX);
        CallContext { db, now_ms: unix_ms(), version: self.session.version }
    }

    /// Whether messages may come to it unasked.
    pub(super) fn is_listening(&self) -> bool {
        self.session.monitor || self.session.subscriptions.any()
    }

    /// Whether others left something for it. Who left the first told it; the rest comes silently.
    pub(super) fn has_mail(&self) -> bool {
        self.is_listening() && !self.mailbox.is_empty()
    }

    /// Takes what others left for it.
    pub(super) fn take_mail(&mut self) {
        if self.is_listening() {
            self.mailbox.take(&mut self.out);
        }
    }

    /// No more messages for it.
    pub(super) fn stop_listening(&mut self) {
        let hub = &self.context.engine.hub;
        for (kind, name) in std::mem::take(&mut self.session.subscriptions).all() {
            hub.unsubscribe(kind, name, self.entry.id);
        }
        if std::mem::take(&mut self.session.monitor) {
            hub.unwatch(self.entry.id);
        }
        // What came for it before is of no use any more.
        self.mailbox.take(&mut Vec::new());
    }

    /// It asks nothing any more: it listens to nothing and watches nothing, although it has not hung
    /// up.
    pub(super) fn leave(&mut self) {
        self.stop_listening();
        self.transaction = Transaction::default();
        self.waiting = None;
    }

    /// Tells the others what this client is and does; `query` is the bytes of its requests that
    /// wait.
    pub(super) fn publish_facts(&self, query: usize) {
        let session = &self.session;
        let mut facts = self.entry.facts();
        facts.command = self.last_command.into();
        facts.query_bytes = query;
        facts.blocked = self.is_blocked();
        facts.output_bytes = self.out.len();
        facts.follow(session);
        facts.multi = self.transaction.shown();
        facts.watching = self.transaction.is_watching();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop_listening();
        self.context.engine.clients.remove(self.entry.id);
    }
}
