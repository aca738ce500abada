//! The master is killed (`kill -9`) between MULTI and EXEC: it has run nothing.

use super::{both, encode_all};
use crate::support::*;

/// How EXEC ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It runs so many INCR.
    Runs(i64),
    Null,
    Aborted,
    InDoubt,
}

use End::{Aborted, InDoubt, Null, Runs};

type Requests = &'static [&'static [&'static str]];

/// Requests that the master answers before it is stopped, requests that it does not answer, and
/// requests that the client sends when there is a new master.
const CASES: [(Requests, Requests, Requests, End); 13] = [
    (&[MULTI], &[], &[INCR, EXEC], Runs(1)),
    (&[MULTI, INCR], &[], &[INCR, EXEC], Runs(2)),
    (&[], &[MULTI], &[INCR, EXEC], Runs(1)),
    (&[MULTI], &[INCR], &[EXEC], Runs(1)),
    (&[MULTI, INCR], &[INCR], &[EXEC], Runs(2)),
    (&[], &[MULTI, INCR], &[EXEC], Runs(1)),
    (&[MULTI, NOSUCH], &[INCR], &[EXEC], Aborted),
    (&[MULTI], &[NOSUCH, INCR], &[INCR, EXEC], Aborted),
    (&[WATCH], &[MULTI], &[INCR, EXEC], Null),
    (&[WATCH, MULTI], &[INCR], &[EXEC], Null),
    (&[MULTI, INCR], &[EXEC], &[], InDoubt),
    (&[WATCH, MULTI, INCR], &[EXEC], &[], InDoubt),
    (&[], &[MULTI, INCR, EXEC], &[], InDoubt),
];

const MULTI: &[&str] = &["MULTI"];
const INCR: &[&str] = &["INCR", "n"];
const EXEC: &[&str] = &["EXEC"];
const WATCH: &[&str] = &["WATCH", "n"];
const NOSUCH: &[&str] = &["NOSUCH"];

/// How an EXEC with this reply has ended.
fn end(reply: &Reply) -> Option<End> {
    match reply {
        Reply::Null => Some(Null),
        Reply::Array(items) => Some(Runs(i64::try_from(items.len()).unwrap())),
        Reply::Error(text) if text.starts_with("INDOUBT ") => Some(InDoubt),
        Reply::Error(text) => {
            let aborted = "EXECABORT Transaction discarded because of previous errors.";
            (text == aborted).then_some(Aborted)
        }
        _ => None,
    }
}

/// Every reply but the last one: an error only for what no server knows.
#[track_caller]
fn check(requests: &[&[&str]], replies: &[Reply], log: &str) {
    for (request, reply) in requests.iter().zip(replies) {
        let is_right = match request[0] {
            "MULTI" | "WATCH" => *reply == Reply::Simple("OK".to_owned()),
            "NOSUCH" => reply.is_err(),
            _ => *reply == Reply::Simple("QUEUED".to_owned()),
        };
        assert!(is_right, "{requests:?}: {replies:?}\n{log}");
    }
}

#[test]
fn a_transaction_without_exec_survives_the_death_of_its_master() {
    for (n, (answered, unanswered, later, ends)) in CASES.into_iter().enumerate() {
        let mut trio = Trio::spawn(Flavor::Redis70);
        let proxy = Tidegate::for_trio(&trio).start();
        let mut wires = both(&proxy);
        for wire in &mut wires {
            // Its connection is open, and its login may begin transactions.
            wire.pipeline(&[MULTI, EXEC]);
            let replies: Vec<_> = answered.iter().map(|it| wire.cmd(it)).collect();
            check(answered, &replies, "");
        }
        trio.wait_synced();
        trio.master.pause();
        wires.iter_mut().for_each(|wire| wire.send_raw(&encode_all(unanswered)));
        until_under_way(&proxy, 2 * u32::try_from(unanswered.len()).unwrap());
        trio.master.kill();
        trio.replicas[0].promote();
        trio.replicas[1].replicate_from(trio.replicas[0].addr());
        for wire in &mut wires {
            let requests: Vec<_> = unanswered.iter().chain(later).copied().collect();
            let mut replies: Vec<_> = unanswered.iter().map(|_| wire.read_reply()).collect();
            replies.extend(later.iter().map(|it| wire.cmd(it)));
            let what = format!("case {n}: {requests:?}: {replies:?}\n{}", proxy.log());
            let last = replies.pop().expect("there is a reply");
            assert_eq!(end(&last), Some(ends), "{what}");
            if ends != InDoubt {
                check(&requests[..replies.len()], &replies, &what);
            }
            wire.cmd(&["SET", "after", "1"]).ok();
        }
        let value = trio.replicas[0].cmd(&["GET", "n"]);
        let value = if value.is_null() { 0 } else { value.str().parse().expect("a number") };
        let runs = if let Runs(count) = ends { count } else { 0 };
        assert_eq!(value, 2 * runs, "case {n}\n{}", proxy.log());
    }
}
