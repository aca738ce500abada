//! The engine of this process, which is read directly where other servers are asked.

use tokio::time::Instant;

use super::freshness::FreshnessWatch;
use crate::engine::Engine;
use crate::monitor::roster::list::Roster;
use crate::topology::{LinkState, ServerRole};

/// Takes the engine's present state and offset. True if its state differs from the last one.
pub(in crate::monitor) fn look(
    engine: &Engine,
    roster: &mut Roster,
    freshness: &mut FreshnessWatch,
    (now, now_ms): (Instant, u64),
) -> bool {
    let Some(member) = roster.members_mut().iter_mut().find(|it| it.is_local) else {
        return false;
    };
    let observed = engine.observe().and_then(|said| {
        let is_down = matches!(said.role, ServerRole::Replica { link: LinkState::Down, .. });
        match engine.trouble().filter(|_| said.loading && is_down) {
            Some(why) => Err(format!("has no data: {why}")),
            None => Ok(said),
        }
    });
    if let Ok(said) = &observed {
        let sample = engine.sample(said, &member.addr, now_ms);
        member.roles.take_attached(sample.attached.clone());
        freshness.observe(member.id, sample);
    }
    member.see(observed, now)
}
