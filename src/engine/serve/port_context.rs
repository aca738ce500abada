//! The state that the clients of the port share. All of them run on one thread.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::Guard;

use super::blocked_clients::BlockedClients;
use super::stats::Stats;
use crate::config::Config;
use crate::engine::Engine;
use crate::net::Scratch;
use crate::registry::Pause;
use crate::topology::ServerVersion;

/// The state that the clients of the port share.
#[derive(Debug)]
pub(super) struct PortContext {
    pub(super) engine: Arc<Engine>,
    pub(super) stats: Stats,
    /// The pause of CLIENT PAUSE.
    pub(super) pause: Pause,
    /// The read buffer.
    pub(super) scratch: Rc<Scratch>,
    /// The clients that wait in a command.
    pub(super) blocked: BlockedClients,
    /// The end of `DEBUG SLEEP`, during which all clients wait, in the engine's milliseconds.
    asleep_until: Cell<u64>,
    peak_memory: Cell<u64>,
    /// The start of the port.
    pub(super) started: SystemTime,
}

impl PortContext {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            stats: Stats::default(),
            pause: Pause::default(),
            scratch: Rc::default(),
            blocked: BlockedClients::default(),
            asleep_until: Cell::new(0),
            peak_memory: Cell::new(0),
            started: SystemTime::now(),
        }
    }

    /// Returns the configuration in force.
    pub(super) fn config(&self) -> Guard<Arc<Config>> {
        self.engine.config.load()
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
