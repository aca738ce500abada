//! Numbers: increments of one client each, and compare-and-swap of several clients.

use std::collections::BTreeMap;

use super::losses::Losses;
use crate::history::{Action, Answer, Finals, Operation, Outcome};
use crate::verdict::{Verdict, show};

pub(super) fn check(
    operations: &[Operation],
    finals: &Finals,
    losses: &Losses<'_>,
    verdict: &mut Verdict,
) {
    let mut counters = BTreeMap::<&str, Vec<&Operation>>::new();
    let mut swaps = BTreeMap::<&str, Vec<&Operation>>::new();
    for operation in operations {
        match &operation.action {
            Action::Increment { key } => counters.entry(key).or_default().push(operation),
            Action::Swap { key, .. } => swaps.entry(key).or_default().push(operation),
            _ => {}
        }
    }
    for (key, operations) in counters {
        let last = finals.numbers.get(key).copied().unwrap_or(0);
        increments(key, &operations, last, losses, verdict);
    }
    for (key, operations) in swaps {
        let last = finals.numbers.get(key).copied().unwrap_or(0);
        compare_and_swap(key, &operations, last, losses, verdict);
    }
}

fn count(operations: &[&Operation], is: impl Fn(&Outcome) -> bool) -> i64 {
    let count = operations.iter().filter(|it| is(&it.outcome)).count();
    i64::try_from(count).unwrap()
}

fn increments(
    key: &str,
    operations: &[&Operation],
    last: i64,
    losses: &Losses<'_>,
    verdict: &mut Verdict,
) {
    let acknowledged = count(operations, Outcome::is_done);
    let unknown = count(operations, |it| matches!(it, Outcome::Unknown(_)));
    if last > acknowledged + unknown {
        let extra = last - acknowledged - unknown;
        verdict.twice += u64::try_from(extra).unwrap();
        let text = format!("{key} is {last}: {acknowledged} acknowledged, {unknown} unknown");
        verdict.violate("acknowledged exactly once", text);
    }
    // Which ones are lost cannot be told: those that a failover explains first.
    let mut lost = usize::try_from((acknowledged - last).max(0)).unwrap();
    if lost > 0 {
        let mut done: Vec<_> = operations.iter().filter(|it| it.outcome.is_done()).collect();
        done.sort_by_key(|it| !losses.excuses(it));
        for operation in done {
            if lost == 0 {
                break;
            }
            losses.count(operation, &format!("{key} is {last}, lost"), verdict);
            lost -= 1;
        }
    }
    let mut before: Option<(&Operation, i64)> = None;
    let mut between = 0;
    for operation in operations {
        let Outcome::Done(Answer::Number(value)) = operation.outcome else {
            between += i64::from(matches!(operation.outcome, Outcome::Unknown(_)));
            continue;
        };
        if let Some((earlier, old)) = before {
            let grown = value - old;
            // A failover takes increments back; nothing adds more than what was asked for.
            let may_shrink = losses.excuses(earlier);
            if (grown < 1 && !may_shrink) || grown > 1 + between {
                let text = format!("{} then {}", show(earlier), show(operation));
                verdict.violate("replies in order", text);
            }
        }
        // A request of unknown outcome may be run later than those behind it.
        before = Some((operation, value));
    }
}

fn compare_and_swap(
    key: &str,
    operations: &[&Operation],
    last: i64,
    losses: &Losses<'_>,
    verdict: &mut Verdict,
) {
    let mut winners = BTreeMap::<i64, Vec<&Operation>>::new();
    for operation in operations.iter().filter(|it| it.outcome.is_done()) {
        let Action::Swap { from, .. } = operation.action else { continue };
        winners.entry(from).or_default().push(operation);
    }
    for operations in winners.values_mut().filter(|it| it.len() > 1) {
        operations.sort_by_key(|it| !losses.excuses(it));
        let undone = operations.len() - 1;
        for operation in &operations[..undone] {
            losses.count(operation, &format!("{key}: replaced twice from one number"), verdict);
        }
    }
    for operations in winners.range(last..).map(|(_, operations)| operations) {
        losses.count(operations.last().unwrap(), &format!("{key} is {last}, lost"), verdict);
    }
}
