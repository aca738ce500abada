//! Transactions whose connections end at random.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// What happens to one connection.
#[derive(Clone, Debug)]
struct Life {
    /// The server refuses MULTI.
    denies_multi: bool,
    /// It has accepted a MULTI over this connection before.
    has_begun: bool,
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
    let multi = (prop::bool::weighted(0.1), any::<bool>());
    (multi, 0_usize..12, 0_usize..12, 0_usize..4, 0_usize..4).prop_map(
        |((denies_multi, has_begun), demoted_at, run, unanswered, left)| Life {
            denies_multi,
            has_begun: has_begun && !denies_multi,
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
    /// The next connection has begun transactions before.
    has_begun: bool,
}

impl Session {
    fn send(&mut self, part: Part, frame: &str) -> Sequence {
        let seq = self.next;
        self.next += 1;
        let owed = self.owed.clone();
        let (owes, has_begun) = (|seq| owed.contains(&seq), self.has_begun);
        assert!(self.log.record(part, seq, frame.as_bytes(), has_begun, owes));
        self.owed.insert(seq);
        self.sent.push((seq, frame.to_owned()));
        seq
    }

    /// One connection, from what is sent over it to its end. The next one has begun transactions
    /// before if `next`.
    fn live(&mut self, life: &Life, next: bool) {
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
        self.has_begun = next;
        if self.log.is_waiting() {
            self.begin_anew();
        }
    }

    fn begin_anew(&mut self) {
        let mut sent = Vec::new();
        let (owed, next) = (&mut self.owed, &mut self.next);
        self.log.begin_anew(self.has_begun, |it| {
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
        let mut session = Session { has_begun: lives[0].has_begun, ..Session::default() };
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
        for (n, life) in lives.iter().enumerate() {
            session.live(life, lives.get(n + 1).is_some_and(|next| next.has_begun));
        }
        let (denies_multi, has_begun) = (false, false);
        let calm =
            Life { denies_multi, has_begun, demoted_at: 100, run: 100, unanswered: 0, left: 0 };
        session.live(&calm, false);
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
