//! What a master does from time to time, and before it runs a write: expired keys are removed, and
//! others where memory is full; replicas are pinged and counted.

use std::time::{Duration, Instant};

use crate::config::Config;
use crate::engine::lead::Notifications;
use crate::engine::serve::held::Held;
use crate::engine::serve::port_context::PortContext;
use crate::engine::state::{memory, unix_ms};
use tidegate_store::{Eviction, Store};
use tidegate_wire::units::millis;

/// How many keys one step of the active expiry looks at.
const EXPIRY_STEP: usize = 400;
/// How long the active expiry goes on at once while there is more to expire.
const EXPIRY_TIME: Duration = Duration::from_millis(10);
/// How long a check of the memory in use holds, in milliseconds.
const MEMORY_AGE_MS: u64 = 1;
/// The most steps of an eviction at once.
const EVICTION_STEPS: usize = 16;

impl PortContext {
    /// Does a master's duties.
    pub(in crate::engine::serve) fn do_duties(&self) {
        self.follow_role();
        self.go_on_failing_over();
        self.go_on_shutting_down();
        if !self.engine.leads() || self.scripts.is_busy() {
            return;
        }
        let config = self.config();
        let notifications = Notifications::of(&config.replica.notify_keyspace_events);
        self.lead.borrow_mut().notify(notifications.unwrap_or_default());
        let mut held = Held::new(self);
        held.store_mut().set_eviction(Eviction {
            policy: config.replica.maxmemory_policy,
            samples: usize::try_from(config.replica.maxmemory_samples).unwrap_or(1),
            ..Eviction::default()
        });
        // While writes are paused the data stay as they are (`checkClientPauseTimeoutAndReturnIfPaused`).
        if self.holds(true) {
            return;
        }
        self.expire(&mut held);
        self.ping(&mut held, millis(config.replica.repl_ping_replica_period));
    }

    /// Ends what was done at once, and serves the clients that wait for keys.
    pub(in crate::engine::serve) fn end_unit(&self, held: &mut Held<'_>) {
        let store = held.store_mut();
        let mut lead = self.lead.borrow_mut();
        lead.end();
        if !lead.has_waiters() {
            return;
        }
        let deliveries = lead.serve((store, &self.engine.hub), unix_ms);
        drop(lead);
        self.deliver(deliveries);
    }

    fn expire(&self, held: &mut Held<'_>) {
        let began = Instant::now();
        loop {
            let data = (&mut **held.store_mut(), &self.engine.hub);
            let is_behind = self.lead.borrow_mut().expire(data, unix_ms(), EXPIRY_STEP);
            self.end_unit(held);
            held.release();
            if !is_behind || began.elapsed() >= EXPIRY_TIME {
                return;
            }
        }
    }

    /// Pings the replicas when it is time (`replicationCron`).
    fn ping(&self, held: &mut Held<'_>, period_ms: u64) {
        let now_ms = self.now_ms();
        if now_ms.saturating_sub(self.pinged_ms.get()) < period_ms {
            return;
        }
        self.pinged_ms.set(now_ms);
        if self.engine.link_info().source.is_empty() {
            return;
        }
        held.store_mut();
        self.lead.borrow_mut().replicate_anywhere(&[b"PING"]);
        held.release();
    }

    /// Whether enough replicas keep up, so that a master accepts writes (`checkGoodReplicasStatus`).
    pub(in crate::engine::serve) fn has_good_replicas(&self, config: &Config) -> bool {
        let needed = config.replica.min_replicas_to_write;
        let max_lag = millis(config.replica.min_replicas_max_lag);
        if needed == 0 || max_lag == 0 {
            return true;
        }
        let good = self.engine.link_info().source.good(max_lag, self.now_ms());
        u32::try_from(good).unwrap_or(u32::MAX) >= needed
    }

    /// The bytes of the stream that are held for slow replicas alone: a slow replica does not make a
    /// master evict keys (`freeMemoryGetNotCountedMemory`).
    fn not_counted(&self) -> u64 {
        let info = self.engine.link_info();
        let source = &info.source;
        let pending = source.replicas().map(|(id, _)| source.pending(id)).max().unwrap_or_default();
        pending.saturating_sub(source.backlog().size() as u64)
    }

    /// Whether a master has no memory for this request.
    pub(in crate::engine::serve) fn lacks_memory(
        &self,
        config: &Config,
        held: &mut Held<'_>,
        args: &[&[u8]],
    ) -> bool {
        let has_limit = config.replica.maxmemory.is_some();
        has_limit && Store::needs_memory(args) && !self.has_room(held)
    }

    /// Whether a master has memory for more data. It evicts keys where it has none, as far as the
    /// policy allows (`performEvictions`).
    pub(in crate::engine::serve) fn has_room(&self, held: &mut Held<'_>) -> bool {
        let limit = self.config().replica.maxmemory;
        let Some(limit) = limit.map(|limit| limit.bytes()) else { return true };
        let now_ms = self.now_ms();
        let (looked_ms, had_room) = self.room.get();
        if looked_ms > 0 && now_ms.saturating_sub(looked_ms) < MEMORY_AGE_MS {
            return had_room;
        }
        let mut used = memory::used().unwrap_or_default().saturating_sub(self.not_counted());
        for _ in 0..EVICTION_STEPS {
            if used <= limit {
                break;
            }
            let over = usize::try_from(used - limit).unwrap_or(usize::MAX);
            let store = held.store_mut();
            let hub = &self.engine.hub;
            let (freed, is_exhausted) = self.lead.borrow_mut().evict((store, hub), unix_ms(), over);
            used = used.saturating_sub(freed as u64);
            if is_exhausted {
                break;
            }
        }
        // What is being freed on another thread is free in a moment.
        let has_room = used <= limit || self.engine.freer.len() > 0;
        self.room.set((now_ms, has_room));
        has_room
    }
}
