//! CLIENT REPLY OFF and SKIP: what comes all the same, and what does not.

use std::time::Duration;

use crate::support::*;

/// All replies to these requests, `;` between them, up to the echo of `end`.
fn replies(wire: &mut Wire, lines: &str) -> Vec<Reply> {
    for line in lines.split("; ") {
        wire.send(&line.split(' ').collect::<Vec<_>>());
    }
    wire.send(&["ECHO", "end"]);
    let mut replies = Vec::new();
    while replies.last() != Some(&Reply::Bulk(b"end".to_vec())) {
        replies.push(wire.read_reply());
    }
    replies
}

#[test]
fn confirmations_come_and_errors_do_not() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let mut cases = vec![
            "CLIENT REPLY OFF; SUBSCRIBE a b; PSUBSCRIBE p*; UNSUBSCRIBE a; UNSUBSCRIBE; \
             PUNSUBSCRIBE; CLIENT REPLY ON",
            "CLIENT REPLY SKIP; SUBSCRIBE a b; UNSUBSCRIBE a b",
            "CLIENT REPLY SKIP; PSUBSCRIBE a b; PUNSUBSCRIBE b a",
            "SUBSCRIBE a; UNSUBSCRIBE; CLIENT REPLY SKIP; UNSUBSCRIBE",
            "CLIENT REPLY OFF; SUBSCRIBE; UNSUBSCRIBE; GET k; CLIENT REPLY ON",
        ];
        if flavor != Flavor::Redis62 {
            cases.push(
                "CLIENT REPLY OFF; SSUBSCRIBE a b; SUNSUBSCRIBE a; SUNSUBSCRIBE; CLIENT REPLY ON",
            );
            cases.push("CLIENT REPLY SKIP; SSUBSCRIBE a b; SUNSUBSCRIBE a b");
        }
        for case in cases {
            let both = [pair.both(), pair.both3()];
            for (n, Both { mut direct, mut proxied }) in both.into_iter().enumerate() {
                let expected = replies(&mut direct, case);
                assert_eq!(replies(&mut proxied, case), expected, "{flavor:?}, {n}: {case}");
            }
        }
    }
}

#[test]
fn a_monitor_with_replies_off_gets_nothing() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let Both { mut direct, mut proxied } = pair.both();
        for (wire, server) in [(&mut direct, &pair.direct), (&mut proxied, &pair.behind)] {
            wire.send(&["CLIENT", "REPLY", "OFF"]);
            wire.send(&["MONITOR"]);
            wire.expect_silence(Duration::from_millis(300));
            server.cmd(&["SET", "k", "v"]).ok();
            wire.expect_silence(Duration::from_millis(300));
            wire.send(&["CLIENT", "REPLY", "ON"]);
            let first = wire.read_reply();
            assert!(
                matches!(&first, Reply::Simple(text) if text == "OK" || text.contains("REPLY"))
            );
        }
    }
}

#[test]
fn simple_replies_are_those_of_the_server() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let mut both = pair.both();
        let lines = "CLIENT TRACKING ON REDIRECT -1; CLIENT TRACKING ON REDIRECT 0; \
                     CLIENT TRACKING ON REDIRECT 99999; CLIENT TRACKING ON REDIRECT x; \
                     CLIENT TRACKING OFF REDIRECT 99999";
        both.same_all(lines);
        if matches!(flavor, Flavor::Redis82 | Flavor::Valkey91) {
            both.same_all("CLIENT KILL MAXAGE 0; CLIENT KILL MAXAGE -1; CLIENT KILL MAXAGE x");
        }
    }
}

/// What a client hears directly and through the proxy; nothing for `quiet` is the end of it.
fn heard(pair: &Pair, begin: &str, three: bool, quiet: Duration) -> [Vec<Reply>; 2] {
    let mut publisher = pair.both();
    let mut both = if three { pair.both3() } else { pair.both() };
    let mut said = [Vec::new(), Vec::new()];
    for (wire, said) in [&mut both.direct, &mut both.proxied].into_iter().zip(&mut said) {
        for line in begin.split("; ") {
            wire.send(&line.split(' ').collect::<Vec<_>>());
        }
        drain(wire, quiet, said);
    }
    for line in ["PUBLISH a m1", "PUBLISH a m2", "PUBLISH p1 m3", "SET a 1"] {
        publisher.same(line);
    }
    for (wire, said) in [&mut both.direct, &mut both.proxied].into_iter().zip(&mut said) {
        drain(wire, quiet, said);
        // The first one may be what SKIP is about.
        for line in ["UNSUBSCRIBE a", "UNSUBSCRIBE a", "CLIENT REPLY ON"] {
            wire.send(&line.split(' ').collect::<Vec<_>>());
        }
        drain(wire, quiet, said);
    }
    publisher.same("PUBLISH a m4");
    said
}

#[test]
fn pushed_messages_are_those_of_the_server() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        for (begin, three) in [
            ("CLIENT REPLY OFF; SUBSCRIBE a; PSUBSCRIBE p*", false),
            ("CLIENT REPLY SKIP; SUBSCRIBE a", false),
            ("SUBSCRIBE a; CLIENT REPLY OFF", true),
            ("SUBSCRIBE a; CLIENT REPLY SKIP", true),
            ("CLIENT TRACKING ON; GET a; CLIENT REPLY OFF", true),
            ("CLIENT TRACKING ON; GET a; CLIENT REPLY SKIP", true),
        ] {
            let [mut direct, mut proxied] = heard(&pair, begin, three, Duration::from_millis(150));
            if direct != proxied {
                // A busy machine may be silent for so long.
                [direct, proxied] = heard(&pair, begin, three, Duration::from_secs(3));
            }
            assert_eq!(proxied, direct, "{flavor:?}: {begin}");
        }
    }
}

/// What comes until nothing has come for `quiet`.
fn drain(wire: &mut Wire, quiet: Duration, into: &mut Vec<Reply>) {
    wire.set_timeout(quiet);
    while let Ok(reply) = wire.try_read_reply() {
        into.push(reply);
    }
    wire.set_timeout(PATIENCE);
}
