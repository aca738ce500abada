//! A client that closes while it waits in BLPOP, and a push that comes in the same moment.

use std::thread;
use std::time::Duration;

use crate::support::*;

const TRIALS: usize = 300;

/// How many of the trials gave the element to a client that had closed `delay` before the push.
fn lost(server: &RedisServer, waits: impl Fn() -> Wire, push: &mut Wire, delay: Duration) -> usize {
    let mut control = Wire::connect(server.addr());
    let mut lost = 0;
    for _ in 0..TRIALS {
        control.cmd(&["DEL", "list"]);
        let mut waiting = waits();
        waiting.send(&["BLPOP", "list", "0"]);
        eventually(PATIENCE, || {
            let info = control.cmd(&["INFO", "clients"]).str().to_owned();
            if info.contains("blocked_clients:1\r") { Ok(()) } else { Err(info) }
        });
        drop(waiting);
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        assert_eq!(push.cmd(&["RPUSH", "list", "e"]).int(), 1);
        // By then one of the clients has the element.
        lost += usize::from(control.cmd(&["LLEN", "list"]).int() == 0);
        eventually(PATIENCE, || {
            let info = control.cmd(&["INFO", "clients"]).str().to_owned();
            if info.contains("blocked_clients:0\r") { Ok(()) } else { Err(info) }
        });
    }
    lost
}

#[test]
#[ignore = "measures: run it alone, with --nocapture"]
fn how_often_a_push_goes_to_a_client_that_has_closed() {
    let server = RedisServer::spawn(Flavor::Redis70);
    for workers in ["1", "2"] {
        let proxy = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", workers).start();
        for micros in [0, 100, 300, 1000, 3000] {
            let delay = Duration::from_micros(micros);
            let direct = || Wire::connect(server.addr());
            let own = lost(&server, direct, &mut direct(), delay);
            let same = lost(&server, || proxy.wire(), &mut proxy.wire(), delay);
            let beside = lost(&server, || proxy.wire(), &mut direct(), delay);
            eprintln!(
                "{workers} workers, {micros} us: direct {own}, through the proxy {same}, \
                 with a direct push {beside} of {TRIALS}"
            );
        }
    }
}
