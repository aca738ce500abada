//! Which transactions are begun anew.

mod random;

use std::time::Duration;

use super::*;

const SERVER: BackendId = BackendId(1);
const READONLY: &[u8] = b"-READONLY You can't write against a read only replica.\r\n";
const ABORTED: &[u8] = b"-EXECABORT Transaction discarded because of previous errors.\r\n";
const MULTI: Part = Part::Multi { watched: false };

/// A log with these requests, numbered from 0; none is answered.
fn log(parts: &[Part]) -> TransactionLog {
    let mut log = TransactionLog::default();
    for (seq, part) in (0..).zip(parts) {
        assert!(log.record(*part, seq, b"frame", false, |_| true));
    }
    log
}

fn failed(seq: Sequence, cause: Cause) -> Failed {
    let (request, backend) = (b"frame".to_vec(), SERVER);
    Failed { seq, request, repeatable: false, leased: true, backend, cause }
}

fn lost() -> Cause {
    Cause::Lost("reset".to_owned())
}

fn unsent(refusal: Option<&str>) -> Cause {
    let refusal = refusal.map(str::to_owned);
    Cause::Unsent { reason: "reset".to_owned(), reached: true, refusal }
}

/// The judgement where the requests from `owed` on are owed replies.
fn judge(log: &mut TransactionLog, owed: Sequence) -> Judgement {
    log.judge(|seq| seq >= owed, |_| false).expect("nothing is in flight")
}

/// What is sent again.
fn again(log: &mut TransactionLog) -> Vec<(Sequence, bool)> {
    let mut sent = Vec::new();
    log.begin_anew(false, |it| {
        sent.push((it.seq, it.discards));
        it.seq
    });
    sent
}

#[test]
fn a_refused_transaction_is_begun_anew_when_it_is_aborted() {
    let mut log = log(&[MULTI, Part::Command, Part::Exec]);
    assert!(log.is_calm());
    assert!(log.keeps(1, READONLY, SERVER) && !log.is_calm());
    assert!(log.judge(|seq| seq > 0, |_| false).is_none(), "EXEC is in flight");
    assert!(log.keeps(2, ABORTED, SERVER));
    assert!(judge(&mut log, 1).given_up.is_empty() && log.is_waiting());
    assert_eq!(log.refuser(), Some(SERVER));
    assert_eq!(again(&mut log), [(0, false), (1, false), (2, false)]);
    assert!(log.is_calm() && !log.is_waiting());
    log.settled();
    assert!(!log.has_open());
}

#[test]
fn an_exec_says_itself_that_its_server_is_no_master() {
    for reason in ["READONLY You", "MASTERDOWN Link", "LOADING Redis"] {
        let mut log = log(&[MULTI, Part::Command, Part::Exec]);
        let line = format!("-EXECABORT Transaction discarded because of: {reason}\r\n");
        assert!(log.keeps(2, line.as_bytes(), SERVER));
        judge(&mut log, 2);
        assert!(log.is_waiting(), "{reason}");
        let is_master = log.keeps(2, line.as_bytes(), SERVER);
        let judgement = log.judge(|seq| seq >= 2, |_| true).expect("nothing is in flight");
        let is_refused = !reason.starts_with("READONLY");
        assert_eq!(is_master && judgement.given_up.len() == 1, is_refused, "the master's own");
    }
    for line in [ABORTED, b"-MISCONF x\r\n", b"-ERR x\r\n", b"-NOREPLICAS x\r\n"] {
        assert!(!log(&[MULTI, Part::Exec]).keeps(1, line, SERVER));
    }
}

#[test]
fn an_exec_without_a_reply_is_given_up() {
    for cause in [lost(), Cause::TimedOut] {
        let mut log = log(&[MULTI, Part::Command, Part::Exec, MULTI, Part::Command]);
        assert!(log.fail(failed(9, lost())).is_some(), "none of them");
        assert!(log.fail(failed(2, cause.clone())).is_none());
        assert_eq!(log.has_timed_out(), cause == Cause::TimedOut);
        assert!(
            log.fail(failed(3, lost())).is_none() && log.fail(failed(4, unsent(None))).is_none()
        );
        assert!(log.lose());
        let judgement = judge(&mut log, 2);
        let given_up: Vec<_> = judgement.given_up.iter().map(|it| (it.seq, it.unrun)).collect();
        assert_eq!(given_up, [(2, false)]);
        assert!(!judgement.open_given_up && log.is_waiting());
        assert_eq!(again(&mut log), [(3, false), (4, false)], "EXEC was not sent");
    }
}

#[test]
fn a_queue_without_exec_is_begun_anew_with_the_next_request() {
    let mut log = log(&[MULTI, Part::Command]);
    assert!(log.lose());
    judge(&mut log, 2);
    assert!(log.is_gone() && log.is_calm());
    assert_eq!(again(&mut log), [(0, false), (1, false)]);
    assert!(!log.is_gone() && log.has_open());
    log.forget_open();
    assert!(!log.has_open() && !log.lose());
}

/// Behind a MULTI that a server refused, commands run at once.
#[test]
fn commands_behind_an_unanswered_multi_are_in_doubt() {
    let mut refused = log(&[MULTI, Part::Command]);
    assert!(!refused.keeps(0, b"-NOPERM no\r\n", SERVER));
    assert!(refused.fail(failed(1, lost())).is_none() && refused.lose());
    let judgement = judge(&mut refused, 1);
    assert!(judgement.open_given_up && !refused.has_open());
    let mut unanswered = log(&[MULTI, Part::Command]);
    for seq in 0..2 {
        assert!(unanswered.fail(failed(seq, lost())).is_none());
    }
    let judgement = judge(&mut unanswered, 0);
    assert!(judgement.given_up.iter().all(|it| !it.unrun) && !unanswered.is_waiting());
    assert_eq!(judgement.given_up.len(), 2);
}

/// A connection that has begun a transaction refuses no MULTI.
#[test]
fn commands_behind_an_unanswered_multi_go_on_where_multi_is_known_to_be_accepted() {
    let mut first = log(&[MULTI, Part::Command, Part::Exec]);
    assert!(first.settled(), "its server has accepted a MULTI");
    let mut refused = log(&[MULTI, Part::Command]);
    assert!(!refused.keeps(0, b"-NOPERM no\r\n", SERVER) && !refused.settled());
    for (behind, goes_on) in [(Part::Command, true), (Part::Discard, true), (Part::Exec, false)] {
        let mut log = TransactionLog::default();
        for (seq, part) in (0..).zip([MULTI, behind]) {
            assert!(log.record(part, seq, b"frame", true, |_| true));
            assert!(log.fail(failed(seq, lost())).is_none());
        }
        log.lose();
        assert_eq!(judge(&mut log, 0).given_up.is_empty(), goes_on, "{behind:?}");
        assert!(log.is_waiting() == goes_on && !log.settled());
    }
}

#[test]
fn a_transaction_that_watches_is_discarded() {
    let mut log = log(&[Part::Multi { watched: true }, Part::Command, Part::Exec]);
    assert!(log.keeps(1, READONLY, SERVER) && log.keeps(2, ABORTED, SERVER));
    judge(&mut log, 1);
    assert_eq!(again(&mut log), [(0, false), (1, false), (2, true)]);
    assert!(log.fail(failed(2, lost())).is_none());
    judge(&mut log, 2);
    assert_eq!(again(&mut log), [(0, false), (1, false), (2, true)], "it can have run nothing");
}

#[test]
fn a_connection_that_cannot_be_set_up_ends_the_transaction() {
    let mut log = log(&[MULTI, Part::Command]);
    for seq in 0..2 {
        assert!(log.fail(failed(seq, unsent(Some("BUSY x")))).is_none());
    }
    let judgement = judge(&mut log, 0);
    assert!(judgement.open_given_up && judgement.given_up.len() == 2);
}

#[test]
fn the_time_to_wait_begins_once() {
    let mut log = log(&[MULTI, Part::Command]);
    let now = Instant::now();
    for n in 0..3 {
        assert!(log.keeps(1, READONLY, SERVER));
        judge(&mut log, 1);
        log.wait(SERVER, n, now + Duration::from_secs(n));
        assert_eq!(log.since(), Some(Since { backend: SERVER, at_ms: n, since: now }));
        again(&mut log);
    }
    assert!(log.keeps(1, READONLY, SERVER));
    judge(&mut log, 1);
    let judgement = log.give_up();
    assert!(judgement.open_given_up && judgement.given_up.len() == 1);
    assert!(log.is_calm() && log.since().is_none() && !log.has_open());
}

#[test]
fn only_a_transaction_that_is_run_executes_its_commands() {
    let is_meant = |frame: &[u8]| frame == b"frame";
    let commands = |behind: &[Part]| log(behind).executes(is_meant);
    assert!(commands(&[MULTI, Part::Command, Part::Exec]));
    assert!(commands(&[MULTI, Part::Exec, MULTI, Part::Command, Part::Exec]));
    assert!(!commands(&[MULTI, Part::Command]) && !commands(&[MULTI, Part::Exec]));
    assert!(!commands(&[MULTI, Part::Command, Part::Discard, MULTI, Part::Exec]));
    assert!(!commands(&[Part::Multi { watched: true }, Part::Command, Part::Exec]));
    assert!(!log(&[MULTI, Part::Command, Part::Exec]).executes(|frame| frame == b"other"));
}

#[test]
fn memory_is_bounded() {
    let mut log = TransactionLog::default();
    let command = vec![b'x'; KEPT_MAX / 8];
    assert!(log.record(MULTI, 0, b"MULTI", false, |_| true));
    let mut record = |part, seq, frame: &[u8]| log.record(part, seq, frame, false, |_| true);
    let kept = (1..100).filter(|seq| record(Part::Command, *seq, &command)).count();
    assert_eq!((kept, log.has_open(), log.bytes.capacity()), (7, false, 0));
    assert!(!log.lose(), "it is lost with its connection");
    // One transaction after the other, the one before always under way.
    for n in 0..1000 {
        let (first, owed) = (100 + 3 * n, 100 + 3 * n - 3);
        assert!(log.record(MULTI, first, b"MULTI", false, |seq| seq >= owed));
        assert!(log.record(Part::Command, first + 1, &command, false, |_| true));
        assert!(log.record(Part::Exec, first + 2, b"EXEC", false, |_| true));
        assert!(log.bytes.len() <= KEPT_MAX && log.entries.len() <= 9);
    }
    log.settled();
    assert_eq!((log.bytes.capacity(), log.entries.len()), (0, 0));
}
