//! The link to the master: made again whenever it ends, until another master is to be followed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Engine;
use super::fault::{LinkFault, Remedy};
use super::follow::Follower;
use crate::config::HostPort;
use crate::replication::LinkState;

/// How often is looked whether another master is to be followed while there is no link.
const LOOK: Duration = Duration::from_millis(100);
/// The first pause after a link that ended, as long as between two runs of `replicationCron`.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Follows whoever is to be followed, for ever.
pub(super) async fn keep(engine: &Arc<Engine>) {
    engine.restore();
    let mut follower = Follower::new(engine);
    let mut pause = PAUSE_MIN;
    loop {
        let Some(master) = engine.wanted_master() else {
            retarget(engine, None);
            sleep(LOOK).await;
            continue;
        };
        retarget(engine, Some(&master));
        let fault = follower.follow(&master).await;
        let was_up = end(engine, &master, &fault);
        if fault.is_divergence() {
            engine.facts().identity.distrust();
        }
        pause = match fault.remedy() {
            _ if was_up => PAUSE_MIN,
            Remedy::Soon => PAUSE_MIN,
            Remedy::Slowly => (pause * 2).min(PAUSE_MAX),
            Remedy::Halt => Duration::MAX,
        };
        if !matches!(fault, LinkFault::Retarget) {
            wait(engine, &master, pause).await;
        }
    }
}

/// Waits for `pause`, or until another master is to be followed.
async fn wait(engine: &Engine, master: &HostPort, pause: Duration) {
    let (nudges, config) = (engine.nudges(), engine.config.load_full());
    let mut waited = Duration::ZERO;
    while waited < pause
        && engine.wanted_master().as_ref() == Some(master)
        && engine.nudges() == nudges
        // What stood in the way may have been changed.
        && Arc::ptr_eq(&config, &engine.config.load())
    {
        sleep(LOOK).await;
        waited += LOOK;
    }
}

/// Makes a note of whom to follow. What another master said does not count.
fn retarget(engine: &Engine, master: Option<&HostPort>) {
    let mut facts = engine.facts();
    if facts.master.as_ref() != master {
        match master {
            Some(master) => tracing::info!(%master, "the replica follows a master"),
            None => tracing::warn!("the replica has no master to follow"),
        }
        facts.master = master.cloned();
        facts.halted = None;
        facts.status.reset(if master.is_some() { LinkState::Connect } else { LinkState::None });
    }
}

/// Makes a note of a link's end; true if it had been up.
fn end(engine: &Engine, master: &HostPort, fault: &LinkFault) -> bool {
    let now = engine.now_ms();
    let mut facts = engine.facts();
    let was_up = facts.status.is_up();
    facts.status.enter(LinkState::Connect, now);
    facts.transfer = None;
    facts.counts.links_lost += u64::from(was_up);
    let text = fault.to_string();
    facts.halted = None;
    if fault.remedy() == Remedy::Halt {
        tracing::error!(%master, "the replica stands still until it is told to go on: {text}");
        facts.halted = Some(text.clone());
    } else if facts.last_fault.as_deref() != Some(text.as_str()) || was_up {
        // Once, not every second.
        tracing::warn!(%master, "the replica's link ended: {text}");
    }
    facts.last_fault = Some(text);
    was_up
}
