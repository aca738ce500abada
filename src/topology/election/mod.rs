//! Which server is master, given all that is known of them.
//!
//! [`Evidence`] goes in, a [`Verdict`] comes out, and [`Reign`] keeps what has to be remembered in
//! between. A server is treated as master only if it reports `role:master`. Where several do, the
//! last master keeps the writes until another claimant is proven: that one continues its history,
//! and its replicas have gone over or it is silent. An outside authority (Sentinel) will be one
//! more part of the evidence.

mod evidence;
mod lineage;
mod place;
mod reign;
#[cfg(test)]
mod tests;

pub use evidence::{Evidence, Promotion, Witness};
pub use lineage::Lineage;
pub use place::{Candidate, place};
pub use reign::Reign;

use super::BackendId;

/// How long after a promotion that closed the clients' connections the other replicas are expected
/// to follow. Sentinel moves them when it has asked the promoted server for its role: as a rule
/// within a second, and every ten seconds at least.
const FAILOVER_MS: u64 = 12_000;
/// How long after a master's demotion another one is expected to say that it is master.
const HANDOVER_MS: u64 = 5_000;

/// The outcome of a judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This server is master.
    Master(BackendId),
    /// Several servers say that they are, and the evidence does not decide between them.
    Undecided(String),
    /// The last master follows another server that has not said yet that it is master; expected
    /// until this time.
    HandingOver(u64),
    /// No server is master.
    Vacant,
}

impl Verdict {
    /// The master.
    #[must_use]
    pub const fn master(&self) -> Option<BackendId> {
        if let Self::Master(id) = self { Some(*id) } else { None }
    }
}

/// Judges which server is master.
#[must_use]
pub fn elect(evidence: &Evidence, reign: &Reign) -> Verdict {
    let previous = reign.master().and_then(|id| evidence.get(id));
    let is_start = previous.is_none();
    let Some(incumbent) = previous.or_else(|| evidence.at(&evidence.configured)) else {
        return heir(evidence, reign);
    };
    if incumbent.claims() {
        if is_start && reign.is_ordered() {
            return Verdict::Master(incumbent.id);
        }
        return contest(evidence, reign, incumbent, is_start);
    }
    if is_start && incumbent.said.is_none() {
        return Verdict::Vacant;
    }
    let Some((master, _)) = incumbent.follows() else { return heir(evidence, reign) };
    let successor = evidence.at(master);
    if let Some(successor) = successor.filter(|it| it.claims() && !evidence.is_silent(it)) {
        return Verdict::Master(successor.id);
    }
    let until_ms = incumbent.changed_ms.saturating_add(HANDOVER_MS);
    let may_answer = successor.is_none_or(|it| !matches!(it.said, Some(Err(_))));
    if !is_start && may_answer && evidence.now_ms < until_ms {
        return Verdict::HandingOver(until_ms);
    }
    heir(evidence, reign)
}

/// The incumbent says that it is master; other servers may say so too.
fn contest(evidence: &Evidence, reign: &Reign, incumbent: &Witness, is_start: bool) -> Verdict {
    let own = evidence.support(incumbent);
    if is_start && own == (0, 0) && evidence.is_early() {
        // The replicas that are not heard yet may follow another server.
        return Verdict::Vacant;
    }
    let is_rival = |it: &&Witness| {
        if it.id == incumbent.id || reign.is_overruled(it) {
            return false;
        }
        // Servers before Redis 4 tell no history, and before the first judgement none is known:
        // the replicas decide.
        let is_dark = it.replid().is_empty() || incumbent.replid().is_empty();
        reign.continues(it, incumbent) && !reign.descends(incumbent.replid(), it.replid())
            || (is_dark || is_start) && evidence.support(it) > own
    };
    let best = match strongest(evidence, evidence.claimants().filter(is_rival)) {
        Strongest::None => return Verdict::Master(incumbent.id),
        Strongest::One(best) => best,
        Strongest::Several(one, other)
            if evidence.support(one) >= own && evidence.is_confirmed(incumbent, one) =>
        {
            return undecided(one, other);
        }
        Strongest::Several(..) => return Verdict::Master(incumbent.id),
    };
    if !is_start && !evidence.is_confirmed(incumbent, best) {
        return Verdict::Master(incumbent.id);
    }
    let has_followers = evidence.followers(best).next().is_some();
    if evidence.is_silent(incumbent) && (has_followers || !reign.has_parted(best)) {
        return Verdict::Master(best.id);
    }
    match evidence.support(best).cmp(&own) {
        std::cmp::Ordering::Greater => Verdict::Master(best.id),
        std::cmp::Ordering::Equal if has_followers || !reign.has_parted(best) => {
            undecided(incumbent, best)
        }
        std::cmp::Ordering::Less if is_failover(evidence, best) => undecided(incumbent, best),
        _ => Verdict::Master(incumbent.id),
    }
}

/// Whether `claimant` was promoted just now the way a failover does it.
fn is_failover(evidence: &Evidence, claimant: &Witness) -> bool {
    claimant
        .promotion
        .is_some_and(|it| it.severed && evidence.now_ms.saturating_sub(it.at_ms) < FAILOVER_MS)
}

/// The last master is gone, or is no master any more: the claimant that has its data.
fn heir(evidence: &Evidence, reign: &Reign) -> Verdict {
    let histories = evidence.histories(reign);
    let replicas = evidence.servers.iter().filter(|it| !it.is_echo && it.follows().is_some());
    let replicas = replicas.count();
    // Before the first judgement nothing tells when it parted but what the replicas have.
    let is_old = |it: &Witness| {
        let said = it.answer();
        let parted_at = said.and_then(|said| said.second_offset);
        reign.master().is_none()
            && evidence.servers.iter().any(|other| {
                let is_of = said.is_some_and(|said| said.replid2 == other.replid());
                is_of && other.follows().is_some() && other.offset >= parted_at
            })
    };
    let is_heir = |it: &&Witness| {
        let (followers, strangers) = evidence.support(it);
        let continues = histories.iter().any(|history| reign.descends(it.replid(), history));
        histories.is_empty()
            || it.replid().is_empty()
            || continues && (followers + strangers > 0 || !reign.has_parted(it) && !is_old(it))
            || followers * 2 > replicas
    };
    match strongest(evidence, evidence.claimants().filter(is_heir)) {
        Strongest::None => Verdict::Vacant,
        Strongest::One(heir) => Verdict::Master(heir.id),
        Strongest::Several(one, other) => undecided(one, other),
    }
}

/// The claimants with the most support.
enum Strongest<'e> {
    None,
    One(&'e Witness),
    Several(&'e Witness, &'e Witness),
}

fn strongest<'e>(
    evidence: &Evidence,
    claimants: impl Iterator<Item = &'e Witness>,
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

fn undecided(one: &Witness, other: &Witness) -> Verdict {
    let (one, other) = ((&one.addr).min(&other.addr), (&one.addr).max(&other.addr));
    Verdict::Undecided(format!(
        "{one} and {other} both say that they are the master, and no majority of the replicas \
         follows either"
    ))
}
