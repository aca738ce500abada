//! Histories that break each rule, and their lawful neighbours: the checker can fail.

use super::level::{Level, Rule};
use super::mark::Mark;
use super::registers::Registers;
use super::session::{Finding, Floor, Read, Session};
use super::tally::{Breach, Tally};

const KEY: usize = 0;

fn session() -> Session {
    Session::new(Level::Global, 2)
}

/// A read of `version` in the pipeline `batch`.
fn read(batch: u32, version: u32) -> Read {
    Read {
        key: KEY,
        version,
        is_absent: false,
        at: 100,
        batch,
        level: Level::Global,
        floor: Floor::default(),
        possible: 100,
        in_front: None,
    }
}

/// The rules that a read breaks.
fn broken(session: &mut Session, read: &Read) -> Vec<Rule> {
    let findings = session.read(read).into_iter().flatten();
    findings.filter(|it| it.is_broken).map(|it| it.rule).collect()
}

fn acknowledged(session: &mut Session, version: u32, batch: u32) {
    assert_eq!(session.acknowledged(KEY, Mark::new(version, 50), batch, false), None);
}

#[test]
fn a_session_reads_its_writes() {
    let mut session = session();
    acknowledged(&mut session, 5, 1);
    assert_eq!(broken(&mut session, &read(2, 5)), []);
    let mut session = self::session();
    acknowledged(&mut session, 5, 1);
    assert_eq!(broken(&mut session, &read(2, 4)), [Rule::ReadYourWrites]);
    // Another key, another session.
    assert_eq!(broken(&mut session, &Read { key: 1, ..read(3, 0) }), []);
    session.forget();
    assert_eq!(broken(&mut session, &read(4, 0)), []);
}

#[test]
fn a_write_without_acknowledgement_may_count_or_not() {
    let mut session = session();
    acknowledged(&mut session, 5, 1);
    // The write of version 6 is in doubt.
    assert_eq!(broken(&mut session, &read(2, 5)), []);
    assert_eq!(broken(&mut session, &read(3, 6)), []);
    // Once it was seen, it counts.
    assert_eq!(broken(&mut session, &read(4, 5)), [Rule::Monotonic]);
}

#[test]
fn a_session_never_reads_back_in_time() {
    let mut session = session();
    assert_eq!(broken(&mut session, &read(1, 7)), []);
    assert_eq!(broken(&mut session, &read(1, 7)), []);
    assert_eq!(broken(&mut session, &read(2, 6)), [Rule::Monotonic]);
    assert_eq!(broken(&mut session, &read(3, 8)), []);
    assert_eq!(broken(&mut session, &Read { is_absent: true, ..read(4, 0) }), [Rule::Monotonic]);
}

#[test]
fn a_missing_key_may_be_an_older_deletion() {
    let mut session = session();
    // Versions 4 and 6 delete; which one it was is not known.
    let absent = Read { is_absent: true, ..read(1, 6) };
    assert_eq!(broken(&mut session, &absent), []);
    assert_eq!(broken(&mut session, &read(2, 5)), []);
}

#[test]
fn a_read_behind_a_write_of_its_pipeline_sees_it() {
    let mut session = session();
    acknowledged(&mut session, 5, 3);
    assert_eq!(broken(&mut session, &read(3, 4)), [Rule::BehindWrite]);
    assert_eq!(broken(&mut session, &read(3, 5)), []);
}

#[test]
fn a_read_in_front_of_a_write_does_not_see_it() {
    let in_front = Some(4);
    assert_eq!(broken(&mut session(), &Read { in_front, ..read(1, 5) }), [Rule::FrontOfWrite]);
    assert_eq!(broken(&mut session(), &Read { in_front, ..read(1, 4) }), []);
}

#[test]
fn an_increment_comes_after_all_that_its_session_has_read() {
    let mut session = session();
    broken(&mut session, &read(1, 5));
    let finding = |session: &mut Session, version| {
        session.acknowledged(KEY, Mark::new(version, 60), 1, true).map(|it: Finding| it.is_broken)
    };
    assert_eq!(finding(&mut session, 5), Some(true));
    assert_eq!(finding(&mut session, 6), Some(false));
}

#[test]
fn a_job_is_read_by_the_session_that_took_it() {
    let mut session = session();
    session.took_job(KEY, Mark::new(3, 40));
    assert_eq!(broken(&mut session, &read(1, 2)), [Rule::Dequeued]);
    assert_eq!(broken(&mut session, &read(1, 3)), []);
}

#[test]
fn a_token_is_worth_what_its_session_knew() {
    let mut session = session();
    session.waited_for(KEY, Mark::new(3, 40));
    assert_eq!(broken(&mut session, &read(1, 2)), [Rule::Token]);
    assert_eq!(broken(&mut session, &read(1, 3)), []);
    let mut giver = self::session();
    acknowledged(&mut giver, 5, 1);
    broken(&mut giver, &read(2, 6));
    assert_eq!(giver.knows(KEY).version, 6);
}

#[test]
fn a_read_is_not_older_than_what_others_had_acknowledged_when_it_was_sent() {
    let registers = Registers::new(1);
    registers.acknowledge(0, KEY, Mark::new(3, 10));
    registers.acknowledge(1, KEY, Mark::new(4, 20));
    let floor = Floor {
        proxy: registers.acknowledged(0, KEY),
        everywhere: registers.acknowledged_anywhere(KEY),
        told: Mark::default(),
    };
    let of = |version| broken(&mut session(), &Read { floor, ..read(1, version) });
    assert_eq!(of(2), [Rule::Recency, Rule::Everywhere]);
    assert_eq!(of(3), [Rule::Everywhere]);
    assert_eq!(of(4), []);
    // A write that was acknowledged after the read was sent changes nothing.
    registers.acknowledge(0, KEY, Mark::new(9, 30));
    assert_eq!(of(4), []);
}

#[test]
fn what_a_message_tells_of_is_read_afterwards() {
    let floor = Floor { told: Mark::new(3, 10), ..Floor::default() };
    assert_eq!(broken(&mut session(), &Read { floor, ..read(1, 2) }), [Rule::Told]);
    assert_eq!(broken(&mut session(), &Read { floor, ..read(1, 3) }), []);
}

#[test]
fn a_version_that_no_client_sent_is_found() {
    let registers = Registers::new(1);
    registers.send(KEY, 4);
    registers.send_increment(KEY);
    let possible = registers.sent(KEY);
    assert_eq!(broken(&mut session(), &Read { possible, ..read(1, 6) }), [Rule::Invented]);
    assert_eq!(broken(&mut session(), &Read { possible, ..read(1, 5) }), []);
}

#[test]
fn a_weaker_read_leaves_no_trace() {
    let mut session = session();
    broken(&mut session, &Read { level: Level::Bounded, ..read(1, 9) });
    assert_eq!(broken(&mut session, &read(2, 8)), []);
}

#[test]
fn only_what_a_level_promises_is_a_breach() {
    let finding = |rule| Finding { rule, mark: Mark::new(5, 1), is_broken: true };
    let breach = |finding| Breach::new(finding, Level::Session, (KEY, 1), (2, 1));
    let breaches = |level, rule| {
        let mut tally = Tally::default();
        tally.note(level, finding(rule), breach);
        assert_eq!(tally.count(level, rule).broken, 1);
        tally.breaches.len()
    };
    assert_eq!(breaches(Level::Bounded, Rule::ReadYourWrites), 0);
    assert_eq!(breaches(Level::Bounded, Rule::Invented), 1);
    assert_eq!(breaches(Level::Session, Rule::ReadYourWrites), 1);
    assert_eq!(breaches(Level::Session, Rule::Recency), 0);
    assert_eq!(breaches(Level::Global, Rule::Recency), 1);
    assert_eq!(breaches(Level::Global, Rule::Everywhere), 0);
    assert_eq!(breaches(Level::Strong, Rule::Everywhere), 1);
}
