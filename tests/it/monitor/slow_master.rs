//! A master that is busy for a while is still the master.

use std::time::{Duration, Instant};

use crate::support::*;

#[test]
fn a_master_that_stalls_for_less_than_request_timeout_stays_master() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).reads_from("master").start();
    let mut client = proxy.wire();
    client.cmd(&["SET", "k", "0"]).ok();
    let mut stalling = trio.master.wire();
    stalling.send(&["DEBUG", "SLEEP", "2.5"]);
    let started = Instant::now();
    let mut answered = 0;
    while started.elapsed() < Duration::from_millis(2400) {
        // Each comes late, none fails: connect-timeout (1 s) is about connecting.
        client.cmd(&["SET", "k", "1"]).ok();
        answered += 1;
    }
    assert!(answered >= 1);
    assert_eq!(client.cmd(&["GET", "k"]).bytes(), b"1");
    assert!(!proxy.log().contains("lost"), "{}", proxy.log());
}
