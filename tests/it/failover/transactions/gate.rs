//! The new master's write gate is closed: what the old master has refused is treated as what comes
//! now.

use super::encode_all;
use crate::support::*;

const PACKET: [&[&str]; 3] = [&["MULTI"], &["INCR", "n"], &["EXEC"]];

/// Writes and transactions that a demoted master refuses when its successor has too few replicas.
struct Refused {
    trio: Trio,
    proxy: Tidegate,
    /// Clients with a SET, with a transaction in one packet, and with one that lacks EXEC.
    wires: [Wire; 3],
}

impl Refused {
    #[track_caller]
    fn start(on_closed: &str) -> Self {
        let trio = Trio::spawn(Flavor::Redis70);
        let proxy = Tidegate::for_trio(&trio)
            .set("writes", "min-replicas-to-write", "2")
            .set("writes", "on-closed", &format!("\"{on_closed}\""))
            .set("writes", "hold-timeout", "\"60s\"")
            .set("writes", "failover-hold", "\"500ms\"")
            .set("topology", "request-timeout", "\"60s\"")
            .start();
        let mut wires = [(); 3].map(|()| proxy.wire());
        eventually(PATIENCE, || match wires[0].cmd(&["SET", "before", "1"]) {
            Reply::Simple(_) => Ok(()),
            reply => Err(format!("{reply:?}")),
        });
        trio.wait_synced();
        wires[2].cmd(&["MULTI"]).ok();
        trio.master.cmd(&["CLIENT", "PAUSE", "120000", "WRITE"]).ok();
        wires[0].send(&["SET", "k", "1"]);
        wires[1].send_raw(&encode_all(&PACKET));
        wires[2].send(&["INCR", "n"]);
        eventually(PATIENCE, || match trio.master.cmd(&["CLIENT", "LIST"]).str() {
            list if list.matches("cmd=incr").count() == 2 && list.contains("cmd=set") => Ok(()),
            list => Err(list.to_owned()),
        });
        let new = &trio.replicas[0];
        new.promote();
        trio.master.replicate_from(new.addr());
        let mut look = proxy.wire();
        eventually(PATIENCE, || match topology(&mut look) {
            all if all["master"] == *new.addr().to_string() && all["hold"].is_null() => Ok(()),
            all => Err(all.to_string()),
        });
        trio.master.cmd(&["CLIENT", "UNPAUSE"]).ok();
        Self { trio, proxy, wires }
    }
}

#[test]
fn a_closed_gate_refuses_what_the_old_master_has_refused() {
    let Refused { trio, proxy, mut wires } = Refused::start("error");
    const NO_REPLICAS: &str = "NOREPLICAS Not enough good replicas to write.";
    let aborted = format!("EXECABORT Transaction discarded because of: {NO_REPLICAS}");
    assert_eq!(wires[0].read_reply().err(), NO_REPLICAS, "{}", proxy.log());
    wires[1].read_reply().ok();
    assert_eq!(wires[1].read_reply().err(), NO_REPLICAS, "{}", proxy.log());
    assert_eq!(wires[1].read_reply().err(), aborted, "{}", proxy.log());
    // Nothing is run before EXEC comes.
    assert_eq!(wires[2].read_reply().str(), "QUEUED", "{}", proxy.log());
    assert_eq!(wires[2].cmd(&["EXEC"]).err(), aborted, "{}", proxy.log());
    assert_eq!(trio.replicas[0].cmd(&["EXISTS", "k", "n"]).int(), 0);
    // The sessions are as new.
    for wire in &mut wires {
        let replies = wire.pipeline(&[&["MULTI"], &["GET", "n"], &["EXEC"]]);
        assert_eq!(replies[2], Reply::Array(vec![Reply::Null]));
    }
}

#[test]
fn a_closed_gate_holds_what_the_old_master_has_refused() {
    let Refused { trio, proxy, mut wires } = Refused::start("hold");
    assert_eq!(wires[2].read_reply().str(), "QUEUED", "{}", proxy.log());
    wires[2].send(&["EXEC"]);
    wires[1].read_reply().ok();
    // Longer than failover-hold.
    wires.iter_mut().for_each(|wire| wire.expect_silence(std::time::Duration::from_millis(600)));
    trio.replicas[1].replicate_from(trio.replicas[0].addr());
    wires[0].read_reply().ok();
    assert_eq!(wires[1].read_reply().str(), "QUEUED", "{}", proxy.log());
    for wire in &mut wires[1..] {
        let reply = wire.read_reply();
        assert!(matches!(reply, Reply::Array(_)), "{reply:?}\n{}", proxy.log());
    }
    assert_eq!(trio.replicas[0].cmd(&["GET", "n"]).str(), "2");
}
