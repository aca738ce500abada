//! The election.

use super::authority::AcceptedAuthority;
use super::evidence::{Evidence, ServerEvidence};
use super::state::ElectionState;
use super::verdict::Verdict;

/// How long after a promotion that closed the clients' connections the other replicas are expected
/// to follow. Sentinel moves them when it has asked the promoted server for its role: as a rule
/// within a second, and every ten seconds at least.
pub(super) const FAILOVER_MS: u64 = 12_000;
/// How long after a master's demotion, or an authority's statement, another server is expected to
/// report that it is master.
pub(super) const HANDOVER_MS: u64 = 5_000;

/// Elects the master.
#[must_use]
pub fn elect(evidence: &Evidence, state: &ElectionState) -> Verdict {
    if let Some(authority) = state.authority(evidence) {
        return follow(authority, evidence, state);
    }
    let previous = state.master().and_then(|id| evidence.get(id));
    let is_start = previous.is_none();
    let Some(incumbent) = previous.or_else(|| evidence.configured()) else {
        return elect_successor(evidence, state);
    };
    if incumbent.claims() {
        if is_start && state.has_override() {
            return Verdict::Master(incumbent.id);
        }
        return compare_claims(evidence, state, incumbent, is_start);
    }
    if is_start && incumbent.said.is_none() {
        return Verdict::NoMaster;
    }
    let Some((master, _)) = incumbent.follows() else { return elect_successor(evidence, state) };
    let named = evidence.at(master);
    if let Some(named) = named.filter(|it| it.claims() && !evidence.is_silent(it)) {
        return Verdict::Master(named.id);
    }
    let until_ms = incumbent.changed_ms.saturating_add(HANDOVER_MS);
    let may_answer = named.is_none_or(|it| !matches!(it.said, Some(Err(_))));
    if !is_start && may_answer && evidence.now_ms < until_ms {
        return Verdict::HandingOver(until_ms);
    }
    elect_successor(evidence, state)
}

/// The server that the authority names, if it reports `role:master`. Until it does, or until the
/// authority names another one, no other server is elected but one to which the named server itself
/// has handed over.
fn follow(authority: &AcceptedAuthority, evidence: &Evidence, state: &ElectionState) -> Verdict {
    let statement = &authority.statement;
    let named = evidence.at(&statement.master);
    let is_ready = |named: &&ServerEvidence| {
        let is_incumbent = state.master() == Some(named.id) && named.claims();
        is_incumbent || evidence.claimants().any(|it| it.id == named.id)
    };
    if let Some(named) = named.filter(is_ready) {
        return Verdict::Master(named.id);
    }
    let former = named.filter(|_| authority.is_fulfilled());
    if let Some(successor) = former.and_then(|named| handed_over(named, evidence, state)) {
        return Verdict::Master(successor.id);
    }
    let is_answering = named.is_some_and(|it| it.answer().is_some());
    if !is_answering && named.is_some_and(|it| state.master() == Some(it.id)) {
        return Verdict::NoMaster;
    }
    let since_ms = named.map_or(0, |it| it.changed_ms).max(authority.since_ms);
    let until_ms = since_ms.saturating_add(HANDOVER_MS);
    if evidence.now_ms < until_ms {
        return Verdict::HandingOver(until_ms);
    }
    let lack = if is_answering { "say that it is" } else { "answer" };
    Verdict::Undecided(format!(
        "{} is named as the master in configuration epoch {}, but does not {lack}",
        statement.master, statement.epoch
    ))
}

/// The server that has taken over from `named`, which was master and which the authority still
/// names: `named` follows it, it claims to be master, and it continues the history of `named`. That
/// is a FAILOVER of which the authority does not know yet.
fn handed_over<'e>(
    named: &ServerEvidence,
    evidence: &'e Evidence,
    state: &ElectionState,
) -> Option<&'e ServerEvidence> {
    let (master, _) = named.follows()?;
    let successor = evidence.claimants().find(|it| &it.addr == master)?;
    let is_elected = state.master() == Some(successor.id);
    let is_next = state.master() == Some(named.id) && state.continues(successor, named);
    (is_elected || is_next).then_some(successor)
}

/// The incumbent reports `role:master`; other servers may report it too.
fn compare_claims(
    evidence: &Evidence,
    state: &ElectionState,
    incumbent: &ServerEvidence,
    is_start: bool,
) -> Verdict {
    let own = evidence.support(incumbent);
    if is_start && own == (0, 0) && evidence.is_early() {
        // The replicas that have not answered yet may follow another server.
        return Verdict::NoMaster;
    }
    let is_rival = |it: &&ServerEvidence| {
        if it.id == incumbent.id || state.is_overruled(it) {
            return false;
        }
        // Servers before Redis 4 report no history, and before the first election none is known:
        // the replicas decide.
        let lacks_history = it.replid().is_empty() || incumbent.replid().is_empty();
        state.continues(it, incumbent) && !state.descends(incumbent.replid(), it.replid())
            || (lacks_history || is_start) && evidence.support(it) > own
            || is_start && state.may_succeed(it, incumbent)
    };
    let best = match strongest(evidence, evidence.claimants().filter(is_rival)) {
        Strongest::None => return Verdict::Master(incumbent.id),
        Strongest::One(best) => best,
        Strongest::Several(one, other)
            if evidence.support(one) >= own && evidence.is_confirmed(incumbent, one) =>
        {
            return undecided(evidence, one, other);
        }
        Strongest::Several(..) => return Verdict::Master(incumbent.id),
    };
    if !is_start && !evidence.is_confirmed(incumbent, best) {
        return Verdict::Master(incumbent.id);
    }
    let has_followers = evidence.followers(best).next().is_some();
    let is_good = || !state.is_detached(best) && !is_outdated(evidence, best);
    if evidence.is_silent(incumbent) && (has_followers || is_good()) {
        return Verdict::Master(best.id);
    }
    match evidence.support(best).cmp(&own) {
        std::cmp::Ordering::Greater => Verdict::Master(best.id),
        std::cmp::Ordering::Equal if has_followers || !state.is_detached(best) => {
            undecided(evidence, incumbent, best)
        }
        std::cmp::Ordering::Less if is_failover(evidence, best) => {
            undecided(evidence, incumbent, best)
        }
        _ => Verdict::Master(incumbent.id),
    }
}

/// Whether `claimant` has lost data that a replica of the master before it still has. That is a replica
/// which was restarted as a master, with what it had saved some time ago. One that was promoted has
/// what it had: it may lack the last bytes, and its operator knows.
fn is_outdated(evidence: &Evidence, claimant: &ServerEvidence) -> bool {
    let said = claimant.answer().filter(|_| claimant.promotion.is_none());
    let Some((said, parted_at)) = said.and_then(|said| Some((said, said.second_offset?))) else {
        return false;
    };
    evidence.servers.iter().any(|other| {
        let is_of = other.replid() == said.replid2 && other.follows().is_some();
        is_of && !other.is_embedded && other.offset > Some(parted_at)
    })
}

/// Whether `claimant` was promoted just now, in the manner of a failover by Sentinel.
fn is_failover(evidence: &Evidence, claimant: &ServerEvidence) -> bool {
    claimant
        .promotion
        .is_some_and(|it| it.severed && evidence.now_ms.saturating_sub(it.at_ms) < FAILOVER_MS)
}

/// The claimant that has the last master's data; the last master does not answer, or reports
/// another role.
fn elect_successor(evidence: &Evidence, state: &ElectionState) -> Verdict {
    let histories = histories(evidence, state);
    let replicas = evidence.servers.iter().filter(|it| !it.is_embedded && it.follows().is_some());
    let replicas = replicas.count();
    // Before the first election, only the replicas' offsets tell when its history parted.
    let is_late = |it: &ServerEvidence| {
        let said = it.answer();
        let parted_at = said.and_then(|said| said.second_offset);
        state.master().is_none()
            && evidence.servers.iter().any(|other| {
                let is_of = said.is_some_and(|said| said.replid2 == other.replid());
                is_of && other.follows().is_some() && other.offset >= parted_at
            })
    };
    let is_successor = |it: &&ServerEvidence| {
        let (followers, unknown) = evidence.support(it);
        let continues = histories.iter().any(|history| state.descends(it.replid(), history));
        histories.is_empty()
            || it.replid().is_empty()
            || continues
                && (followers + unknown > 0
                    || !state.is_detached(it) && !is_late(it) && !is_outdated(evidence, it))
            || followers * 2 > replicas
    };
    match strongest(evidence, evidence.claimants().filter(is_successor)) {
        Strongest::None => Verdict::NoMaster,
        Strongest::One(successor) => Verdict::Master(successor.id),
        Strongest::Several(one, other) => undecided(evidence, one, other),
    }
}

/// The histories to which the last master's data belongs. Before the first election these are the
/// histories of the listed replicas of the configured master.
fn histories<'e>(evidence: &'e Evidence, state: &'e ElectionState) -> Vec<&'e str> {
    if state.master().is_some() {
        return state.histories().iter().map(String::as_str).collect();
    }
    let listed = evidence.servers.iter().filter(|it| {
        let configured = evidence.configured.as_ref();
        it.is_listed && it.follows().is_some_and(|(master, _)| Some(master) == configured)
    });
    listed.map(ServerEvidence::replid).filter(|replid| !replid.is_empty()).collect()
}

/// The claimants with the most support.
enum Strongest<'e> {
    None,
    One(&'e ServerEvidence),
    Several(&'e ServerEvidence, &'e ServerEvidence),
}

fn strongest<'e>(
    evidence: &Evidence,
    claimants: impl Iterator<Item = &'e ServerEvidence>,
) -> Strongest<'e> {
    let mut found = Strongest::None;
    for it in claimants {
        found = match found {
            Strongest::None => Strongest::One(it),
            Strongest::One(best) | Strongest::Several(best, _) => {
                match evidence.support(it).cmp(&evidence.support(best)) {
                    std::cmp::Ordering::Greater => Strongest::One(it),
                    std::cmp::Ordering::Equal => Strongest::Several(best, it),
                    std::cmp::Ordering::Less => found,
                }
            }
        };
    }
    found
}

/// No decision between these two. The reason names every server that reports `role:master`.
fn undecided(evidence: &Evidence, one: &ServerEvidence, other: &ServerEvidence) -> Verdict {
    let mut addrs: Vec<_> =
        evidence.claimants().chain([one, other]).map(|claimant| &claimant.addr).collect();
    addrs.sort();
    addrs.dedup();
    let (all, any) = if addrs.len() > 2 { ("all", "any") } else { ("both", "either") };
    let last = addrs.pop().map(ToString::to_string).unwrap_or_default();
    let others: Vec<_> = addrs.iter().map(ToString::to_string).collect();
    Verdict::Undecided(format!(
        "{} and {last} {all} say that they are the master, and no majority of the replicas \
         follows {any}",
        others.join(", ")
    ))
}
