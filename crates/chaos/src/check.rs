//! The checker: a history in, violations out. It runs nothing and reads no clock.

mod lists;
mod losses;
mod messages;
mod numbers;
mod placement;
mod queues;
#[cfg(test)]
mod tests;
mod values;

use self::lists::Appends;
use self::losses::Losses;
use crate::history::{History, Operation, Outcome};
use crate::roles::Roles;
use crate::verdict::{Rules, Verdict, show};

/// Checks a whole run.
pub fn check(history: &History, rules: &Rules) -> Verdict {
    let roles = Roles::of(&history.samples);
    let losses = Losses::new(history, &roles, *rules);
    let (operations, finals) = (&history.operations, &history.finals);
    let mut verdict = count(operations);
    Appends::new(operations).check(finals, &losses, &mut verdict);
    queues::check(operations, finals, &losses, &mut verdict);
    numbers::check(operations, finals, &losses, &mut verdict);
    values::check(operations, finals, &losses, rules, &mut verdict);
    messages::check(history, &mut verdict);
    placement::check(history, &roles, rules, &mut verdict);
    verdict
}

/// What clients were told, for a run whose data cannot be read at its end.
pub fn count(operations: &[Operation]) -> Verdict {
    let mut verdict = Verdict::default();
    for operation in operations {
        if let Outcome::Wrong(_) = operation.outcome {
            verdict.violate("one right reply per request", show(operation));
        }
        if operation.outcome.is_done() {
            verdict.acknowledged += u64::from(operation.action.writes());
        } else {
            let code = operation.outcome.word().to_owned();
            *verdict.errors.entry((operation.kind, code)).or_default() += 1;
        }
    }
    verdict
}
