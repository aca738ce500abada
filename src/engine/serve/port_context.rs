//! The state that the clients of the port share. All of them run on one thread.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::{ArcSwap, Cache, Guard};

use super::ahead::Ahead;
use super::blocked::{Acknowledged, BlockedClients};
use super::leading::failover_run::FailingOver;
use super::leading::scripts::PortScripts;
use super::leading::shutdown_run::ShuttingDown;
use super::port_clock::{Look, PortClock, Slept};
use super::stats::Stats;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::lead::{Delivery, Lead};
use crate::engine::state::unix_ms;
use crate::net::Scratch;
use crate::registry::Pause;
use crate::topology::ServerVersion;

/// The state that the clients of the port share.
#[derive(Debug)]
pub(super) struct PortContext {
    pub(super) engine: Arc<Engine>,
    pub(super) stats: Stats,
    /// The clock of its requests.
    pub(super) clock: PortClock,
    /// The pause of CLIENT PAUSE.
    pub(super) pause: Pause,
    /// The configuration, at hand without a count of its users.
    pub(super) latest_config: RefCell<Cache<Arc<ArcSwap<Config>>, Arc<Config>>>,
    /// The read buffer.
    pub(super) scratch: Rc<Scratch>,
    /// The requests of a pipeline that were found at once, while a client's requests are handled.
    pub(super) ahead: RefCell<Ahead>,
    /// The clients that wait in a command.
    pub(super) blocked: BlockedClients,
    /// The engine as a master.
    pub(super) lead: RefCell<Lead>,
    /// The SHUTDOWN under way.
    pub(super) shutting_down: RefCell<Option<ShuttingDown>>,
    /// The failover under way.
    pub(super) failing_over: RefCell<Option<FailingOver>>,
    /// The scripts of clients.
    pub(super) scripts: PortScripts,
    /// The replies to clients that waited for keys, a script or the end of the process.
    deliveries: RefCell<HashMap<u64, Vec<u8>>>,
    /// How often the role of the engine had changed at the last look.
    role_changes: Cell<u64>,
    /// The end of `DEBUG SLEEP`, during which all clients wait, in the engine's milliseconds.
    asleep_until: Cell<u64>,
    peak_memory: Cell<u64>,
    /// When the memory in use was last checked, and whether there was room then.
    pub(super) room: Cell<(u64, bool)>,
    /// When the replicas were last pinged.
    pub(super) pinged_ms: Cell<u64>,
    /// The start of the port.
    pub(super) started: SystemTime,
}

impl PortContext {
    /// `slept` is noted by the runtime of the thread.
    pub(super) fn new(engine: Arc<Engine>, slept: Slept) -> Self {
        Self {
            latest_config: RefCell::new(Cache::new(Arc::clone(&engine.config))),
            engine,
            stats: Stats::default(),
            clock: PortClock::new(slept),
            pause: Pause::default(),
            scratch: Rc::default(),
            ahead: RefCell::default(),
            blocked: BlockedClients::default(),
            lead: RefCell::default(),
            shutting_down: RefCell::default(),
            failing_over: RefCell::default(),
            scripts: PortScripts::default(),
            deliveries: RefCell::default(),
            role_changes: Cell::new(0),
            asleep_until: Cell::new(0),
            peak_memory: Cell::new(0),
            room: Cell::new((0, true)),
            pinged_ms: Cell::new(0),
            started: SystemTime::now(),
        }
    }

    /// Returns the configuration in force.
    pub(super) fn config(&self) -> Guard<Arc<Config>> {
        self.engine.config.load()
    }

    /// Returns the time of a request, which it may share with others right before it.
    pub(super) fn look(&self) -> Look {
        self.clock.now(|| Look { unix: unix_ms(), engine: self.now_ms() })
    }

    /// Returns the engine's milliseconds.
    pub(super) fn now_ms(&self) -> u64 {
        self.engine.now_ms()
    }

    /// Returns the server that the port imitates: its master.
    pub(super) fn server(&self) -> ServerVersion {
        self.engine.link_info().server.clone()
    }

    /// Begins `DEBUG SLEEP`: all clients wait for a while.
    pub(super) fn sleep(&self, millis: u64) {
        self.asleep_until.set(self.now_ms().saturating_add(millis));
    }

    /// Whether `DEBUG SLEEP` is in force.
    pub(super) fn is_asleep(&self) -> bool {
        let until = self.asleep_until.get();
        until > 0 && until > self.now_ms()
    }

    /// Whether a request has to wait: clients are paused, or the process is about to end.
    pub(super) fn holds(&self, may_write: bool) -> bool {
        may_write && self.shutting_down.borrow().is_some()
            || self.pause.is_set() && self.pause.holds(may_write, || self.now_ms())
    }

    /// Hands the replies to clients that waited for keys, a script or the end of the process.
    pub(super) fn deliver(&self, deliveries: Vec<Delivery>) {
        for (client, reply) in deliveries {
            if self.blocked.wake(client) {
                self.deliveries.borrow_mut().insert(client, reply);
            }
        }
    }

    /// Takes the reply to a client that waited for it.
    pub(super) fn take_delivery(&self, client: u64) -> Option<Vec<u8>> {
        self.deliveries.borrow_mut().remove(&client)
    }

    /// Which acks there are for this offset (`replicationCountAcksByOffset`,
    /// `replicationCountAOFAcksByOffset`).
    pub(super) fn acknowledged(&self, offset: u64) -> Acknowledged {
        let is_local = self.engine.synced().is_some_and(|it| it.get() >= offset);
        let info = self.engine.link_info();
        let (mut applied, mut synced) = (0, 0);
        for (_, replica) in info.source.replicas().filter(|(_, it)| it.is_online()) {
            applied += usize::from(replica.acked().get() >= offset);
            synced += usize::from(replica.synced().get() >= offset);
        }
        Acknowledged { applied, synced, is_local }
    }

    /// Begins anew what belongs to a role, if the role has changed.
    pub(super) fn follow_role(&self) {
        let changes = self.engine.role.changes();
        if self.role_changes.replace(changes) != changes {
            self.lead.borrow_mut().restart();
            self.blocked.wake_everyone();
        }
    }

    /// Returns the most memory seen in use, `used` included.
    pub(super) fn peak_memory(&self, used: u64) -> u64 {
        self.peak_memory.set(self.peak_memory.get().max(used));
        self.peak_memory.get()
    }

    /// Does the housekeeping, ten times a second.
    pub(super) fn tick(&self) {
        let now_ms = self.now_ms();
        self.pause.tick(now_ms);
        if let Some(timeout) = self.config().proxy.timeout {
            self.engine.clients.kill_idle(timeout, now_ms);
        }
    }
}
