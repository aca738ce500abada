//! Requests that nobody may be asked for at the moment: refused, or held until that changes.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use tokio::time::Instant;

use super::batch::Batch;
use super::client::Client;
use super::dispatch::{Next, Request};
use super::outcome;
use super::recover::MASTER_WAIT;
use super::transform::Transform;
use crate::config::{OnClosed, OnStale};
use crate::routing::{NoRoute, Target};
use tidegate_wire::command::{Access, ClientCommand, Effect, Resolved};
use tidegate_wire::resp::encode;

const EXEC_REFUSED: &str =
    "EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.";

/// What all clients hold at the write gate.
#[derive(Debug, Default)]
pub struct HeldWrites {
    clients: AtomicUsize,
    bytes: AtomicU64,
}

impl HeldWrites {
    /// Clients whose writes are held.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.load(Relaxed)
    }

    /// Takes room for one more; the limit that forbids it otherwise.
    fn enter(&self, bytes: u64, config: &crate::config::Writes) -> Result<(), Full> {
        if self.clients.fetch_add(1, Relaxed) >= config.hold_max_clients as usize {
            self.clients.fetch_sub(1, Relaxed);
            return Err(Full::Clients);
        }
        if self.bytes.fetch_add(bytes, Relaxed) + bytes > config.hold_max_bytes.bytes() {
            self.leave(bytes);
            return Err(Full::Bytes);
        }
        Ok(())
    }

    fn leave(&self, bytes: u64) {
        self.clients.fetch_sub(1, Relaxed);
        self.bytes.fetch_sub(bytes, Relaxed);
    }
}

/// Why nothing more can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Full {
    Clients,
    Bytes,
}

/// What a client's first request waits for; what it sent later waits behind it.
#[derive(Debug)]
pub(super) struct Held {
    error: NoRoute,
    since: Instant,
    /// Room taken in [`HeldWrites`].
    bytes: Option<u64>,
    /// Its time was up: it was refused, and so is what had to wait with it.
    expired: bool,
    /// It was refused, its time up or not.
    refused: bool,
    /// It still waits.
    stuck: bool,
}

impl Client {
    /// Refuses or holds a write while the gate is closed; `None` lets it pass.
    pub(super) fn at_gate(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: Option<&Resolved<'_>>,
    ) -> Option<Next> {
        if self.worker.gate_is_open() || !self.is_gated(command) {
            return None;
        }
        let next = self.unroutable(batch, NoRoute::GateClosed, request.frame.len());
        if next == Next::Wait {
            return Some(next);
        }
        if command.is_some_and(|command| command.effect == Effect::Exec) {
            return Some(self.exec_at_gate(batch, request));
        }
        self.session.transaction.refuse();
        Some(self.refused(batch, NoRoute::GateClosed, request.shown))
    }

    /// Whether the write gate stands before it.
    pub(super) fn is_gated(&self, command: Option<&Resolved<'_>>) -> bool {
        match command {
            Some(command) if command.effect == Effect::Exec => {
                self.session.transaction.has_writes()
            }
            Some(command) => command.gated,
            // Nobody knows what it does.
            None => true,
        }
    }

    /// A transaction with writes meets the closed gate: the server is told to discard it.
    fn exec_at_gate(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        let mut reply = Vec::new();
        encode::error(&mut reply, EXEC_REFUSED);
        self.discard_with(batch, request, reply)
    }

    /// Nobody may be asked: whether the request waits for that to change. If not, the caller
    /// refuses it.
    fn unroutable(&mut self, batch: &mut Batch<'_>, error: NoRoute, bytes: usize) -> Next {
        batch.flush(&self.inbox);
        if error == NoRoute::NoMaster {
            self.worker.shared.suspect.notify_one();
        }
        // Who is fresh again is found out anyway, many times a second.
        let config = &self.config;
        let patience = match error {
            NoRoute::Stale if config.reads.on_stale == OnStale::Wait => config.reads.wait_timeout,
            // The last master has just been demoted: its successor will say so.
            NoRoute::NoMaster if batch.topology.expects_master(self.worker.now_ms()) => MASTER_WAIT,
            NoRoute::GateClosed if config.writes.on_closed == OnClosed::Hold => {
                config.writes.hold_timeout
            }
            _ => return Next::Done,
        };
        if self.held.as_ref().is_none_or(|held| held.error != error) {
            self.let_go();
            if !self.hold_back(batch, error, bytes as u64) {
                return Next::Done;
            }
        }
        let Some(held) = &mut self.held else { return Next::Done };
        if batch.now.saturating_duration_since(held.since) >= patience {
            held.expired = true;
            return Next::Done;
        }
        held.stuck = true;
        self.worker.wake_at_tick(&self.inbox);
        Next::Wait
    }

    /// Begins to hold; false where there is no room.
    fn hold_back(&mut self, batch: &Batch<'_>, error: NoRoute, bytes: u64) -> bool {
        let is_write = error == NoRoute::GateClosed;
        let counts = &self.worker.counts;
        if is_write {
            match self.worker.shared.held_writes.enter(bytes, &self.config.writes) {
                Ok(()) => counts.writes_held.increment(),
                Err(Full::Clients) => {
                    counts.hold_clients_met.increment();
                    return false;
                }
                Err(Full::Bytes) => {
                    counts.hold_bytes_met.increment();
                    return false;
                }
            }
        }
        let bytes = is_write.then_some(bytes);
        let since = batch.now;
        let (expired, refused, stuck) = (false, false, false);
        self.held = Some(Held { error, since, bytes, expired, refused, stuck });
        true
    }

    /// Before the requests are looked at again.
    pub(super) fn look_at_held(&mut self) {
        if let Some(held) = &mut self.held {
            held.stuck = false;
        }
    }

    /// After that: what was held and does not wait any more has gone its way. It has not if the
    /// first request was not dealt with (`moved`): it waits for something else, or its client goes.
    pub(super) fn settle_held(&mut self, moved: bool) {
        match &mut self.held {
            Some(held) if !held.stuck && !moved => held.stuck = true,
            Some(held) if !held.stuck => self.let_go(),
            _ => {}
        }
    }

    /// Holds nothing any more.
    pub(super) fn let_go(&mut self) {
        let Some(held) = self.held.take() else { return };
        let counts = &self.worker.counts;
        if let Some(bytes) = held.bytes {
            self.worker.shared.held_writes.leave(bytes);
        }
        match (held.error, held.refused || held.stuck) {
            (NoRoute::GateClosed, false) => counts.writes_released.increment(),
            (NoRoute::Stale, false) => counts.reads_waited.increment(),
            // Refusals were counted request by request; who went away while waiting got nothing.
            _ => {}
        }
    }

    /// Whether a request needs a connection of the session's own to the master, and waits because
    /// the master's successor has still to say that it is one. Nothing of the session has changed.
    pub(super) fn awaits_master(
        &mut self,
        batch: &mut Batch<'_>,
        command: Option<&Resolved<'_>>,
    ) -> bool {
        if self.lease.is_some() || !self.needs_own_connection(command) {
            return false;
        }
        let from = self.session.reads.unwrap_or(self.config.reads.from);
        let topology = batch.topology.clone();
        match self.worker.route(&topology, from, Target::Master, None) {
            Err(NoRoute::NoMaster) => self.unroutable(batch, NoRoute::NoMaster, 0) == Next::Wait,
            _ => false,
        }
    }

    /// Whether a request goes over a connection of the session's own, to the master.
    fn needs_own_connection(&self, command: Option<&Resolved<'_>>) -> bool {
        let transaction = &self.session.transaction;
        if transaction.is_lost() {
            // The transaction is over, whatever comes.
            return false;
        }
        match command.map(|command| command.effect) {
            Some(
                Effect::Multi
                | Effect::Watch
                | Effect::Subscribe(_)
                | Effect::Unsubscribe(_)
                | Effect::Monitor
                | Effect::Client(ClientCommand::Tracking),
            ) => true,
            Some(Effect::Unwatch) => transaction.is_watching(),
            // What the proxy itself answers needs no server.
            _ => {
                let is_local = command.is_some_and(|command| command.access == Access::Local);
                self.session.is_pinned() && !is_local
            }
        }
    }

    /// The way of a request is barred: it waits, or is refused.
    pub(super) fn barred(&mut self, batch: &mut Batch<'_>, error: NoRoute, shown: bool) -> Next {
        match self.unroutable(batch, error, 0) {
            Next::Wait => Next::Wait,
            Next::Done => self.refused(batch, error, shown),
        }
    }

    /// Tells the client that nobody may be asked.
    fn refused(&mut self, batch: &mut Batch<'_>, error: NoRoute, shown: bool) -> Next {
        self.count_refused(error);
        let text = outcome::no_route(error, &batch.topology);
        self.error(batch, shown, &text)
    }

    fn count_refused(&mut self, error: NoRoute) {
        let held = self.held.as_mut().filter(|held| held.error == error);
        let expired = held.is_some_and(|held| {
            held.refused = true;
            held.expired
        });
        let counts = &self.worker.counts;
        match (error, expired) {
            (NoRoute::GateClosed, true) => counts.writes_expired.increment(),
            (NoRoute::GateClosed, false) => counts.writes_refused.increment(),
            (NoRoute::Stale, true) => counts.reads_expired.increment(),
            (NoRoute::Stale | NoRoute::NoReader, _) => counts.reads_refused.increment(),
            (NoRoute::NoMaster, _) => {}
        }
    }

    /// Has the server discard the transaction, and gives the client `reply` in place of its answer.
    fn discard_with(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        reply: Vec<u8>,
    ) -> Next {
        self.count_refused(NoRoute::GateClosed);
        if self.session.transaction.discard() {
            let discard = Request { frame: super::transaction::DISCARD, range: None, ..*request };
            self.pass_with(batch, &discard, Transform::Replace(reply))
        } else {
            batch.flush(&self.inbox);
            self.inbox.replies().local(request.shown, |out| out.extend_from_slice(&reply));
            self.worker.counts.local_requests.increment();
            Next::Done
        }
    }
}
