//! Whether the proxy is ready, as `metrics.ready` defines it.

use std::cell::RefCell;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::config::{Balance, Config, Ready};
use crate::routing::{Balancer, NoRoute, Query, Reason, Route, Target, admit_write, route};
use crate::tasks::Kind;
use crate::topology::{Role, Shard};
use crate::worker::Shared;
use tidegate_wire::units::millis;

/// The reason that [`Readiness::judge`] returns before the workers have started.
pub const STARTING: &str = "starting";

/// How long a master may be silent if `request-timeout` sets no limit; the same as in the monitor.
const MASTER_SILENCE_MAX: Duration = Duration::from_secs(60);

/// Asks the routing whether it would find a backend, with a balancer of its own.
#[derive(Debug)]
pub struct Readiness {
    balancer: RefCell<Balancer>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { balancer: RefCell::new(Balancer::new(Balance::RoundRobin)) }
    }
}

impl Readiness {
    /// Whether a request could be routed now.
    ///
    /// # Errors
    /// Why no request could be routed.
    pub fn judge(&self, shared: &Shared) -> Result<(), String> {
        if shared.draining.load(Relaxed) {
            return Err("draining".to_owned());
        }
        if shared.tasks.of(Kind::Worker).is_empty() {
            return Err(STARTING.to_owned());
        }
        let (topology, config) = (shared.topology.load_full(), shared.config.load_full());
        let now_ms = shared.now_ms();
        match config.metrics.ready {
            Ready::Writes => can_write(topology.sole_shard(), &config, now_ms),
            Ready::Reads => self.can_read(topology.sole_shard(), &config, now_ms),
        }
    }

    fn can_read(&self, shard: &Shard, config: &Config, now_ms: u64) -> Result<(), String> {
        let policy = config.read_policy(None);
        let query = Query { target: Target::Read, policy, except: None, now_ms };
        let way = route(shard, query, &mut self.balancer.borrow_mut(), |_| 0);
        let Route { backend, reason } = way.map_err(|error| error.to_string())?;
        if reason == Reason::Fallback && config.reads.on_stale_master_share == 0 {
            return Err(NoRoute::Stale.to_string());
        }
        if backend.role == Role::Master {
            return master_answers(shard, config, now_ms);
        }
        Ok(())
    }
}

fn can_write(shard: &Shard, config: &Config, now_ms: u64) -> Result<(), String> {
    master_answers(shard, config, now_ms)?;
    let gate = &shard.gate;
    admit_write(shard, now_ms)
        .map_err(|error| format!("{error}: {} of {}", gate.good(now_ms), gate.wanted()))
}

/// Checks that the master answers. A busy one has `request-timeout`, because requests wait as long.
fn master_answers(shard: &Shard, config: &Config, now_ms: u64) -> Result<(), String> {
    let master = shard.master().ok_or_else(|| {
        shard.undecided.clone().unwrap_or_else(|| "no master is known".to_owned())
    })?;
    let patience = config.topology.request_timeout.unwrap_or(MASTER_SILENCE_MAX);
    let patience = millis(patience);
    if master.is_silent(now_ms, patience) {
        return Err(format!("the master {} does not answer", master.addr));
    }
    Ok(())
}
