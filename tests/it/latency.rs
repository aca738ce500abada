//! How quickly other clients are served while one takes its time or sends a lot, in milliseconds.
//!
//! Such a bound needs a machine with nothing else to do: `scripts/latency` runs these tests, one at
//! a time, in an optimized build. What does not depend on the machine is in `limits::memory`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::limits::memory::{MIB, msets, one_worker, set_huge, slow_reader, stopped_senders, trio};
use crate::reads::freshness::clock::Clock;
use crate::reads::freshness::{delay, departures, until_fresh};
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

/// A replica behind a link that is 300 ms slow: the lag that is reported is never below the true
/// one, and at most a period (and 50 ms) above; near `max-lag` the replica comes and goes seldom.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn a_delay_is_measured_closely() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let replica = trio.replicas[0].addr();
    let with = |max_lag: &str| {
        let config = ConfigBuilder::new(trio.master.addr(), &[replica]);
        config.set("reads", "max-lag", &format!("\"{max_lag}\"")).start()
    };
    let (strict, edge) = (with("200ms"), with("400ms"));
    for proxy in [&strict, &edge] {
        until_fresh(proxy, &[replica]);
    }
    // More would not fit into the queue of what is delayed, and be delayed for longer.
    let clock = Clock::start(&trio.master, Duration::from_millis(8));
    let mut direct = trio.replicas[0].wire();
    delay(&trio, &mut direct);
    let mut looking = strict.wire();
    eventually(Duration::from_secs(10), || {
        let line = ReplicaLine::find(&mut looking, replica)?;
        if line.get("state") == "stale" { Ok(()) } else { Err(format!("{line:?}")) }
    });

    // Until what was held back before the delay has passed.
    thread::sleep(Duration::from_millis(400));
    // What is reported is never too low, and at most a period (and 50 ms) too high.
    let (mut lags, mut over) = (Vec::new(), Vec::new());
    let settled = Instant::now();
    eventually(Duration::from_secs(60), || {
        // A new one each time: nobody has left it yet.
        let lax = with("500ms");
        until_fresh(&lax, &[replica]);
        let mut wire = lax.wire();
        (lags, over) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            let asked = Instant::now();
            let lag = ReplicaLine::of(&mut wire, replica).int("lag_ms");
            // The replica has not gone back since.
            let true_age = clock.age(asked, direct.cmd(&["GET", "n"]).str().parse().unwrap());
            let true_age = i64::try_from(true_age.as_millis()).unwrap();
            assert!(lag + 1 >= true_age, "{lag}, {true_age}");
            lags.push(lag);
            over.push(lag - true_age);
            assert!(!ReplicaLine::of(&mut looking, replica).is_fresh(), "max-lag = 200ms");
            thread::sleep(Duration::from_millis(7));
        }
        lags.sort_unstable();
        over.sort_unstable();
        // A busy machine delays more than we do: then it leaves rightly, and is measured again.
        let held = departures(&lax) == 0 && ReplicaLine::of(&mut wire, replica).is_fresh();
        let close = over[95] <= 150 && lags[50] <= 450;
        if held && close { Ok(()) } else { Err(format!("{held}, {over:?}, {lags:?}")) }
    });
    let shown = [lags[0], lags[50], lags[95], lags[99]];
    println!(
        "a delay of 300 ms: lag least, median, 95 %, most: {shown:?} ms; above the truth by {} ms at 95 %",
        over[95]
    );

    // At the edge: it may come and go, but ever more seldom.
    thread::sleep(Duration::from_secs(6).saturating_sub(settled.elapsed()));
    let edge_turns = departures(&edge);
    println!("at the edge (400 ms): left {edge_turns} times in {:?}", settled.elapsed());
    assert!(edge_turns <= 4, "{}", edge.log());
    assert!(departures(&strict) >= 1, "{}", strict.log());
}
