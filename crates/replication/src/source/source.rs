//! The source: the backlog, and every replica with its place in the stream. Never knows where the
//! bytes of the stream come from.

use std::collections::BTreeMap;

use super::plan::Running;
use super::replica::{CloseReason, Replica, ReplicaState};

use crate::ack::Ack;
use crate::backlog::{Backlog, Piece};
use crate::identity::{Ask, Identity};
use tidegate_wire::units::{ByteSize, ReplOffset};

/// How long a replica that is ahead of the source is kept waiting, in milliseconds. Then it gets a
/// full resync.
const AHEAD_MAX_MS: u64 = 5000;

/// `client-output-buffer-limit replica`: how much of the stream may wait for a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// The most bytes; `u64::MAX` means no limit. Less than the backlog's size means that size, as
    /// in servers: the backlog holds those bytes anyway.
    pub hard: u64,
    /// The most bytes for longer than `soft_ms`; `u64::MAX` means no limit.
    pub soft: u64,
    /// How long a replica may exceed `soft`, in milliseconds.
    pub soft_ms: u64,
}

impl Default for OutputLimits {
    fn default() -> Self {
        Self { hard: u64::MAX, soft: u64::MAX, soft_ms: 0 }
    }
}

/// Resyncs since the start: `sync_full`, `sync_partial_ok` and `sync_partial_err` of INFO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Full resyncs.
    pub full: u64,
    /// Partial resyncs.
    pub partial: u64,
    /// Partial resyncs that were asked for and were not possible.
    pub refused: u64,
}

/// What a replica gets next.
#[derive(Clone, Debug)]
pub enum Stream<'s> {
    /// These bytes.
    Bytes(Piece<'s>),
    /// Nothing yet.
    Wait,
    /// Nothing more: it is to be closed.
    Gone(CloseReason),
}

/// The source of replication.
#[derive(Clone, Debug)]
pub struct Source {
    backlog: Backlog,
    pub(super) replicas: BTreeMap<u64, Replica>,
    pub(super) running: Option<Running>,
    /// The number of the last snapshot that has begun.
    pub(super) last_snapshot: u64,
    limits: OutputLimits,
    counts: SourceCounts,
    /// Since when there has been no replica, in milliseconds of the caller's clock.
    alone_since_ms: Option<u64>,
}

impl Source {
    /// Returns a source without replicas, whose stream begins behind `last`; `size` is
    /// `repl-backlog-size`.
    #[must_use]
    pub fn new(size: ByteSize, last: ReplOffset) -> Self {
        Self {
            backlog: Backlog::new(size, last),
            replicas: BTreeMap::new(),
            running: None,
            last_snapshot: 0,
            limits: OutputLimits::default(),
            counts: SourceCounts::default(),
            alone_since_ms: None,
        }
    }

    /// The last bytes of the stream.
    #[must_use]
    pub const fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// Changes the size of the backlog.
    pub fn resize(&mut self, size: ByteSize) {
        self.backlog.resize(size);
    }

    /// Frees the backlog of a master that has had no replica for longer than `ttl_ms`
    /// (`repl-backlog-ttl`); `None` is never, as for a replica. Returns whether it was freed now.
    pub fn age(&mut self, ttl_ms: Option<u64>, now_ms: u64) -> bool {
        let Some(ttl_ms) = ttl_ms.filter(|_| self.is_empty()) else {
            self.alone_since_ms = None;
            self.backlog.activate();
            return false;
        };
        let since = *self.alone_since_ms.get_or_insert(now_ms);
        let is_old = self.backlog.is_active() && now_ms.saturating_sub(since) > ttl_ms;
        if is_old {
            self.backlog.free();
        }
        is_old
    }

    /// Changes the limits.
    pub const fn set_limits(&mut self, limits: OutputLimits) {
        self.limits = limits;
    }

    /// Resyncs since the start.
    #[must_use]
    pub const fn counts(&self) -> SourceCounts {
        self.counts
    }

    /// Every replica with its id, in the order of the ids.
    pub fn replicas(&self) -> impl Iterator<Item = (u64, &Replica)> {
        self.replicas.iter().map(|(id, replica)| (*id, replica))
    }

    /// The replica with this id.
    #[must_use]
    pub fn replica(&self, id: u64) -> Option<&Replica> {
        self.replicas.get(&id)
    }

    /// Whether there is no replica.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.replicas.is_empty()
    }

    /// The number of replicas whose last ack is at most `max_lag_ms` old
    /// (`refreshGoodSlavesCount`).
    #[must_use]
    pub fn good(&self, max_lag_ms: u64, now_ms: u64) -> usize {
        let is_good =
            |it: &&Replica| it.is_online() && now_ms.saturating_sub(it.acked_ms) <= max_lag_ms;
        self.replicas.values().filter(is_good).count()
    }

    /// The number of bytes of the stream that wait for a replica.
    #[must_use]
    pub fn pending(&self, id: u64) -> u64 {
        self.replicas.get(&id).map_or(0, |replica| replica.pending(self.backlog.last()))
    }

    /// Appends the next bytes of the stream, which are whole units. A replica that lacks more than
    /// the hard limit then is closed, so that its bytes need not be held.
    pub fn append(&mut self, bytes: &[u8]) {
        if !self.replicas.is_empty() {
            let last = self.backlog.last().plus(bytes.len() as u64);
            let hard = self.limits.hard.max(self.backlog.size() as u64);
            let slow = self.replicas.values_mut().filter(|it| it.pending(last) > hard);
            slow.for_each(|replica| replica.close(CloseReason::Limit));
            self.keep();
        }
        self.backlog.append(bytes);
    }

    /// Begins a stream behind `last` after the data were replaced: every replica is closed.
    pub fn restart(&mut self, last: ReplOffset) {
        self.close_all();
        self.running = None;
        self.backlog.restart(last);
    }

    /// Goes on with the stream that an earlier run has kept.
    pub fn resume(&mut self, backlog: Backlog) {
        self.restart(backlog.last());
        self.backlog = backlog;
    }

    /// Closes every replica, because the history has another name now. They come back and continue.
    pub fn close_all(&mut self) {
        self.replicas.values_mut().for_each(|it| it.close(CloseReason::History));
        self.keep();
    }

    /// Adds a replica. `identity` names the history of the data. Its state says what it gets.
    pub fn attach(&mut self, id: u64, replica: Replica, identity: &Identity, now_ms: u64) {
        self.alone_since_ms = None;
        self.backlog.activate();
        self.replicas.insert(id, replica);
        self.place(id, identity, now_ms, true);
    }

    /// Looks again at a replica that was ahead of the source.
    pub fn settle(&mut self, id: u64, identity: &Identity, now_ms: u64) {
        let state = self.replicas.get(&id).map(Replica::state);
        if let Some(ReplicaState::Ahead { since_ms }) = state {
            let may_wait = now_ms.saturating_sub(since_ms) < AHEAD_MAX_MS;
            self.place(id, identity, now_ms, may_wait);
        }
    }

    /// Decides what a replica gets (`masterTryPartialResynchronization`).
    fn place(&mut self, id: u64, identity: &Identity, now_ms: u64, may_wait: bool) {
        let Some(replica) = self.replicas.get_mut(&id) else { return };
        let last = self.backlog.last();
        match (*replica.ask(), identity.grant(replica.ask(), Some(self.backlog.range()))) {
            (Ask::Rest { first, .. }, Ok(())) => {
                self.counts.partial += 1;
                replica.state = ReplicaState::Online;
                replica.next = Some(first);
                replica.acked_ms = now_ms;
                self.keep();
            }
            // A replica that comes from the master itself may have more than a relay has yet.
            (Ask::Rest { replid, first }, _)
                if may_wait && replid == identity.replid() && first > last.next() =>
            {
                if !matches!(replica.state, ReplicaState::Ahead { .. }) {
                    replica.state = ReplicaState::Ahead { since_ms: now_ms };
                }
            }
            _ => {
                self.counts.full += 1;
                self.counts.refused += u64::from(replica.request.asks_for_rest);
                replica.state = ReplicaState::Waiting { since_ms: now_ms };
                if self.share(id) {
                    self.keep();
                }
            }
        }
    }

    /// Returns what a replica gets next of the stream.
    #[must_use]
    pub fn stream(&self, id: u64) -> Stream<'_> {
        let Some(replica) = self.replicas.get(&id) else {
            return Stream::Gone(CloseReason::History);
        };
        match (replica.state, replica.next) {
            (ReplicaState::Gone(why), _) => Stream::Gone(why),
            (ReplicaState::Online, Some(next)) if next <= self.backlog.last() => {
                // What a replica needs is held.
                let piece = self.backlog.read(next);
                piece.map_or(Stream::Gone(CloseReason::Limit), Stream::Bytes)
            }
            _ => Stream::Wait,
        }
    }

    /// Whether a replica gets the stream by now: it waits for no ack.
    #[must_use]
    pub fn is_streaming(&self, id: u64) -> bool {
        self.replicas.get(&id).is_some_and(|it| it.state == ReplicaState::Online)
    }

    /// Notes that a replica was sent the next `len` bytes of the stream.
    pub fn sent(&mut self, id: u64, len: u64) {
        if let Some(next) = self.replicas.get_mut(&id).and_then(|it| it.next.as_mut()) {
            *next = next.plus(len);
            self.keep();
        }
    }

    /// Notes an ack of a replica. Its offsets never go back.
    pub fn ack(&mut self, id: u64, ack: Ack, now_ms: u64) {
        if let Some(replica) = self.replicas.get_mut(&id) {
            replica.acked = replica.acked.max(ack.applied);
            replica.synced = replica.synced.max(ack.synced.unwrap_or_default());
            replica.acked_ms = now_ms;
            if replica.state == ReplicaState::Opening {
                replica.state = ReplicaState::Online;
            }
        }
    }

    /// Notes that a replica sent an empty line: it lives.
    pub fn heard(&mut self, id: u64, now_ms: u64) {
        if let Some(replica) = self.replicas.get_mut(&id) {
            replica.acked_ms = now_ms;
        }
    }

    /// Closes replicas that are silent for `timeout_ms` or exceed the soft limit for too long. A
    /// replica that asked with `SYNC` sends no acks.
    pub fn tick(&mut self, timeout_ms: u64, now_ms: u64) {
        let (last, limits) = (self.backlog.last(), self.limits);
        for replica in self.replicas.values_mut() {
            let is_silent = now_ms.saturating_sub(replica.acked_ms) > timeout_ms;
            if replica.is_online() && !replica.is_legacy() && is_silent {
                replica.close(CloseReason::Silence);
            }
            if replica.pending(last) <= limits.soft {
                replica.slow_since_ms = None;
            } else {
                let since = *replica.slow_since_ms.get_or_insert(now_ms);
                if now_ms.saturating_sub(since) > limits.soft_ms {
                    replica.close(CloseReason::Limit);
                }
            }
        }
        self.keep();
    }

    /// Forgets a replica whose connection has ended.
    pub fn leave(&mut self, id: u64) {
        if self.replicas.remove(&id).is_some() {
            self.keep();
        }
    }

    /// Keeps what the slowest replica needs.
    pub(super) fn keep(&mut self) {
        let needed = self.replicas.values().filter_map(|it| it.next).min();
        self.backlog.keep_from(needed);
    }
}

#[cfg(test)]
mod tests;
