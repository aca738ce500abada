//! The link to the master. It connects again whenever the connection ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::fault::{LinkFault, Remedy};
use super::follower::Follower;
use super::wire::LOOK;
use crate::config::{Config, HostPort};
use crate::engine::Engine;
use crate::engine::persist::remove_old;
use tidegate_replication::LinkState;
use tidegate_wire::units::millis;

/// The first pause after a lost link, as long as between two runs of `replicationCron`.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Loads the data of an earlier run.
pub(in crate::engine) fn restore(engine: &Engine) {
    remove_old(&engine.dir());
    engine.restore();
    engine.begin_to_lead();
}

/// Follows the configured master, for ever.
pub(in crate::engine) async fn keep(engine: &Arc<Engine>) {
    let mut follower = Follower::new(engine);
    let mut pauses = Pauses::default();
    loop {
        engine.take_configured_role();
        let Some(master) = engine.wanted_master() else {
            retarget(engine, None);
            sleep(LOOK).await;
            continue;
        };
        retarget(engine, Some(&master));
        let orders = Orders::of(engine);
        let began = engine.now_ms();
        engine.link_info().halted = None;
        let fault = follower.follow(&master).await;
        let steady = engine.now_ms().saturating_sub(began) >= millis(PAUSE_MAX);
        let was_steady = steady && engine.link_info().status.is_up();
        let pause = pauses.after(fault.remedy(), was_steady);
        end(engine, &master, &fault, pause);
        if fault.is_divergence() {
            let mut info = engine.link_info();
            info.identity.distrust();
            engine.begin_data_epoch(&info);
        }
        if matches!(fault, LinkFault::Retarget) {
            pauses = Pauses::default();
            continue;
        }
        wait(engine, &master, &orders, pause).await;
    }
}

/// The pauses between tries.
#[derive(Clone, Copy, Debug)]
struct Pauses {
    /// The next pause of those that grow.
    slow: Duration,
    /// Whether the engine has tried a full resync and the link was not steady since.
    has_resynced: bool,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { slow: PAUSE_MIN, has_resynced: false }
    }
}

impl Pauses {
    /// Returns the pause after a link whose end needs this remedy. A link that was steady proves
    /// that all was well until then.
    fn after(&mut self, remedy: Remedy, was_steady: bool) -> Duration {
        if was_steady {
            *self = Self::default();
        }
        match remedy {
            Remedy::Soon => PAUSE_MIN,
            Remedy::Slowly => {
                let pause = self.slow;
                self.slow = (pause * 2).min(PAUSE_MAX);
                pause
            }
            Remedy::Resync if !self.has_resynced => {
                self.has_resynced = true;
                PAUSE_MIN
            }
            Remedy::Resync | Remedy::Halt => Duration::MAX,
        }
    }
}

/// The configuration and the orders at the beginning of a try. Halted replication resumes when they
/// change.
struct Orders {
    nudges: u64,
    config: Arc<Config>,
}

impl Orders {
    fn of(engine: &Engine) -> Self {
        Self { nudges: engine.nudges(), config: engine.config.load_full() }
    }

    /// Whether they are still the same.
    fn stand(&self, engine: &Engine) -> bool {
        engine.nudges() == self.nudges && Arc::ptr_eq(&self.config, &engine.config.load())
    }
}

/// Waits for `pause`, or until the master to follow changes, or until the configuration or the
/// orders change: they may have been the cause.
async fn wait(engine: &Engine, master: &HostPort, orders: &Orders, pause: Duration) {
    let mut waited = Duration::ZERO;
    while waited < pause && engine.is_wanted(master) && orders.stand(engine) {
        sleep(LOOK).await;
        waited += LOOK;
    }
}

/// Notes the master to follow. The state of a link to another master is dropped.
fn retarget(engine: &Engine, master: Option<&HostPort>) {
    let mut info = engine.link_info();
    if info.master.as_ref() != master {
        match master {
            Some(master) => tracing::info!(%master, "the replica follows a master"),
            None if engine.leads() => {}
            None => tracing::warn!("the replica has no master to follow"),
        }
        info.master = master.cloned();
        info.halted = None;
        info.status.reset(if master.is_some() { LinkState::Connect } else { LinkState::None });
    }
}

/// Notes the end of a link, after which there is a pause.
fn end(engine: &Engine, master: &HostPort, fault: &LinkFault, pause: Duration) {
    let now = engine.now_ms();
    let mut info = engine.link_info();
    let was_up = info.status.is_up();
    info.status.enter(LinkState::Connect, now);
    info.transfer = None;
    info.counts.links_lost += u64::from(was_up);
    let text = fault.to_string();
    info.halted = None;
    if pause == Duration::MAX {
        tracing::error!(%master, "replication halted: {text}; change the configuration or send REPLICAOF");
        info.halted = Some(text.clone());
    } else if info.last_fault.as_deref() != Some(text.as_str()) || was_up {
        // Logged once for many tries.
        tracing::warn!(%master, "the replica's link ended: {text}");
    }
    info.last_fault = Some(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_where_nothing_gets_better() {
        let mut pauses = Pauses::default();
        let mut slowly = |was_steady| pauses.after(Remedy::Slowly, was_steady).as_secs();
        assert_eq!([false; 7].map(&mut slowly), [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(slowly(true), 1);
        assert_eq!(pauses.after(Remedy::Halt, false), Duration::MAX);
        assert_eq!(pauses.after(Remedy::Slowly, false).as_secs(), 2);
        assert_eq!(pauses.after(Remedy::Soon, false), PAUSE_MIN);
    }

    #[test]
    fn a_full_resync_is_tried_once_until_the_link_was_steady() {
        let mut pauses = Pauses::default();
        let mut resync = |was_steady| pauses.after(Remedy::Resync, was_steady);
        assert_eq!([resync(false), resync(false)], [PAUSE_MIN, Duration::MAX]);
        assert_eq!([resync(true), resync(false)], [PAUSE_MIN, Duration::MAX]);
    }
}
