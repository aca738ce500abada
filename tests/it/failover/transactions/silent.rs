//! The master is silent for longer than `request-timeout` between MULTI and EXEC.

use super::{both, encode_all};
use crate::support::*;

/// What the client has sent when the master falls silent. The client gets errors, and begins again.
const CASES: [&[&[&str]]; 3] =
    [&[&["MULTI"]], &[&["MULTI"], &["INCR", "n"]], &[&["WATCH", "n"], &["MULTI"]]];

#[test]
fn a_client_begins_again_after_a_multi_without_a_reply() {
    for requests in CASES {
        let watches = requests[0] == ["WATCH", "n"];
        let mut trio = Trio::spawn(Flavor::Redis70);
        let config = Tidegate::for_trio(&trio).set("topology", "request-timeout", "\"500ms\"").set(
            "topology",
            "probe-timeout",
            "\"60s\"",
        );
        let proxy = config.start();
        let mut wires = both(&proxy);
        for wire in &mut wires {
            wire.pipeline(&[&["MULTI"], &["EXEC"]]);
        }
        trio.master.pause();
        for wire in &mut wires {
            wire.send_raw(&encode_all(requests));
            let replies: Vec<_> = requests.iter().map(|_| wire.read_reply()).collect();
            assert!(replies.iter().all(Reply::is_err), "{replies:?}\n{}", proxy.log());
        }
        // Commands of the transaction that was not begun are not run.
        for (n, wire) in wires.iter_mut().enumerate() {
            wire.send_raw(&encode_all(&[&["INCR", "n"], &["MULTI"], &["INCR", "m"], &["EXEC"]]));
            let reply = wire.read_reply();
            assert!(reply.err().starts_with("MASTERDOWN "), "{n}: {reply:?}\n{}", proxy.log());
        }
        trio.master.resume();
        for wire in &mut wires {
            let replies: Vec<_> = (0..3).map(|_| wire.read_reply()).collect();
            let what = format!("{requests:?}: {replies:?}\n{}", proxy.log());
            assert_eq!(replies[0], Reply::Simple("OK".to_owned()), "{what}");
            assert_eq!(replies[1].str(), "QUEUED", "{what}");
            // What was watched counts as changed.
            let is_run = matches!(&replies[2], Reply::Array(it) if it.len() == 1);
            assert!(if watches { replies[2].is_null() } else { is_run }, "{what}");
        }
        let counted = ["n", "m"].map(|key| trio.master.cmd(&["EXISTS", key]).int());
        assert_eq!(counted, [0, i64::from(!watches)], "{requests:?}");
    }
}
