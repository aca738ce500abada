//! An old master that was restarted claims to be master again: no write and no read goes to it.

use std::thread;
use std::time::Duration;

use crate::support::*;

const BOTH: &str = "both say that they are the master";

/// How an old master keeps its data over a restart.
const KEPT: [[&str; 2]; 2] = [["--appendonly", "no"], ["--appendonly", "yes"]];

/// A was master of B and C and is restarted with its data; B is master of C.
fn failed_over(kept: [&str; 2]) -> (Trio, Tidegate) {
    let mut trio = Trio::spawn_with(Flavor::Redis70, |builder| builder.args(&kept));
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "old"]).ok();
    trio.wait_synced();
    trio.master.cmd(&["SAVE"]).ok();
    trio.master.kill();
    let [b, c] = &trio.replicas;
    b.promote();
    c.replicate_from(b.addr());
    b.wait_attached(c);
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "new"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    b.wait_synced(c);
    trio.master.restart();
    assert_eq!(trio.master.cmd(&["GET", "k"]).str(), "old");
    (trio, proxy)
}

#[test]
fn an_old_master_that_returns_gets_nothing_even_while_the_new_one_is_away() {
    for kept in KEPT {
        let (mut trio, proxy) = failed_over(kept);
        let gets = trio.master.calls("get");
        let mut wire = proxy.wire();
        for away in [false, true] {
            if away {
                trio.replicas[0].pause();
            }
            for _ in 0..20 {
                let reply = proxy.wire().cmd(&["GET", "k"]);
                assert_ne!(reply, Reply::Bulk(b"old".to_vec()), "{}", proxy.log());
                thread::sleep(Duration::from_millis(50));
            }
        }
        wire.send(&["SET", "k", "newer"]);
        thread::sleep(Duration::from_secs(2));
        trio.replicas[0].resume();
        wire.read_reply();
        assert_eq!((trio.master.calls("get"), trio.master.calls("set")), (gets, 0));
    }
}

#[test]
fn a_new_proxy_that_knows_the_old_master_only_refuses_writes() {
    for kept in KEPT {
        let (mut trio, proxy) = failed_over(kept);
        drop(proxy);
        // No replica is left that could decide.
        trio.replicas[1].kill();
        let proxy = Tidegate::for_trio(&trio).start();
        let mut wire = proxy.wire();
        eventually(PATIENCE, || match wire.cmd(&["SET", "k", "lost"]) {
            Reply::Error(text) if text.contains(BOTH) => Ok(()),
            other => Err(format!("{other:?}")),
        });
        assert_eq!(
            [&trio.master, &trio.replicas[0]]
                .map(|it| it.cmd(&["GET", "k"]))
                .map(|value| value.str().to_owned()),
            ["old", "new"]
        );
        // A replica decides.
        trio.replicas[1].restart();
        trio.replicas[1].replicate_from(trio.replicas[0].addr());
        eventually(PATIENCE, || match wire.cmd(&["SET", "k", "newest"]) {
            Reply::Simple(_) => Ok(()),
            other => Err(format!("{other:?}")),
        });
        assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "newest");
        assert_eq!(trio.master.calls("set"), 0);
    }
}
