//! Which transactions are begun anew, by examples and by random ends of their connections.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const SERVER: BackendId = BackendId(1);
const READONLY: &[u8] = b"-READONLY You can't write against a read only replica.\r\n";
const ABORTED: &[u8] = b"-EXECABORT Transaction discarded because of previous errors.\r\n";
const MULTI: Part = Part::Multi { watched: false };

/// A log with these requests, numbered from 0; none is answered.
fn log(parts: &[Part]) -> TransactionLog {
    let mut log = TransactionLog::default();
    for (seq, part) in (0..).zip(parts) {
        assert!(log.record(*part, seq, b"frame", |_| true));
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
    log.begin_anew(|it| {
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
        assert_eq!(log.since(), Some(Since { backend: SERVER, at_ms: n, until: now }));
        again(&mut log);
    }
    assert!(log.keeps(1, READONLY, SERVER));
    judge(&mut log, 1);
    let judgement = log.give_up();
    assert!(judgement.open_given_up && judgement.given_up.len() == 1);
    assert!(log.is_calm() && log.since().is_none() && !log.has_open());
}

#[test]
fn memory_is_bounded() {
    let mut log = TransactionLog::default();
    let command = vec![b'x'; KEPT_MAX / 8];
    assert!(log.record(MULTI, 0, b"MULTI", |_| true));
    let kept = (1..100).filter(|seq| log.record(Part::Command, *seq, &command, |_| true)).count();
    assert_eq!((kept, log.has_open(), log.bytes.capacity()), (7, false, 0));
    assert!(!log.lose(), "it is lost with its connection");
    // One transaction after the other, the one before always under way.
    for n in 0..1000 {
        let (first, owed) = (100 + 3 * n, 100 + 3 * n - 3);
        assert!(log.record(MULTI, first, b"MULTI", |seq| seq >= owed));
        assert!(log.record(Part::Command, first + 1, &command, |_| true));
        assert!(log.record(Part::Exec, first + 2, b"EXEC", |_| true));
        assert!(log.bytes.len() <= KEPT_MAX && log.entries.len() <= 9);
    }
    log.settled();
    assert_eq!((log.bytes.capacity(), log.entries.len()), (0, 0));
}

/// What happens to one connection.
#[derive(Clone, Debug)]
struct Life {
    /// The server refuses MULTI.
    denies_multi: bool,
    /// The server is a replica from this request on.
    demoted_at: usize,
    /// The connection is lost when the server has run so many requests...
    run: usize,
    /// ...of which so many replies have not come.
    unanswered: usize,
    /// So many more have left.
    left: usize,
}

fn life() -> impl Strategy<Value = Life> {
    (prop::bool::weighted(0.1), 0_usize..12, 0_usize..12, 0_usize..4, 0_usize..4).prop_map(
        |(denies_multi, demoted_at, run, unanswered, left)| Life {
            denies_multi,
            demoted_at,
            run,
            unanswered,
            left,
        },
    )
}

/// A server, as far as a transaction can tell.
#[derive(Debug, Default)]
struct Server {
    queue: Option<Vec<String>>,
    is_dirty: bool,
}

impl Server {
    /// Runs a request: the error that it gets, if it does. What has an effect is added to `runs`.
    fn run(
        &mut self,
        frame: &str,
        life: &Life,
        n: usize,
        runs: &mut BTreeMap<String, u32>,
    ) -> Option<Vec<u8>> {
        let is_replica = n >= life.demoted_at;
        match frame {
            "MULTI" if life.denies_multi => Some(b"-NOPERM no\r\n".to_vec()),
            "MULTI" => {
                (self.queue, self.is_dirty) = (Some(Vec::new()), false);
                None
            }
            "DISCARD" => {
                let queue = self.queue.take();
                queue.is_none().then(|| b"-ERR DISCARD without MULTI\r\n".to_vec())
            }
            "EXEC" => {
                let Some(queue) = self.queue.take() else {
                    return Some(b"-ERR EXEC without MULTI\r\n".to_vec());
                };
                if self.is_dirty {
                    return Some(ABORTED.to_vec());
                }
                if is_replica && !queue.is_empty() {
                    let reason = &READONLY[1..];
                    let start = b"-EXECABORT Transaction discarded because of: ";
                    return Some([start, reason].concat());
                }
                queue.into_iter().for_each(|it| *runs.entry(it).or_default() += 1);
                None
            }
            _ if is_replica => {
                self.is_dirty = true;
                Some(READONLY.to_vec())
            }
            command => {
                match &mut self.queue {
                    Some(queue) => queue.push(command.to_owned()),
                    None => *runs.entry(command.to_owned()).or_default() += 1,
                }
                None
            }
        }
    }
}

/// A client whose requests are about transactions only.
#[derive(Debug, Default)]
struct Session {
    log: TransactionLog,
    /// The requests that are in flight, or that the log has.
    sent: Vec<(Sequence, String)>,
    owed: BTreeSet<Sequence>,
    next: Sequence,
    runs: BTreeMap<String, u32>,
    /// Requests whose transaction was said not to be run.
    unrun: BTreeSet<Sequence>,
}

impl Session {
    fn send(&mut self, part: Part, frame: &str) -> Sequence {
        let seq = self.next;
        self.next += 1;
        let owed = self.owed.clone();
        assert!(self.log.record(part, seq, frame.as_bytes(), |seq| owed.contains(&seq)));
        self.owed.insert(seq);
        self.sent.push((seq, frame.to_owned()));
        seq
    }

    /// One connection, from what is sent over it to its end.
    fn live(&mut self, life: &Life) {
        if self.log.is_gone() {
            self.begin_anew();
        }
        let mut server = Server::default();
        let answered = life.run - life.unanswered.min(life.run);
        for (n, (seq, frame)) in std::mem::take(&mut self.sent).into_iter().enumerate() {
            let error = (n < life.run).then(|| server.run(&frame, life, n, &mut self.runs));
            match error.flatten() {
                _ if n >= answered => {
                    let is_sent = n < life.run + life.left;
                    let cause = if is_sent { lost() } else { unsent(None) };
                    assert!(self.log.fail(failed(seq, cause)).is_none());
                }
                Some(line) if self.log.keeps(seq, &line, SERVER) => {}
                _ => assert!(self.owed.remove(&seq)),
            }
        }
        self.log.lose();
        let owed = self.owed.clone();
        let judgement = self.log.judge(|seq| owed.contains(&seq), |_| false);
        let judgement = judgement.expect("nothing is in flight");
        for it in judgement.given_up {
            assert!(self.owed.remove(&it.seq) || matches!(it.fate, Fate::Answered));
            if it.unrun {
                self.unrun.insert(it.seq);
            }
        }
        self.sent.clear();
        if self.log.is_waiting() {
            self.begin_anew();
        }
    }

    fn begin_anew(&mut self) {
        let mut sent = Vec::new();
        let (owed, next) = (&mut self.owed, &mut self.next);
        self.log.begin_anew(|it| {
            let seq = if owed.contains(&it.seq) { it.seq } else { *next };
            *next += u64::from(seq == *next);
            owed.insert(seq);
            let frame = if it.discards { b"DISCARD" } else { it.frame };
            sent.push((seq, String::from_utf8(frame.to_vec()).expect("text")));
            seq
        });
        self.sent = sent;
    }
}

proptest! {
    /// Connections end in any way while transactions are under way: no command is run twice, each
    /// is run if its EXEC is answered, and none if the client was told so.
    #[test]
    fn nothing_that_may_have_run_is_sent_again(
        transactions in prop::collection::vec((0_usize..4, 0_u8..4, any::<bool>()), 1..4),
        lives in prop::collection::vec(life(), 1..5),
    ) {
        let mut session = Session::default();
        let mut execs = Vec::new();
        for (n, (commands, end, watched)) in transactions.iter().enumerate() {
            session.send(Part::Multi { watched: *watched }, "MULTI");
            let names: Vec<_> = (0..*commands).map(|command| format!("{n}.{command}")).collect();
            for name in &names {
                session.send(Part::Command, name);
            }
            let is_last = n + 1 == transactions.len();
            match end {
                0 if is_last => {}
                1 => { session.send(Part::Discard, "DISCARD"); }
                _ => execs.push((session.send(Part::Exec, "EXEC"), names)),
            }
        }
        for life in &lives {
            session.live(life);
        }
        let calm =
            Life { denies_multi: false, demoted_at: 100, run: 100, unanswered: 0, left: 0 };
        session.live(&calm);
        for (command, times) in &session.runs {
            prop_assert_eq!(*times, 1, "{} was run twice", command);
        }
        for (seq, names) in execs {
            let runs = |name: &String| session.runs.contains_key(name);
            if session.unrun.contains(&seq) {
                prop_assert!(!names.iter().any(runs), "{seq} was said not to be run");
            }
        }
        prop_assert!(session.owed.is_empty(), "{:?} got no reply", session.owed);
    }
}
