//! Which addresses belong to one server.

use super::list::Roster;
use super::member::Member;
use crate::topology::{Observation, ServerRole};

/// The member that represents `member`'s process. Servers know each other by addresses for which
/// proxy.toml may have another spelling (a name, another interface); the run id shows that it is
/// one server.
pub(in crate::monitor) fn canonical<'r>(roster: &'r Roster, member: &'r Member) -> &'r Member {
    if member.is_configured || member.run_id.is_empty() {
        return member;
    }
    let same = roster.members().iter().filter(|other| other.run_id == member.run_id);
    same.min_by_key(|other| (!other.is_configured, other.id)).unwrap_or(member)
}

/// A server's answer, with its master under the address by which the proxy knows it.
pub(in crate::monitor) fn translated(roster: &Roster, said: &Observation) -> Observation {
    let mut said = said.clone();
    if let ServerRole::Replica { master, .. } = &mut said.role
        && let Some(member) = roster.at(master)
    {
        master.clone_from(&canonical(roster, member).addr);
    }
    said
}
