//! Pub/Sub: each publisher's messages in order, none twice, none missing while all is well.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Action, History, Micros, Operation, SECOND};
use crate::verdict::{Verdict, show};

/// How long before and after a fault messages may be missing.
const AROUND: Micros = 2 * SECOND;

pub(super) fn check(history: &History, verdict: &mut Verdict) {
    let mut published = BTreeMap::<&str, BTreeMap<u64, &Operation>>::new();
    for operation in &history.operations {
        if let Action::Publish { channel, number } = &operation.action {
            published.entry(channel).or_default().insert(*number, operation);
        }
    }
    let mut streams = BTreeMap::<(usize, u32, &str), Vec<u64>>::new();
    let mut seen = BTreeSet::new();
    for it in &history.receptions {
        if !seen.insert((it.subscriber, &*it.channel, it.number)) {
            let text =
                format!("subscriber {} got {} {} twice", it.subscriber, it.channel, it.number);
            verdict.violate("no message twice", text);
        }
        if published.get(&*it.channel).is_none_or(|it2| !it2.contains_key(&it.number)) {
            let text = format!("{} {} was never published", it.channel, it.number);
            verdict.violate("no reply crossed", text);
        }
        streams.entry((it.subscriber, it.session, &it.channel)).or_default().push(it.number);
    }
    for ((subscriber, _, channel), numbers) in streams {
        let Some(published) = published.get(channel) else { continue };
        for pair in numbers.windows(2) {
            if pair[1] <= pair[0] {
                let text = format!("subscriber {subscriber}, {channel}: {pair:?}");
                verdict.violate("a publisher's order", text);
                continue;
            }
            for (_, operation) in published.range(pair[0] + 1..pair[1]) {
                miss(history, subscriber, operation, verdict);
            }
        }
    }
}

fn miss(history: &History, subscriber: usize, operation: &Operation, verdict: &mut Verdict) {
    if !operation.outcome.is_done() {
        return;
    }
    verdict.missed_messages += 1;
    let (from, until) = (operation.begun.saturating_sub(AROUND), operation.ended + AROUND);
    if !history.disturbances.iter().any(|it| it.overlaps(from, until)) {
        let text = format!("subscriber {subscriber} missed {}", show(operation));
        verdict.violate("no message missing while all is well", text);
    }
}
