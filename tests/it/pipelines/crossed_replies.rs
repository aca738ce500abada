//! Servers behind a network that delays, splits, resets and cuts: no reply is ever another's.

mod client;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use self::client::{Client, Tally};
use crate::support::*;

const CLIENTS: usize = 50;
/// How long the faults go on, at least.
const TIME: Duration = Duration::from_secs(8);

/// Three servers, a bad network before each, and the proxy.
struct Stage {
    proxy: Tidegate,
    links: [FaultProxy; 3],
    trio: Trio,
}

impl Stage {
    fn new(request_timeout: &str) -> Self {
        let trio = Trio::spawn(Flavor::Redis70);
        let [a, b] = trio.replica_addrs();
        let links = [trio.master.addr(), a, b].map(FaultProxy::start);
        let config = ConfigBuilder::new(links[0].addr(), &[links[1].addr(), links[2].addr()]);
        let proxy = config
            .reads_from("any")
            .set("topology", "request-timeout", &format!("\"{request_timeout}\""))
            .start();
        Self { proxy, links, trio }
    }

    /// Runs all clients while `faults` happen: for [`TIME`], and on a slow machine until `enough`
    /// has come of it. Then heals the network and runs them once more.
    fn play(&mut self, enough: impl Fn(Tally) -> bool, faults: impl Fn(&[FaultProxy; 3])) {
        let addr = self.proxy.addr();
        let stop = AtomicBool::new(false);
        let links = &self.links;
        let mut clients: Vec<_> = (0..CLIENTS).map(|number| Client::new(addr, number)).collect();
        let tallies = Mutex::new([Tally::default(); CLIENTS]);
        let tally = || tallies.lock().unwrap().iter().fold(Tally::default(), |sum, &t| sum + t);
        thread::scope(|scope| {
            for (number, client) in clients.iter_mut().enumerate() {
                let (stop, tallies) = (&stop, &tallies);
                scope.spawn(move || {
                    while !stop.load(SeqCst) {
                        client.pipeline();
                        tallies.lock().unwrap()[number] = client.tally;
                    }
                });
            }
            let begin = Instant::now();
            while begin.elapsed() < TIME || !enough(tally()) && begin.elapsed() < PATIENCE {
                faults(links);
            }
            stop.store(true, SeqCst);
            links.iter().for_each(FaultProxy::heal);
        });
        self.proxy.assert_alive();
        let tally = tally();
        eprintln!("{tally:?}");
        for client in &mut clients {
            client.expect_well();
            client.expect_counted_once(&self.trio.master);
        }
        assert!(enough(tally), "{tally:?}");
    }
}

/// Any fault, on any link.
fn any_fault(links: &[FaultProxy; 3], longest_delay_ms: u64) {
    let link = &links[fastrand::usize(..3)];
    match fastrand::u32(..10) {
        0 | 1 => link.set_delay(Duration::from_millis(fastrand::u64(..longest_delay_ms))),
        2 => link.split(fastrand::usize(1..200)),
        3 => link.reset_all(),
        4 => link.close_all(),
        5 => link.cut(),
        6 | 7 => link.cut_after(Direction::ToClient, fastrand::u64(..5000)),
        8 => link.cut_after(Direction::ToServer, fastrand::u64(..5000)),
        _ => link.blackhole_of(Direction::ToClient),
    }
    thread::sleep(Duration::from_millis(fastrand::u64(10..150)));
    if fastrand::bool() {
        links[fastrand::usize(..3)].heal();
    }
}

#[test]
fn lost_connections_cross_no_replies() {
    let mut stage = Stage::new("5s");
    let enough = |tally: Tally| tally.good > 1000 && tally.failed > 50;
    stage.play(enough, |links| any_fault(links, 30));
}

#[test]
fn late_replies_cross_no_replies() {
    let mut stage = Stage::new("200ms");
    let enough = |tally: Tally| tally.good > 1000 && tally.timed_out > 100;
    stage.play(enough, |links| {
        // Around the time-out: many replies are late, and arrive.
        let link = &links[fastrand::usize(..3)];
        match fastrand::u32(..4) {
            0 => link.blackhole_of(Direction::ToClient),
            _ => {
                link.set_delay_of(Direction::ToClient, Duration::from_millis(fastrand::u64(..350)))
            }
        }
        thread::sleep(Duration::from_millis(fastrand::u64(50..400)));
        links[fastrand::usize(..3)].heal();
    });
}

#[test]
fn late_and_lost_replies_together_cross_none() {
    let mut stage = Stage::new("200ms");
    let enough = |tally: Tally| tally.good > 1000 && tally.timed_out > 50;
    stage.play(enough, |links| any_fault(links, 300));
}
