//! Queues: an element goes to one client at most, and none vanishes.

use std::collections::{BTreeMap, BTreeSet};

use super::losses::Losses;
use crate::history::{Action, Answer, Finals, Operation, Outcome};
use crate::verdict::{Verdict, show};

/// What happened to one queue.
#[derive(Debug, Default)]
struct Queue<'h> {
    pushed: BTreeMap<u64, &'h Operation>,
    taken: BTreeMap<u64, Vec<&'h Operation>>,
    /// Pops that may have taken an element that no client got.
    unknown: usize,
}

pub(super) fn check(
    operations: &[Operation],
    finals: &Finals,
    losses: &Losses<'_>,
    verdict: &mut Verdict,
) {
    let mut queues = BTreeMap::<&str, Queue<'_>>::new();
    for operation in operations {
        let Action::Pop { queue } = &operation.action else { continue };
        let queue = queues.entry(queue).or_default();
        match operation.outcome {
            Outcome::Done(Answer::Element(Some(tag))) => {
                queue.taken.entry(tag).or_default().push(operation);
            }
            Outcome::Unknown(_) => queue.unknown += 1,
            _ => {}
        }
    }
    for operation in operations {
        let Action::Append { lists, tag } = &operation.action else { continue };
        for list in lists {
            if let Some(queue) = queues.get_mut(&**list) {
                queue.pushed.insert(*tag, operation);
            }
        }
    }
    let nothing = Vec::new();
    for (name, queue) in &queues {
        let left = finals.lists.get(*name).unwrap_or(&nothing);
        queue.check(name, &left.iter().copied().collect(), losses, verdict);
    }
}

impl Queue<'_> {
    fn check(&self, name: &str, left: &BTreeSet<u64>, losses: &Losses<'_>, verdict: &mut Verdict) {
        for (tag, pops) in &self.taken {
            if !self.pushed.contains_key(tag) {
                let text = format!("{name}: no client pushed it: {}", show(pops[0]));
                verdict.violate("no reply crossed", text);
            }
            if let Some(push) = self.pushed.get(tag)
                && matches!(push.outcome, Outcome::Refused(_))
            {
                verdict.violate("refused is not done", format!("{name} delivered {}", show(push)));
            }
            self.check_taken(name, pops, left.contains(tag), losses, verdict);
        }
        let is_missing = |(tag, push): &(&u64, &&Operation)| {
            push.outcome.is_done() && !self.taken.contains_key(tag) && !left.contains(tag)
        };
        let missing: Vec<_> =
            self.pushed.iter().filter(is_missing).map(|(_, push)| *push).collect();
        // Each pop of unknown outcome may have taken one of them. Those that a failover explains
        // come last, because they need no such pop.
        let (excused, others): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|push| losses.excuses(push));
        for push in others.iter().chain(&excused).skip(self.unknown) {
            losses.count(push, &format!("{name}: neither delivered nor left"), verdict);
        }
    }

    /// A pop that a failover has undone is a lost write: its element is there again.
    fn check_taken(
        &self,
        name: &str,
        pops: &[&Operation],
        is_left: bool,
        losses: &Losses<'_>,
        verdict: &mut Verdict,
    ) {
        let undone = pops.len() - usize::from(!is_left);
        let mut by_excuse: Vec<_> = pops.to_vec();
        by_excuse.sort_by_key(|pop| !losses.excuses(pop));
        for pop in by_excuse.into_iter().take(undone) {
            let what = if is_left { "delivered and left" } else { "delivered twice" };
            losses.count(pop, &format!("{name}: {what}"), verdict);
        }
    }
}
