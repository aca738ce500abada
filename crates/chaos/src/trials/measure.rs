//! From a history to the figures of a run.

use std::collections::BTreeMap;

use super::record::{BUCKET, Event, Pace, Record};
use super::scene::Trial;
use crate::history::{Action, History, Micros, Operation, Outcome, SECOND, Sample};
use crate::roles::{Roles, Succession};
use crate::stand::clock::Clock;
use crate::stand::watch::Message;
use crate::verdict::Verdict;

/// `writes.failover-hold`, which the trials leave as it is.
const FAILOVER_HOLD: Micros = 10 * SECOND;

/// What was seen besides the history.
pub(super) struct Seen<'s> {
    pub(super) messages: &'s [Message],
    /// The proxy's.
    pub(super) log: &'s str,
    pub(super) clock: Clock,
    /// When the clients were told to end.
    pub(super) end: Micros,
}

pub(super) fn measure(
    trial: Trial,
    history: &History,
    verdict: &Verdict,
    seen: Seen<'_>,
    (fault, old): (Micros, usize),
) -> Record {
    let roles = Roles::of(&history.samples);
    let mut acknowledged: Vec<_> = history.operations.iter().filter(|it| is_write(it)).collect();
    acknowledged.sort_by_key(|it| it.ended);
    let (reached_old, last_on_old) = on_old(history, &roles, (fault, old));
    let mut broken = BTreeMap::new();
    for violation in &verdict.violations {
        *broken.entry(violation.rule).or_default() += 1;
    }
    // An EXEC that finds its key changed is the outcome of a race, not an error.
    let mut errors = verdict.errors.clone();
    errors.retain(|(_, code), _| code != "aborted");
    Record {
        trial,
        pace: pace(&roles, (fault, old)),
        program: String::new(),
        server: String::new(),
        seed: 0,
        discovers: false,
        fault,
        acknowledged: verdict.acknowledged,
        lost: verdict.lost() + verdict.lost_unexplained,
        twice: verdict.twice,
        errors,
        waits: waits(&history.operations),
        gap: gap(&acknowledged, (fault, seen.end)),
        switches: switches(seen.messages, fault),
        reached_old,
        last_on_old,
        stale_reads: broken.get("no stale read").copied().unwrap_or(0),
        broken,
        examples: {
            let broken = verdict.violations.iter().take(3).map(ToString::to_string);
            verdict.losses.iter().take(3).cloned().chain(broken).collect()
        },
        acknowledged_per_bucket: buckets(&acknowledged),
        events: events(&seen, &history.samples),
    }
}

/// `old` is the master before the fault. Sentinels that are late themselves may make a second
/// failover at once: then the last one counts.
fn pace(roles: &Roles, (fault, old): (Micros, usize)) -> Pace {
    let is_later = |it: &&Succession| it.to != old && it.established >= fault;
    match roles.successions.iter().rfind(is_later) {
        None => Pace::Never,
        Some(it) if it.established - fault > FAILOVER_HOLD => Pace::Late,
        Some(_) => Pace::InTime,
    }
}

fn is_write(operation: &Operation) -> bool {
    let is_pop = matches!(operation.action, Action::Pop { .. });
    operation.outcome.is_done() && operation.action.writes() && !is_pop
}

/// By client; a pop waits for an element, which says nothing.
fn waits(operations: &[Operation]) -> BTreeMap<usize, Micros> {
    let mut waits = BTreeMap::new();
    for it in operations.iter().filter(|it| !matches!(it.action, Action::Pop { .. })) {
        let wait = waits.entry(it.client).or_insert(0);
        *wait = it.ended.saturating_sub(it.begun).max(*wait);
    }
    waits
}

fn gap(acknowledged: &[&Operation], (fault, end): (Micros, Micros)) -> (Micros, Micros) {
    let ends = acknowledged.iter().map(|it| it.ended).filter(|at| (fault..=end).contains(at));
    let ends: Vec<_> = std::iter::once(fault).chain(ends).collect();
    let longest = ends.windows(2).max_by_key(|pair| pair[1] - pair[0]);
    longest.map_or((fault, fault), |pair| (pair[0], pair[1]))
}

/// The first and the second Sentinel's.
fn switches(messages: &[Message], fault: Micros) -> Option<(Micros, Micros)> {
    let mut by_sentinel = BTreeMap::new();
    for it in messages.iter().filter(|it| it.at >= fault && it.channel == "+switch-master") {
        by_sentinel.entry(it.sentinel).or_insert(it.at);
    }
    let mut times: Vec<_> = by_sentinel.into_values().collect();
    times.sort_unstable();
    Some((*times.first()?, *times.get(1)?))
}

/// What the old master ran: writes that were sent after its successor was established, and the last
/// one that was acknowledged.
fn on_old(
    history: &History,
    roles: &Roles,
    (fault, old): (Micros, usize),
) -> (u64, Option<Micros>) {
    let by_tag: BTreeMap<_, _> =
        history.operations.iter().filter_map(|it| Some((it.action.tag()?, it))).collect();
    let ran = history.executions.iter().filter(|it| it.server == old && it.at >= fault);
    let ran: Vec<_> = ran.filter_map(|it| by_tag.get(&it.tag).map(|sent| (it, sent))).collect();
    let late = |(it, sent): &&(_, &&Operation)| {
        let it: &&crate::history::Execution = it;
        roles.deposed(old, sent.begun).is_some() && roles.deposed(old, it.at).is_some()
    };
    let reached = ran.iter().filter(late).count() as u64;
    let acknowledged = ran.iter().filter(|(_, sent)| matches!(sent.outcome, Outcome::Done(_)));
    // A master that comes back as the master may be written to again.
    let last = acknowledged.filter(|(it, _)| roles.established(it.at).is_none_or(|s| s.to != old));
    (reached, last.map(|(_, sent)| sent.ended).max())
}

fn buckets(acknowledged: &[&Operation]) -> Vec<u32> {
    let mut buckets = Vec::new();
    for it in acknowledged {
        let n = usize::try_from(it.ended / BUCKET).unwrap();
        if buckets.len() <= n {
            buckets.resize(n + 1, 0);
        }
        buckets[n] += 1;
    }
    buckets
}

/// Sentinels' messages, changes of roles, and the proxy's log, in their order.
fn events(seen: &Seen<'_>, samples: &[Sample]) -> Vec<Event> {
    let mut events = Vec::new();
    for it in seen.messages {
        let source = format!("sentinel {}", it.sentinel);
        events.push(Event { at: it.at, source, text: format!("{} {}", it.channel, it.text) });
    }
    let mut roles = BTreeMap::new();
    let mut samples: Vec<_> = samples.iter().collect();
    samples.sort_by_key(|it| it.at);
    for it in samples {
        let role = if it.is_master { "master" } else { "replica" };
        if roles.insert(it.server, role).is_some_and(|before| before != role) {
            let source = format!("server {}", it.server);
            events.push(Event { at: it.at, source, text: format!("is a {role}") });
        }
    }
    for line in seen.log.lines() {
        let Some((time, text)) = line.split_once(' ') else { continue };
        if let Some(wall) = wall_micros(time) {
            let (source, text) = ("proxy".to_owned(), text.trim().to_owned());
            events.push(Event { at: seen.clock.of_wall(wall), source, text });
        }
    }
    events.sort_by_key(|it| it.at);
    events
}

/// Microseconds since 1970 of a time like `2026-11-29T16:27:28.029846Z`.
fn wall_micros(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(str::parse::<u64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (time.next()?.parse::<u64>().ok()?, time.next()?.parse::<u64>().ok()?);
    let (second, fraction) = time.next()?.split_once('.')?;
    let (second, micros) =
        (second.parse::<u64>().ok()?, format!("{fraction:0<6}").parse::<u64>().ok()?);
    // Days by the civil calendar: years begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    let days = days.checked_sub(719_469)?;
    let seconds = (days * 24 + hour) * 3_600 + minute * 60 + second;
    Some(seconds * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failover_is_over_when_the_new_master_has_a_replica() {
        let roles = |established: &[Micros]| {
            let succession = |(n, at): (usize, &Micros)| Succession {
                from: Some(0),
                history: String::new(),
                to: n,
                before: 0,
                seen: 0,
                established: *at * SECOND,
                had: 0,
                kept_until: None,
            };
            let mut roles = Roles::default();
            roles.successions = established.iter().enumerate().map(succession).collect();
            roles
        };
        let pace = |established| pace(&roles(established), (5 * SECOND, 0));
        assert_eq!(pace(&[]), Pace::Never);
        assert_eq!(pace(&[7, 4]), Pace::Never, "the old one leads again, the other did before");
        assert_eq!(pace(&[7, 15]), Pace::InTime);
        assert_eq!(pace(&[7, 16]), Pace::Late);
        assert_eq!(pace(&[7, 8, 16]), Pace::Late, "a second failover");
    }

    #[test]
    fn a_time_of_the_log_is_read() {
        assert_eq!(wall_micros("1970-01-01T00:00:00.000000Z"), Some(0));
        assert_eq!(wall_micros("2000-03-01T00:00:01.500000Z"), Some(951_868_801_500_000));
        assert_eq!(wall_micros("2026-11-29T16:27:28.029846Z"), Some(1_795_969_648_029_846));
        assert_eq!(wall_micros("panicked"), None);
    }
}
