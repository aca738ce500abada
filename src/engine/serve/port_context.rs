//! What the clients of the port share. One thread's.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::Guard;

use super::stats::Stats;
use crate::config::Config;
use crate::engine::Engine;
use crate::net::Scratch;
use crate::registry::Pause;
use crate::topology::ServerVersion;

/// The thread's own state.
#[derive(Debug)]
pub(super) struct PortContext {
    pub(super) engine: Arc<Engine>,
    pub(super) stats: Stats,
    /// `CLIENT PAUSE`.
    pub(super) pause: Pause,
    /// The read buffer.
    pub(super) scratch: Rc<Scratch>,
    /// How many clients wait in a command.
    pub(super) blocked: Cell<u32>,
    /// Until when `DEBUG SLEEP` keeps everybody waiting, in the engine's milliseconds.
    asleep_until: Cell<u64>,
    peak_memory: Cell<u64>,
    /// When it started.
    pub(super) started: SystemTime,
}

impl PortContext {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            stats: Stats::default(),
            pause: Pause::default(),
            scratch: Rc::default(),
            blocked: Cell::new(0),
            asleep_until: Cell::new(0),
            peak_memory: Cell::new(0),
            started: SystemTime::now(),
        }
    }

    /// The configuration in force.
    pub(super) fn config(&self) -> Guard<Arc<Config>> {
        self.engine.config.load()
    }

    /// The engine's milliseconds.
    pub(super) fn now_ms(&self) -> u64 {
        self.engine.now_ms()
    }

    /// What it calls itself: as its master does.
    pub(super) fn server(&self) -> ServerVersion {
        self.engine.link_info().server.clone()
    }

    /// `DEBUG SLEEP`: nobody is served for a while.
    pub(super) fn sleep(&self, millis: u64) {
        self.asleep_until.set(self.now_ms().saturating_add(millis));
    }

    /// Whether `DEBUG SLEEP` is in force.
    pub(super) fn is_asleep(&self) -> bool {
        let until = self.asleep_until.get();
        until > 0 && until > self.now_ms()
    }

    /// The most memory that was seen in use, now that `used` bytes are.
    pub(super) fn peak_memory(&self, used: u64) -> u64 {
        self.peak_memory.set(self.peak_memory.get().max(used));
        self.peak_memory.get()
    }

    /// Housekeeping, ten times a second.
    pub(super) fn tick(&self) {
        let now_ms = self.now_ms();
        self.pause.tick(now_ms);
        if let Some(timeout) = self.config().proxy.timeout {
            self.engine.clients.kill_idle(timeout, now_ms);
        }
    }
}
