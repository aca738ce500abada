//! The evidence for an election.

use tokio::time::Instant;

use crate::config::TopologyConfig;
use crate::monitor::roster::alias::{canonical, translated};
use crate::monitor::roster::list::Roster;
use crate::monitor::roster::member::Member;
use crate::topology::{Authority, Evidence};
use tidegate_wire::units::millis;

/// What the known servers report, each process once, and what the Sentinels say. `epoch` is where
/// the process's clock begins.
pub(in crate::monitor) fn evidence(
    roster: &Roster,
    config: &TopologyConfig,
    authority: Option<Authority>,
    (epoch, now): (Instant, Instant),
) -> Evidence {
    let servers = roster.members().iter().filter(|it| canonical(roster, it).id == it.id);
    let evidence = |member: &Member| {
        let said = member.said.as_ref();
        let said = said.map(|said| said.as_ref().map(|it| translated(roster, it)));
        member.evidence(said.map(|said| said.map_err(String::clone)), (epoch, now))
    };
    Evidence {
        servers: servers.map(evidence).collect(),
        authority,
        configured: config.named_master(),
        now_ms: millis(now.saturating_duration_since(epoch)),
        silence_ms: millis(config.probe_timeout),
    }
}
