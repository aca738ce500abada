//! Lists that clients append tags to: each acknowledged tag once, in the client's order.

use std::collections::{BTreeMap, BTreeSet};

use super::losses::Losses;
use crate::history::{Action, Answer, Finals, Operation, Outcome};
use crate::verdict::{Verdict, show};

/// The appends of a run, by tag.
#[derive(Debug, Default)]
pub(super) struct Appends<'h> {
    by_tag: BTreeMap<u64, &'h Operation>,
    /// The lists that are queues: elements are taken from them.
    queues: BTreeSet<&'h str>,
}

impl<'h> Appends<'h> {
    pub(super) fn new(operations: &'h [Operation]) -> Self {
        let mut it = Self::default();
        for operation in operations {
            match &operation.action {
                Action::Append { tag, .. } => {
                    it.by_tag.insert(*tag, operation);
                }
                Action::Pop { queue } => {
                    it.queues.insert(queue);
                }
                _ => {}
            }
        }
        it
    }

    pub(super) fn check(&self, finals: &Finals, losses: &Losses<'_>, verdict: &mut Verdict) {
        let mut found = BTreeMap::<u64, BTreeMap<&str, u32>>::new();
        for (list, tags) in &finals.lists {
            for tag in tags {
                *found.entry(*tag).or_default().entry(list).or_default() += 1;
            }
            self.check_order(list, tags, verdict);
        }
        for tag in found.keys().filter(|tag| !self.by_tag.contains_key(*tag)) {
            verdict.violate("acknowledged exactly once", format!("no client sent the tag {tag}"));
        }
        for (tag, operation) in &self.by_tag {
            let nothing = BTreeMap::new();
            self.check_tag(operation, found.get(tag).unwrap_or(&nothing), losses, verdict);
        }
        self.check_lengths(losses, verdict);
    }

    fn check_tag(
        &self,
        operation: &Operation,
        found: &BTreeMap<&str, u32>,
        losses: &Losses<'_>,
        verdict: &mut Verdict,
    ) {
        let Action::Append { lists, .. } = &operation.action else { return };
        if found.values().any(|count| *count > 1) {
            verdict.twice += 1;
            verdict.violate("acknowledged exactly once", format!("twice: {}", show(operation)));
        }
        let stray = found.keys().find(|list| !lists.iter().any(|it| it == *list));
        if let Some(list) = stray {
            verdict.violate("no reply crossed", format!("in {list}: {}", show(operation)));
        }
        // What was taken from a queue is looked at elsewhere.
        if lists.iter().any(|list| self.queues.contains(&**list)) {
            if matches!(operation.outcome, Outcome::Refused(_)) && !found.is_empty() {
                verdict.violate("refused is not done", show(operation));
            }
            return;
        }
        if !found.is_empty() && found.len() < lists.len() {
            verdict.violate("all or nothing", format!("in {found:?} only: {}", show(operation)));
        }
        match &operation.outcome {
            Outcome::Done(_) if found.is_empty() => losses.count(operation, "lost", verdict),
            Outcome::Refused(_) if !found.is_empty() => {
                verdict.violate("refused is not done", show(operation));
            }
            _ => {}
        }
    }

    /// One client sends its appends to a list one after the other.
    fn check_order(&self, list: &str, tags: &[u64], verdict: &mut Verdict) {
        let acknowledged = tags.iter().filter_map(|tag| self.by_tag.get(tag));
        let mut latest = BTreeMap::<usize, &Operation>::new();
        for operation in acknowledged.filter(|it| it.outcome.is_done()) {
            let before = latest.insert(operation.client, operation);
            if let Some(before) = before.filter(|it| it.action.tag() > operation.action.tag()) {
                let text = format!("{list} has {} before {}", show(before), show(operation));
                verdict.violate("a client's order", text);
            }
        }
    }

    /// The length that RPUSH answers grows, unless a failover has undone pushes.
    fn check_lengths(&self, losses: &Losses<'_>, verdict: &mut Verdict) {
        let mut latest = BTreeMap::<(usize, &str), (&Operation, i64)>::new();
        for operation in self.by_tag.values() {
            let Action::Append { lists, .. } = &operation.action else { continue };
            let [list] = &lists[..] else { continue };
            let Outcome::Done(Answer::Number(length)) = operation.outcome else { continue };
            if self.queues.contains(&**list) {
                continue;
            }
            let before = latest.insert((operation.client, list), (operation, length));
            let Some((before, shorter)) = before else { continue };
            if shorter >= length && !losses.excuses(before) {
                let text = format!("{} then {}", show(before), show(operation));
                verdict.violate("replies in order", text);
            }
        }
    }
}
