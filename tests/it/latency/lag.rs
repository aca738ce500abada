//! How closely the lag of a replica is measured.

use std::thread;
use std::time::{Duration, Instant};

use crate::reads::freshness::clock::Clock;
use crate::reads::freshness::{delay, departures, until_fresh};
use crate::support::*;

/// A replica behind a link with 300 ms of delay: the reported lag is never below the true one, and
/// at most a period (and 50 ms) above. Near `max-lag` the replica seldom changes its state.
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
    eventually(PATIENCE, || {
        let line = ReplicaLine::find(&mut looking, replica)?;
        if line.get("state") == "stale" { Ok(()) } else { Err(format!("{line:?}")) }
    });

    // Until what was held back before the delay has passed.
    thread::sleep(Duration::from_millis(400));
    // What is reported is never too low, and at most a period (and 50 ms) too high.
    let (mut lags, mut over) = (Vec::new(), Vec::new());
    let settled = Instant::now();
    eventually(PATIENCE, || {
        // A new proxy each time, at which no replica has become stale yet.
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
