//! Clients that take their time, or send a lot: others do not feel it, memory is bounded and comes
//! back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

const MIB: usize = 1024 * 1024;

/// A field of `/proc/<pid>/status`, in MiB.
fn status_mib(proxy: &Tidegate, field: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", proxy.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    let kib: usize = line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB").parse().unwrap();
    kib / 1024
}

/// A good client that asks once a millisecond.
struct Good {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<Vec<Duration>>,
}

impl Good {
    fn start(proxy: &Tidegate) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, mut wire) = (stop.clone(), proxy.wire());
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
        Self { stop, thread }
    }

    /// The 99th percentile, and how many requests there were.
    fn finish(self) -> (Duration, usize) {
        self.stop.store(true, Relaxed);
        let mut times = self.thread.join().unwrap();
        times.sort_unstable();
        (times[times.len() * 99 / 100], times.len())
    }
}

fn trio() -> Trio {
    let trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    trio
}

/// One worker, so that nobody has another thread to hide on.
fn one_worker(trio: &Trio) -> ConfigBuilder {
    Tidegate::for_trio(trio).set("proxy", "workers", "1").set("log", "level", "\"info\"")
}

#[test]
fn a_slow_reader_is_closed_and_harms_nobody() {
    let trio = trio();
    trio.master.cmd(&["SET", "big", &"x".repeat(MIB)]).ok();
    trio.wait_synced();
    let proxy = one_worker(&trio).set("proxy", "client-output-buffer-limit", "\"2mb\"").start();
    let good = Good::start(&proxy);
    let mut slow = proxy.wire();
    let requests: Vec<u8> = (0..200).flat_map(|_| encode(&["GET", "big"])).collect();
    slow.send_raw(&requests);
    eventually(Duration::from_secs(5), || {
        proxy.log().contains("client-output-buffer-limit").then_some(()).ok_or(proxy.log())
    });
    let mut peak = 0;
    for _ in 0..40 {
        peak = peak.max(status_mib(&proxy, "VmHWM"));
        thread::sleep(Duration::from_millis(10));
    }
    assert!(peak < 80, "{peak} MiB for a limit of two");
    let (p99, count) = good.finish();
    assert!(p99 < Duration::from_millis(50) && count > 50, "p99 {p99:?} of {count}");
}

/// Without reaching the limit: the proxy stops reading requests, not replies of others.
#[test]
fn a_reader_that_pauses_gets_everything_in_the_end() {
    let trio = trio();
    trio.master.cmd(&["SET", "big", &"x".repeat(MIB)]).ok();
    trio.wait_synced();
    let proxy = one_worker(&trio).start();
    let mut slow = proxy.wire();
    let requests: Vec<u8> = (0..100).flat_map(|_| encode(&["GET", "big"])).collect();
    slow.send_raw(&requests);
    let good = Good::start(&proxy);
    thread::sleep(Duration::from_millis(500));
    for _ in 0..100 {
        assert_eq!(slow.read_reply().bytes().len(), MIB);
    }
    let (p99, count) = good.finish();
    assert!(p99 < Duration::from_millis(50) && count > 50, "p99 {p99:?} of {count}");
}

const HALF_GIB: usize = 512 * MIB;

#[test]
fn half_a_gibibyte_passes_and_its_memory_comes_back() {
    let server = RedisServer::builder(Flavor::Redis70).start();
    server.cmd(&["SET", "k", "v"]).ok();
    let proxy = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", "1").start();
    let good = Good::start(&proxy);
    let mut wire = proxy.wire();
    wire.set_timeout(Duration::from_secs(30));
    let chunk: Vec<u8> = (0..MIB).map(|n| (n % 251) as u8).collect();
    wire.send_raw(format!("*3\r\n$3\r\nSET\r\n$4\r\nhuge\r\n${HALF_GIB}\r\n").as_bytes());
    let started = Instant::now();
    for _ in 0..HALF_GIB / MIB {
        wire.send_raw(&chunk);
    }
    wire.send_raw(b"\r\n");
    wire.read_reply().ok();
    eprintln!("512 MiB in {:?}", started.elapsed());
    assert_eq!(server.cmd(&["STRLEN", "huge"]).int(), HALF_GIB as i64);
    for at in [0, 12_345_678, HALF_GIB - MIB] {
        let (from, to) = (at.to_string(), (at + 999).to_string());
        let wanted: Vec<u8> = (at..at + 1000).map(|n| ((n % MIB) % 251) as u8).collect();
        assert_eq!(server.cmd(&["GETRANGE", "huge", &from, &to]).bytes(), wanted);
    }
    let peak = status_mib(&proxy, "VmHWM");
    assert!(peak < 1300, "peak {peak} MiB");
    eventually(Duration::from_secs(3), || match status_mib(&proxy, "VmRSS") {
        rss if rss < 100 => Ok(()),
        rss => Err(format!("{rss} MiB, peak {peak} MiB")),
    });
    let (p99, count) = good.finish();
    eprintln!("peak {peak} MiB, p99 {p99:?} of {count}");
    assert!(p99 < Duration::from_millis(50) && count > 50, "p99 {p99:?} of {count}");
}

#[test]
fn a_sender_that_stops_in_mid_frame_harms_nobody() {
    let trio = trio();
    let proxy = one_worker(&trio).start();
    let mut senders: Vec<Wire> = (0..20).map(|_| proxy.wire()).collect();
    for wire in &mut senders {
        // It promises half a gibibyte and gives one mebibyte.
        wire.send_raw(format!("*3\r\n$3\r\nSET\r\n$1\r\nx\r\n${HALF_GIB}\r\n").as_bytes());
        wire.send_raw(&vec![b'x'; MIB]);
    }
    let good = Good::start(&proxy);
    thread::sleep(Duration::from_millis(500));
    let (p99, count) = good.finish();
    assert!(p99 < Duration::from_millis(50) && count > 50, "p99 {p99:?} of {count}");
    let rss = status_mib(&proxy, "VmRSS");
    assert!(rss < 100, "{rss} MiB for 20 MiB received");
}

/// Many small arguments in one request: every byte is looked at once.
#[test]
fn a_request_of_a_million_arguments_delays_nobody() {
    let trio = trio();
    let proxy = one_worker(&trio).start();
    let pairs = 500_000;
    let mut request = format!("*{}\r\n$4\r\nMSET\r\n", 1 + 2 * pairs).into_bytes();
    for n in 0..pairs {
        request.extend(format!("$8\r\n{n:08}\r\n$8\r\nabcdefgh\r\n").bytes());
    }
    let good = Good::start(&proxy);
    let mut wire = proxy.wire();
    wire.set_timeout(Duration::from_secs(20));
    let started = Instant::now();
    wire.send_raw(&request);
    wire.read_reply().ok();
    let took = started.elapsed();
    let (_, count) = good.finish();
    eprintln!("a million arguments in {took:?}; {count} requests of others meanwhile");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), pairs + 1);
}
