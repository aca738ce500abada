//! One client's state: its session, and the machines that own parts of its work.
//!
//! The files beside this one act on it: they read requests, plan them, send them, and pass replies
//! on.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use tokio::time::Instant;

use crate::backend::{Failed, Inbox, Relay};
use crate::client::ending::Ending;
use crate::client::planning::policies::Policies;
use crate::client::planning::user_account::{UserAccount, renew_rights};
use crate::client::state::dedicated_connection::DedicatedConnection;
use crate::client::state::held_request::{HeldRequest, Released};
use crate::client::state::invalidations::Invalidations;
use crate::client::state::progress::{Reading, Waiting};
use crate::client::state::recovery::Recovery;
use crate::client::state::renewal::Renewal;
use crate::client::state::replies::parked::Parked;
use crate::client::state::replies::rewrites::Rewrites;
use crate::client::state::replies::unread::Unread;
use crate::client::state::transaction_log::TransactionLog;
use crate::client::state::wait_state::WaitState;
use crate::config::{AdminCommands, Config, OnClosed, OnGap};
use crate::consistency::Level;
use crate::net::OUTPUT_HIGH;
use crate::registry::{Closing, Entry, Presence};
use crate::routing::ReadPolicy;
use crate::routing::plan::{HoldUntil, Policy};
use crate::session::order::Order;
use crate::session::{Session, without_login};
use crate::topology::BackendId;
use crate::worker::handle::Handle;
use crate::worker::operations;
use crate::worker::reloads::Asked;
use crate::worker::worker::Worker;
use tidegate_wire::resp::{Limits, encode};
use tidegate_wire::units::HostPort;

/// Requests of at least this many bytes get a dedicated connection: on a shared one all other
/// clients would wait behind them.
pub(in crate::client) const LARGE: usize = 256 * 1024;

/// One client: its session, and the machines that act on its requests and replies.
pub(in crate::client) struct Client {
    pub(in crate::client) worker: Rc<Worker>,
    /// The client's entry in the registry.
    pub(in crate::client) entry: Arc<Entry>,
    /// Where the servers' replies arrive.
    pub(in crate::client) inbox: Rc<Inbox>,
    pub(in crate::client) config: Handle<Config>,
    pub(in crate::client) session: Session,
    /// The policies for its reads.
    pub(in crate::client) policies: Policies,
    /// The policy for the read at hand.
    pub(in crate::client) reads: ReadPolicy,
    /// What is known of its user beyond its rights, if the configuration says more.
    pub(in crate::client) account: UserAccount,
    /// How far the client's requests are read, and what the next one waits for.
    pub(in crate::client) reading: Reading,
    /// Whether the registry's entry has to be updated.
    pub(in crate::client) presence: Presence,
    /// The requests in flight whose order matters.
    pub(in crate::client) order: Order,
    /// The client's dedicated connection.
    pub(in crate::client) dedicated: DedicatedConnection,
    /// What the transactions on it have sent.
    pub(in crate::client) transactions: TransactionLog,
    /// The client that gets the invalidations of this one.
    pub(in crate::client) invalidations: Invalidations,
    /// Replies in flight that need a change.
    pub(in crate::client) rewrites: Rewrites,
    /// Replies to writes that wait for the replicas.
    pub(in crate::client) parked: Parked,
    /// The client's pending output.
    pub(in crate::client) unread: Unread,
    /// Requests that failed and are sent again.
    pub(in crate::client) recovery: Recovery,
    /// How it gets its subscriptions back after it has lost their connection.
    pub(in crate::client) renewal: Renewal,
    /// The request that waits for a change in the servers' state.
    pub(in crate::client) held: HeldRequest,
    /// Until when its next read waits for the engine's data.
    pub(in crate::client) engine_wait: Option<Instant>,
    /// Until when a read waits for the bound of the session's own write of its key.
    pub(in crate::client) bound_wait: Option<Instant>,
    /// Until when PROXY TOKEN or PROXY WAITFOR waits.
    pub(in crate::client) token_until: Option<Instant>,
    /// What the reply to WAIT depends on.
    pub(in crate::client) wait_state: WaitState,
    /// The reload that the client asked for, until its outcome is sent.
    pub(in crate::client) reload: Option<Arc<Asked>>,
    /// The operation that the client asked for, until its outcome is sent.
    pub(in crate::client) operation: Option<Arc<operations::Asked>>,
    ending: Option<Ending>,
}

impl Client {
    pub(in crate::client) fn new(
        worker: Rc<Worker>,
        entry: Arc<Entry>,
        port: Option<Rc<HostPort>>,
    ) -> Self {
        let config = worker.config();
        let session = Session::new(entry.id, without_login(&config.accounts.acl));
        let policies = Policies::new(port, &config, &worker);
        let reads = policies.session();
        let mut client = Self {
            worker,
            entry,
            session,
            policies,
            reads,
            account: UserAccount::default(),
            inbox: Rc::new(Inbox::default()),
            config,
            reading: Reading::default(),
            presence: Presence::default(),
            order: Order::default(),
            dedicated: DedicatedConnection::default(),
            transactions: TransactionLog::default(),
            invalidations: Invalidations::default(),
            rewrites: Rewrites::default(),
            parked: Parked::default(),
            unread: Unread::default(),
            recovery: Recovery::default(),
            renewal: Renewal::default(),
            held: HeldRequest::default(),
            engine_wait: None,
            bound_wait: None,
            token_until: None,
            wait_state: WaitState::default(),
            reload: None,
            operation: None,
            ending: None,
        };
        client.follow_user();
        client
    }

    pub(in crate::client) fn set_waker(&self, waker: &Waker) {
        self.inbox.set_waker(waker);
        self.entry.set_waker(waker);
    }

    pub(in crate::client) const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Ends the connection; of several calls the fastest [`Ending`] counts.
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
        shared.registry.closings.log(reason, &self.entry.addr, text, shared.now_ms());
        self.end(ending);
    }

    /// Whether the proxy still begins requests that it has received.
    pub(in crate::client) fn takes_requests(&self) -> bool {
        self.ending < Some(Ending::AfterReplies)
    }

    /// Whether its next request may be begun.
    pub(in crate::client) fn may_go_on(&mut self) -> bool {
        self.takes_requests()
            && (!self.reading.needs_answers() || self.settle())
            && self.recovery.is_empty()
            && self.transactions.is_calm()
    }

    /// Whether the client waits for an event that may never come (a blocking command).
    pub(in crate::client) fn waits_endlessly(&self) -> bool {
        let listens = self.session.subscriptions.any() || self.renewal.is_active();
        self.dedicated.is_blocked() || listens || self.session.monitor
    }

    /// Whether its subscriptions are renewed if it loses their connection. What the server keeps for
    /// MONITOR and CLIENT TRACKING cannot be renewed.
    pub(in crate::client) fn renews(&self) -> bool {
        let subscribes = self.session.subscriptions.any() || self.dedicated.subscribing.is_any();
        subscribes
            && self.session.tracking.is_none()
            && !self.session.monitor
            && self.takes_requests()
            && self.worker.config().pubsub.on_gap == OnGap::Resume
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

    /// From now on `config` counts for the client.
    pub(in crate::client) fn follow_config(&mut self, config: &Handle<Config>) {
        if Arc::ptr_eq(&self.config, config) {
            return self.follow_choice();
        }
        self.policies.follow(config, &self.worker);
        let has_other_users = !Arc::ptr_eq(&self.config.accounts, &config.accounts);
        let former = std::mem::replace(&mut self.config, config.clone());
        if has_other_users && !renew_rights(&former, config, &mut self.session) {
            self.end(Ending::Now);
        }
        self.follow_user();
    }

    /// The session may act as another user now.
    pub(in crate::client) fn follow_user(&mut self) {
        self.account.follow(&self.config, &mut self.session, &mut self.policies);
        self.follow_choice();
    }

    /// The session may have said something about its reads.
    pub(in crate::client) fn follow_choice(&mut self) {
        self.reads = self.policies.choose(&self.session.reads);
    }

    /// Whether requests may differ in the policy of their reads.
    #[inline]
    pub(in crate::client) fn varies(&self) -> bool {
        self.policies.rules().is_some() || self.session.reads.next.is_some()
    }

    /// Whether this server is another one than the master.
    pub(in crate::client) fn is_elsewhere(&self, backend: BackendId) -> bool {
        self.worker.topology().sole_shard().master().is_none_or(|master| master.id != backend)
    }

    /// The consistency level of the read at hand.
    pub(in crate::client) fn level(&self) -> Level {
        self.reads.level
    }

    /// What the configuration says about this client's requests.
    pub(in crate::client) fn policy(&self) -> Policy {
        let deny = self.config.admin.commands == AdminCommands::Deny;
        Policy {
            reads: self.reads,
            holds_writes: self.config.writes.on_closed == OnClosed::Hold,
            // A reload that is in flight may have changed this, and is to be answered.
            denies_operators: deny && self.reload.is_none() && self.operation.is_none(),
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

    /// Whether every reply has been handed to the output.
    pub(in crate::client) fn is_answered(&self) -> bool {
        let replies = self.inbox.replies();
        replies.is_settled() && replies.ready_bytes() == 0
    }

    /// Whether nothing is left to do for a client that has closed its sending side. A blocking
    /// command ends with it, and so does a request that is held or paused and has not left, or that
    /// waits for a subscription to be renewed.
    pub(in crate::client) fn is_through(&self) -> bool {
        let is_unsent = self.held.is_any() || self.reading.waiting() == Waiting::Pause;
        let waits = self.reading.is_waiting() && !is_unsent;
        let is_endless = self.dedicated.is_blocked() || self.renewal.is_gap();
        is_endless || !waits && self.is_answered()
    }

    /// True when every request so far is answered; a connection that is no longer needed then
    /// goes back to the pool.
    pub(in crate::client) fn settle(&mut self) -> bool {
        if !self.inbox.replies().is_settled() || !self.recovery.is_empty() {
            return false;
        }
        self.reading.settled();
        if self.transactions.settled()
            && let Some(own) = self.dedicated.get()
        {
            own.has_begun_transactions.set(true);
        }
        self.dedicated.settle();
        if !self.takes_requests() {
            // Its replies may wait for it much longer.
            self.leave();
        } else if !self.session.needs_dedicated_connection() {
            self.release();
        } else if let Some(own) = self.dedicated.get().filter(|_| !self.session.is_streaming()) {
            own.set_relay(Relay::Nothing);
        }
        true
    }

    /// Notes that the client sends no more requests: ends the state that servers keep for it now.
    pub(in crate::client) fn leave(&mut self) {
        let released = self.held.end();
        self.count_released(released);
        self.end_renewal();
        self.release();
        self.close_listener();
        self.invalidations.forget_targets();
    }

    /// Notes that a request is no longer held.
    pub(in crate::client) fn count_released(&self, released: Option<Released>) {
        let Some(Released { until, bytes, passed }) = released else { return };
        if let Some(bytes) = bytes {
            self.worker.shared.held_writes.leave(bytes);
        }
        let counts = &self.worker.counts;
        match (until, passed) {
            (HoldUntil::GateOpen, true) => counts.writes_released.increment(),
            (HoldUntil::ReplicaFresh, true) => counts.reads_waited.increment(),
            (HoldUntil::MasterOpen, true) => counts.failover_released.increment(),
            // Refusals were counted request by request; a client that went away got nothing.
            _ => {}
        }
    }

    /// Ends the renewal of its subscriptions without their being renewed. Returns the requests that
    /// waited for them.
    pub(in crate::client) fn end_renewal(&mut self) -> Vec<Failed> {
        if !self.renewal.is_active() {
            return Vec::new();
        }
        let now_ms = self.worker.shared.now_ms();
        let (gap_ms, requests) = self.renewal.end(now_ms);
        if let Some(gap_ms) = gap_ms {
            self.worker.shared.metrics.gaps.end(gap_ms, false, now_ms);
        }
        requests
    }

    /// Gives its dedicated connection back, if there is one.
    pub(in crate::client) fn release(&mut self) {
        if self.dedicated.release(&self.worker.pool, &self.session) {
            self.entry.info().lease = None;
        }
    }

    /// Closes the dedicated connection, and so ends the state that the server keeps for it.
    pub(in crate::client) fn drop_own(&mut self) {
        self.dedicated.taint();
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
