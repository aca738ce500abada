//! How quickly clients are served beside one that takes its time or sends a lot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use super::within;
use crate::limits::memory::{MIB, msets, one_worker, set_huge, slow_reader, stopped_senders, trio};
use crate::support::*;

/// The 99th percentile of the other client's requests is below this.
const P99: Duration = Duration::from_millis(50);

/// Runs `disturb` while another client asks once a millisecond, and judges how long it waited.
#[track_caller]
fn others_are_served_quickly(proxy: &Tidegate, disturb: impl FnOnce()) {
    let stop = Arc::new(AtomicBool::new(false));
    let (told, mut wire) = (Arc::clone(&stop), proxy.wire());
    let thread = thread::spawn(move || {
        let mut times = Vec::new();
        while !told.load(Relaxed) {
            let asked = Instant::now();
            assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
            times.push(asked.elapsed());
            thread::sleep(Duration::from_millis(1));
        }
        times
    });
    disturb();
    stop.store(true, Relaxed);
    let mut times = thread.join().unwrap();
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100];
    eprintln!("p99 {p99:?} of {}, the longest {:?}", times.len(), times.last());
    assert!(p99 < P99 && times.len() > 50, "p99 {p99:?} of {}", times.len());
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_a_slow_reader() {
    let trio = trio();
    let proxy = one_worker(&trio).start();
    others_are_served_quickly(&proxy, || {
        let mut slow = slow_reader(&trio, &proxy, 100);
        thread::sleep(Duration::from_millis(500));
        for _ in 0..100 {
            assert_eq!(slow.read_reply().bytes().len(), MIB);
        }
    });
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_a_request_of_half_a_gibibyte() {
    let server = RedisServer::builder(Flavor::Redis70).start();
    server.cmd(&["SET", "k", "v"]).ok();
    let proxy = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", "1").start();
    others_are_served_quickly(&proxy, || set_huge(&mut proxy.wire(), || {}));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_senders_that_stop_in_mid_frame() {
    let trio = trio();
    let proxy = one_worker(&trio).start();
    others_are_served_quickly(&proxy, || {
        let _senders = stopped_senders(&proxy);
        thread::sleep(Duration::from_millis(500));
    });
}

/// The server that carries it out is busy meanwhile; only the request's own time is judged.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn a_request_of_a_million_arguments() {
    let trio = trio();
    let proxy = one_worker(&trio).start();
    let mut wire = proxy.wire();
    let request = msets(500_000, 500_000);
    let started = Instant::now();
    wire.send_raw(&request);
    wire.read_reply().ok();
    let took = started.elapsed();
    eprintln!("a million arguments in {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_a_slow_reader_at_the_engines_port() {
    let took = crate::replica_port::clients::beside_a_slow_reader();
    within("a thousand reads", took, Duration::from_secs(10));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_slow_scrapers() {
    let took = crate::admin::readiness::beside_slow_scrapers();
    within("four hundred requests", took, Duration::from_secs(10));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_a_hundred_blocked_clients() {
    let took = crate::dedicated::blocking::beside_blocked_clients();
    within("a thousand requests", took, Duration::from_secs(5));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_two_thousand_idle_clients() {
    let took = crate::limits::clients::idle_and_passing_clients();
    within("a read", took, Duration::from_millis(100));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_a_stopped_replica() {
    let took = crate::reads::replica_faults::stopped_replica();
    within("each read", took, Duration::from_millis(400));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn beside_garbage() {
    let took = crate::limits::garbage::beside_garbage();
    within("each pair of requests", took, Duration::from_secs(3));
}
