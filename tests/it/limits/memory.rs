//! Clients that take their time, or send a lot: others are served meanwhile, memory is bounded and
//! comes back. How quickly others are served is measured by `latency`, which `scripts/latency`
//! runs.

use crate::support::*;

pub const MIB: usize = 1024 * 1024;

/// Another client of the proxy.
struct Neighbour(Wire);

impl Neighbour {
    fn of(proxy: &Tidegate) -> Self {
        let wire = proxy.wire();
        Self(wire)
    }

    /// Asks, and has its reply before this returns.
    #[track_caller]
    fn is_served(&mut self, times: usize) {
        for _ in 0..times {
            assert_eq!(self.0.cmd(&["GET", "k"]).str(), "v");
        }
    }
}

pub fn trio() -> Trio {
    let trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    trio
}

/// One worker, so that all clients share its thread.
pub fn one_worker(trio: &Trio) -> ConfigBuilder {
    Tidegate::for_trio(trio).set("proxy", "workers", "1").set("log", "level", "\"info\"")
}

/// A client that asks for `count` values of 1 MiB and reads nothing.
pub fn slow_reader(trio: &Trio, proxy: &Tidegate, count: usize) -> Wire {
    trio.master.cmd(&["SET", "big", &"x".repeat(MIB)]).ok();
    trio.wait_synced();
    let mut slow = proxy.wire();
    let requests: Vec<u8> = (0..count).flat_map(|_| encode(&["GET", "big"])).collect();
    slow.send_raw(&requests);
    slow
}

/// The worker has one thread: if it waited for the slow reader, the other client would wait for
/// ever.
#[test]
fn a_slow_reader_is_closed_and_affects_no_other_client() {
    let trio = trio();
    let proxy = one_worker(&trio).set("proxy", "client-output-buffer-limit", "\"2mb\"").start();
    let mut neighbour = Neighbour::of(&proxy);
    let _slow = slow_reader(&trio, &proxy, 200);
    eventually(PATIENCE, || {
        neighbour.is_served(10);
        proxy.log().contains("client-output-buffer-limit").then_some(()).ok_or_else(|| proxy.log())
    });
    neighbour.is_served(200);
    let peak = proxy.status_kib("VmHWM") / 1024;
    assert!(peak < 80, "{peak} MiB for a limit of two");
}

/// Below the limit the proxy stops reading the client's requests, and keeps reading other replies.
#[test]
fn a_reader_that_pauses_gets_everything_in_the_end() {
    let trio = trio();
    let proxy = one_worker(&trio).start();
    let mut neighbour = Neighbour::of(&proxy);
    let mut slow = slow_reader(&trio, &proxy, 100);
    neighbour.is_served(500);
    for _ in 0..100 {
        assert_eq!(slow.read_reply().bytes().len(), MIB);
        neighbour.is_served(1);
    }
}

const HALF_GIB: usize = 512 * MIB;

/// The bytes of the huge value, repeated.
pub fn chunk() -> Vec<u8> {
    (0..=250_u8).cycle().take(MIB).collect()
}

/// Sends a SET of half a gibibyte; `meanwhile` runs between its chunks, while it is incomplete.
pub fn set_huge(wire: &mut Wire, mut meanwhile: impl FnMut()) {
    let chunk = chunk();
    wire.send_raw(format!("*3\r\n$3\r\nSET\r\n$4\r\nhuge\r\n${HALF_GIB}\r\n").as_bytes());
    for _ in 0..HALF_GIB / MIB {
        wire.send_raw(&chunk);
        meanwhile();
    }
    wire.send_raw(b"\r\n");
    wire.read_reply().ok();
}

#[test]
fn half_a_gibibyte_passes_and_its_memory_comes_back() {
    let server = RedisServer::builder(Flavor::Redis70).start();
    server.cmd(&["SET", "k", "v"]).ok();
    let proxy = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", "1").start();
    let mut neighbour = Neighbour::of(&proxy);
    set_huge(&mut proxy.wire(), || neighbour.is_served(1));
    let chunk = chunk();
    assert_eq!(server.cmd(&["STRLEN", "huge"]).int(), HALF_GIB as i64);
    for at in [0, 12_345_678, HALF_GIB - MIB] {
        let (from, to) = (at.to_string(), (at + 999).to_string());
        let wanted: Vec<u8> = (at..at + 1000).map(|n| chunk[n % MIB]).collect();
        assert_eq!(server.cmd(&["GETRANGE", "huge", &from, &to]).bytes(), wanted);
    }
    let peak = proxy.status_kib("VmHWM") / 1024;
    assert!(peak < 1000, "peak {peak} MiB");
    eventually(PATIENCE, || match proxy.status_kib("VmRSS") / 1024 {
        rss if rss < 100 => Ok(()),
        rss => Err(format!("{rss} MiB, peak {peak} MiB")),
    });
}

/// Twenty clients that promise half a gibibyte each and give one mebibyte.
pub fn stopped_senders(proxy: &Tidegate) -> Vec<Wire> {
    let mut senders: Vec<Wire> = (0..20).map(|_| proxy.wire()).collect();
    for wire in &mut senders {
        wire.send_raw(format!("*3\r\n$3\r\nSET\r\n$1\r\nx\r\n${HALF_GIB}\r\n").as_bytes());
        wire.send_raw(&vec![b'x'; MIB]);
    }
    senders
}

#[test]
fn a_sender_that_stops_in_mid_frame_affects_no_other_client() {
    let trio = trio();
    let proxy = one_worker(&trio).start();
    let _senders = stopped_senders(&proxy);
    Neighbour::of(&proxy).is_served(500);
    let rss = proxy.status_kib("VmRSS") / 1024;
    assert!(rss < 100, "{rss} MiB for 20 MiB received");
}

/// MSET requests of `pairs` pairs in all, `each` pairs in one request.
pub fn msets(pairs: usize, each: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for first in (0..pairs).step_by(each) {
        out.extend(format!("*{}\r\n$4\r\nMSET\r\n", 1 + 2 * each).bytes());
        for n in first..first + each {
            out.extend(format!("$8\r\n{n:08}\r\n$8\r\nabcdefgh\r\n").bytes());
        }
    }
    out
}

/// Processor time that the proxy has used, in ticks of the kernel.
fn ticks(proxy: &Tidegate) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", proxy.pid())).unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    fields[11..=12].iter().map(|field| field.parse::<u64>().unwrap()).sum()
}

/// Many small arguments in one request: each byte is scanned once, so it costs no more than the
/// same bytes in many requests. A scan from the start at each of the hundreds of reads would cost a
/// hundred times as much.
#[test]
fn a_request_of_a_million_arguments_delays_no_other_client() {
    const PAIRS: usize = 500_000;
    let trio = trio();
    let proxy = one_worker(&trio).start();
    let mut neighbour = Neighbour::of(&proxy);
    let mut wire = proxy.wire();
    let costs = [1000, PAIRS].map(|each| {
        let before = ticks(&proxy);
        for piece in msets(PAIRS, each).chunks(MIB / 8) {
            wire.send_raw(piece);
            neighbour.is_served(1);
        }
        (0..PAIRS / each).for_each(|_| wire.read_reply().ok());
        (ticks(&proxy) - before).max(1)
    });
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), PAIRS as i64 + 1);
    let [many, one] = costs;
    assert!(one < 5 * many + 20, "{one} ticks in one request, {many} in many");
}
