//! Values with versions: reads return the right key's value, neither old nor from the future.

use std::collections::BTreeMap;

use super::losses::Losses;
use crate::history::{Action, Answer, Finals, Operation, Outcome};
use crate::verdict::{Rules, Verdict, show};

pub(super) fn check(
    operations: &[Operation],
    finals: &Finals,
    losses: &Losses<'_>,
    rules: &Rules,
    verdict: &mut Verdict,
) {
    let mut keys = BTreeMap::<&str, (Vec<&Operation>, Vec<&Operation>)>::new();
    for operation in operations {
        match &operation.action {
            Action::Write { key, .. } => keys.entry(key).or_default().0.push(operation),
            Action::Read { key } => keys.entry(key).or_default().1.push(operation),
            _ => {}
        }
    }
    for (key, (mut writes, reads)) in keys {
        writes.sort_by_key(|it| it.action.tag());
        check_final(key, &writes, finals.versions.get(key).copied(), losses, verdict);
        for read in reads {
            check_read(&writes, read, losses, rules, verdict);
        }
    }
}

fn check_final(
    key: &str,
    writes: &[&Operation],
    last: Option<u64>,
    losses: &Losses<'_>,
    verdict: &mut Verdict,
) {
    let of = |version| writes.iter().find(|it| it.action.tag() == Some(version));
    match last.map(|version| (version, of(version))) {
        Some((version, None)) => {
            verdict.violate("no reply crossed", format!("{key} has version {version}, never sent"));
        }
        Some((_, Some(write))) if matches!(write.outcome, Outcome::Refused(_)) => {
            verdict.violate("refused is not done", show(write));
        }
        // A request of unknown outcome may have been run last.
        Some((_, Some(write))) if !write.outcome.is_done() => {}
        _ => {
            let newer = writes.iter().filter(|it| it.action.tag() > last);
            for write in newer.filter(|it| it.outcome.is_done()) {
                losses.count(write, &format!("{key} has version {last:?}, lost"), verdict);
            }
        }
    }
}

fn check_read(
    writes: &[&Operation],
    read: &Operation,
    losses: &Losses<'_>,
    rules: &Rules,
    verdict: &mut Verdict,
) {
    let Outcome::Done(Answer::Version(version)) = read.outcome else { return };
    if let Some(version) = version {
        let Some(write) = writes.iter().find(|it| it.action.tag() == Some(version)) else {
            verdict.violate("no reply crossed", format!("no such version: {}", show(read)));
            return;
        };
        if matches!(write.outcome, Outcome::Refused(_)) {
            verdict.violate("refused is not done", format!("{} read {}", show(read), show(write)));
        }
        if write.begun > read.ended {
            let text = format!("read before it was sent: {}, {}", show(read), show(write));
            verdict.violate("no reply crossed", text);
        }
    }
    let due = |it: &&&Operation| it.outcome.is_done() && it.ended + rules.stale_after < read.begun;
    let Some(newest) = writes.iter().rev().find(due) else { return };
    // A late request of unknown outcome may have put an older version back.
    let put_back = version.is_some_and(|version| {
        let of = writes.iter().find(|it| it.action.tag() == Some(version));
        of.is_some_and(|it| matches!(it.outcome, Outcome::Unknown(_)))
    });
    if version < newest.action.tag() && !put_back && !losses.excuses(newest) {
        let text = format!("{} is older than {}", show(read), show(newest));
        verdict.violate("no stale read", text);
    }
}
