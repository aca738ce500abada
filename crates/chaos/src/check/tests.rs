//! Histories that break each rule, and their lawful neighbours: the checker can fail.

use super::check;
use crate::history::{
    Action, Answer, Disturbance, Execution, History, MILLISECOND, Micros, Operation, Outcome,
    Reception, SECOND, Sample,
};
use crate::verdict::{Rules, Verdict};

fn ms(n: u64) -> Micros {
    n * MILLISECOND
}

fn operation(at: u64, action: Action, outcome: Outcome) -> Operation {
    Operation { client: 1, kind: "test", begun: ms(at), ended: ms(at + 1), action, outcome }
}

fn done(answer: Answer) -> Outcome {
    Outcome::Done(answer)
}

fn number(n: i64) -> Outcome {
    done(Answer::Number(n))
}

fn unknown() -> Outcome {
    Outcome::Unknown("INDOUBT".to_owned())
}

fn refused() -> Outcome {
    Outcome::Refused("MASTERDOWN".to_owned())
}

fn append(at: u64, tag: u64, outcome: Outcome) -> Operation {
    operation(at, Action::Append { lists: vec!["log:1".to_owned()], tag }, outcome)
}

fn both(at: u64, tag: u64, outcome: Outcome) -> Operation {
    let lists = vec!["left:1".to_owned(), "right:1".to_owned()];
    operation(at, Action::Append { lists, tag }, outcome)
}

fn push(at: u64, tag: u64, outcome: Outcome) -> Operation {
    operation(at, Action::Append { lists: vec!["queue".to_owned()], tag }, outcome)
}

fn pop(at: u64, outcome: Outcome) -> Operation {
    operation(at, Action::Pop { queue: "queue".to_owned() }, outcome)
}

fn taken(tag: u64) -> Outcome {
    done(Answer::Element(Some(tag)))
}

fn write(at: u64, version: u64, outcome: Outcome) -> Operation {
    operation(at, Action::Write { key: "value:1".to_owned(), version }, outcome)
}

fn read(at: u64, version: Option<u64>) -> Operation {
    let action = Action::Read { key: "value:1".to_owned() };
    operation(at, action, done(Answer::Version(version)))
}

fn history(operations: Vec<Operation>, lists: &[(&str, &[u64])]) -> History {
    let mut it = History { operations, ..History::default() };
    it.finals.lists = lists.iter().map(|(k, v)| ((*k).to_owned(), v.to_vec())).collect();
    it
}

/// Server 0 leads until server 1 is promoted at 1000 ms, which has a follower at 1100 ms. Offsets
/// grow by one in a millisecond; server 1 was promoted with what there was at 900 ms.
fn with_failover(mut history: History) -> History {
    for n in 0..100u64 {
        let (at, offset) = (ms(n * 50), i64::try_from(n * 50).unwrap());
        let replid = |server: usize| format!("history{server}");
        let is_new = n >= 20;
        history.samples.push(Sample {
            at,
            server: 0,
            is_master: true,
            replid: replid(0),
            offset,
            followers: 1,
            ..Sample::default()
        });
        history.samples.push(Sample {
            at,
            server: 1,
            is_master: is_new,
            replid: replid(usize::from(is_new)),
            replid2: if is_new { replid(0) } else { String::new() },
            offset: if is_new { offset } else { offset.min(900) },
            second_offset: if is_new { 900 } else { -1 },
            followers: u32::from(n >= 22),
        });
        let replid = replid(usize::from(is_new));
        history.samples.push(Sample { at, server: 2, replid, offset, ..Sample::default() });
    }
    history
}

#[track_caller]
fn breaks(rule: &str, history: &History) -> Verdict {
    let verdict = check(history, &Rules::default());
    let rules: Vec<_> = verdict.violations.iter().map(|it| it.rule).collect();
    assert!(!rules.is_empty() && rules.iter().all(|it| *it == rule), "{:#?}", verdict.violations);
    verdict
}

#[track_caller]
fn keeps(history: &History) -> Verdict {
    let verdict = check(history, &Rules::default());
    assert!(verdict.violations.is_empty(), "{:#?}", verdict.violations);
    verdict
}

const ONCE: &str = "acknowledged exactly once";

#[test]
fn an_acknowledged_append_is_there_once() {
    let one = || vec![append(10, 1, number(1))];
    keeps(&history(one(), &[("log:1", &[1])]));
    breaks(ONCE, &history(one(), &[]));
    assert_eq!(breaks(ONCE, &history(one(), &[("log:1", &[1, 1])])).twice, 1);
    breaks(ONCE, &history(one(), &[("log:1", &[1, 2])]));
}

#[test]
fn an_append_of_unknown_outcome_is_there_once_or_not_at_all() {
    let one = || vec![append(10, 1, unknown())];
    keeps(&history(one(), &[]));
    keeps(&history(one(), &[("log:1", &[1])]));
    breaks(ONCE, &history(one(), &[("log:1", &[1, 1])]));
}

#[test]
fn a_refused_append_is_not_there() {
    let one = || vec![append(10, 1, refused())];
    keeps(&history(one(), &[]));
    breaks("refused is not done", &history(one(), &[("log:1", &[1])]));
    let queue = vec![push(10, 1, refused()), pop(20, done(Answer::Element(None)))];
    breaks("refused is not done", &history(queue, &[("queue", &[1])]));
    let read = vec![write(10, 1, refused()), read(20, Some(1))];
    breaks("refused is not done", &history(read, &[]));
}

#[test]
fn appends_keep_their_clients_order() {
    let two = vec![append(10, 1, number(1)), append(20, 2, number(2))];
    keeps(&history(two.clone(), &[("log:1", &[1, 2])]));
    breaks("a client's order", &history(two, &[("log:1", &[2, 1])]));
    let crossed = vec![append(10, 1, number(2)), append(20, 2, number(1))];
    breaks("replies in order", &history(crossed, &[("log:1", &[1, 2])]));
}

#[test]
fn a_transaction_is_done_as_a_whole() {
    for outcome in [done(Answer::Nothing), unknown()] {
        let one = || vec![both(10, 1, outcome.clone())];
        keeps(&history(one(), &[("left:1", &[1]), ("right:1", &[1])]));
        breaks("all or nothing", &history(one(), &[("left:1", &[1])]));
    }
}

#[test]
fn an_element_goes_to_one_client() {
    let one = || vec![push(10, 1, number(1)), pop(20, taken(1))];
    keeps(&history(one(), &[]));
    breaks(ONCE, &history(one(), &[("queue", &[1])]));
    let twice = [one(), vec![pop(30, taken(1))]].concat();
    breaks(ONCE, &history(twice, &[]));
    breaks("no reply crossed", &history(vec![pop(20, taken(7))], &[]));
}

#[test]
fn an_element_that_vanished_needs_a_pop_of_unknown_outcome() {
    let lost = |outcome| vec![push(10, 1, number(1)), pop(20, outcome)];
    keeps(&history(lost(unknown()), &[]));
    breaks(ONCE, &history(lost(refused()), &[]));
}

#[test]
fn a_counter_is_what_was_acknowledged() {
    let increment = |at, outcome| operation(at, Action::Increment { key: "c".to_owned() }, outcome);
    let with = |operations, last| {
        let mut it = history(operations, &[]);
        it.finals.numbers.insert("c".to_owned(), last);
        it
    };
    let two = || vec![increment(10, number(1)), increment(20, number(2))];
    keeps(&with(two(), 2));
    assert_eq!(breaks(ONCE, &with(two(), 3)).twice, 1);
    breaks(ONCE, &with(two(), 1));
    keeps(&with([two(), vec![increment(30, unknown())]].concat(), 3));
    let crossed = vec![increment(10, number(2)), increment(20, number(1))];
    breaks("replies in order", &with(crossed, 2));
    let anothers = vec![increment(10, number(1)), increment(20, number(9))];
    breaks("replies in order", &with(anothers, 2));
}

#[test]
fn one_number_is_replaced_once() {
    let swap = |at, from| {
        let key = "swapped".to_owned();
        operation(at, Action::Swap { key, from }, done(Answer::Nothing))
    };
    let with = |operations, last| {
        let mut it = history(operations, &[]);
        it.finals.numbers.insert("swapped".to_owned(), last);
        it
    };
    keeps(&with(vec![swap(10, 0), swap(20, 1)], 2));
    breaks(ONCE, &with(vec![swap(10, 0), swap(20, 0)], 1));
    breaks(ONCE, &with(vec![swap(10, 0), swap(20, 1)], 1));
}

#[test]
fn a_read_returns_its_keys_value_neither_old_nor_from_the_future() {
    let with = |operations, last| {
        let mut it = history(operations, &[]);
        it.finals.versions.insert("value:1".to_owned(), last);
        it
    };
    let ok = || done(Answer::Nothing);
    let two = || vec![write(10, 1, ok()), write(20, 2, ok())];
    keeps(&with([two(), vec![read(1000, Some(1)), read(9000, Some(2))]].concat(), 2));
    breaks("no stale read", &with([two(), vec![read(9000, Some(1))]].concat(), 2));
    breaks("no stale read", &with([two(), vec![read(9000, None)]].concat(), 2));
    breaks("no reply crossed", &with([two(), vec![read(15, Some(2))]].concat(), 2));
    breaks("no reply crossed", &with([two(), vec![read(15, Some(7))]].concat(), 2));
    breaks(ONCE, &with(two(), 1));
    breaks("no reply crossed", &with(two(), 7));
}

#[test]
fn a_reply_of_another_kind_is_wrong() {
    let wrong = Outcome::Wrong("Int(1)".to_owned());
    breaks("one right reply per request", &history(vec![operation(1, Action::Echo, wrong)], &[]));
}

#[test]
fn messages_come_in_order_and_once() {
    let publish = |at, n| {
        let action = Action::Publish { channel: "channel:1".to_owned(), number: n };
        operation(at, action, number(1))
    };
    let with = |numbers: &[u64]| {
        let mut it = history(vec![publish(10_000, 1), publish(10_010, 2), publish(10_020, 3)], &[]);
        let reception = |number: &u64| Reception {
            subscriber: 5,
            session: 1,
            channel: "channel:1".to_owned(),
            number: *number,
            at: 11 * SECOND,
        };
        it.receptions = numbers.iter().map(reception).collect();
        it
    };
    keeps(&with(&[1, 2, 3]));
    keeps(&with(&[2, 3]));
    breaks("no message twice", &{
        let mut it = with(&[1, 2, 2]);
        it.receptions[2].session = 2;
        it
    });
    breaks("a publisher's order", &with(&[2, 1]));
    breaks("no reply crossed", &with(&[1, 2, 3, 9]));
    breaks("no message missing while all is well", &with(&[1, 3]));
    let mut disturbed = with(&[1, 3]);
    let (from, until) = (9 * SECOND, 10 * SECOND);
    let what = "a fault".to_owned();
    disturbed.disturbances = vec![Disturbance { what, server: None, from, until }];
    assert_eq!(keeps(&disturbed).missed_messages, 1);
}

#[test]
fn a_failover_explains_what_the_promoted_replica_lacked() {
    let lost = |at| with_failover(history(vec![append(at, 1, number(1))], &[]));
    assert_eq!(keeps(&lost(950)).lost_unreplicated, 1);
    // It had what was written long before.
    breaks(ONCE, &lost(500));
    // Within the grace after the promotion, and too late.
    assert_eq!(keeps(&lost(1200)).lost_deposed, 1);
    breaks(ONCE, &lost(3000));
    let strict = Rules { strict: true, ..Rules::default() };
    for at in [950, 1200] {
        let verdict = check(&lost(at), &strict);
        assert_eq!(verdict.violations.len(), 1, "{:?}", verdict.violations);
    }
}

#[test]
fn a_write_runs_on_the_master_only() {
    let run = |server, sent, at| {
        let mut it = history(vec![append(sent, 1, number(1))], &[("log:1", &[1])]);
        it.executions = vec![Execution { server, at: ms(at), tag: 1 }];
        with_failover(it)
    };
    keeps(&run(0, 900, 901));
    keeps(&run(1, 1500, 1501));
    breaks("never to a replica", &run(2, 2500, 2501));
    // Held up on the way.
    keeps(&run(2, 1500, 2501));
    keeps(&run(0, 1500, 1501));
    breaks("never to a deposed master", &run(0, 3000, 3001));
    let mut twice = run(0, 900, 901);
    twice.executions.push(Execution { server: 1, at: ms(1200), tag: 1 });
    breaks("sent once", &twice);
}
