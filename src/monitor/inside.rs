//! The engine of this process: looked at, where other servers are asked.

use super::freshness::Watch;
use super::roster::Roster;
use crate::engine::Engine;
use crate::topology::{LinkState, ServerRole};

/// Takes what the engine is now, and how far; true when it is another thing than before.
pub(super) fn look(engine: &Engine, roster: &mut Roster, watch: &mut Watch, now_ms: u64) -> bool {
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
        watch.observe(member.id, engine.sample(said, &member.addr, now_ms));
    }
    member.see(observed)
}
