//! Nonsense at the client port: the proxy lives, stays small, and others notice nothing.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

const TIME: Duration = Duration::from_secs(5);
const ATTACKERS: usize = 8;
/// Resident memory at the end, at most.
const MEMORY_MAX_KB: usize = 256 * 1024;

/// What is mutated: a bit of everything that a client may say.
const SAMPLES: &[&[&str]] = &[
    &["GET", "g:k"],
    &["SET", "g:k", "value"],
    &["MSET", "g:a", "1", "g:b", "2"],
    &["MULTI"],
    &["EXEC"],
    &["DISCARD"],
    &["WATCH", "g:k"],
    &["SUBSCRIBE", "g:c"],
    &["UNSUBSCRIBE"],
    &["HELLO", "3", "AUTH", "default", "x", "SETNAME", "y"],
    &["HELLO", "2"],
    &["SELECT", "9"],
    &["CLIENT", "REPLY", "SKIP"],
    &["CLIENT", "LIST", "ID", "1"],
    &["CLIENT", "TRACKING", "ON"],
    &["SCAN", "8589934593", "COUNT", "10"],
    &["BLPOP", "g:none", "0.01"],
    &["EVAL", "return {KEYS[1],ARGV[1]}", "1", "g:k", "a"],
    &["INFO", "all"],
    &["MONITOR"],
    &["RESET"],
    &["XREAD", "BLOCK", "1", "STREAMS", "g:x", "$"],
    &["WAIT", "0", "1"],
    &["SORT", "g:l", "BY", "x", "STORE", "g:d"],
];

/// Beginnings that promise much.
const PROMISES: &[&[u8]] = &[
    b"*1048576\r\n",
    b"*2147483647\r\n",
    b"*-1\r\n",
    b"*9223372036854775807\r\n",
    b"*3\r\n$536870912\r\n",
    b"*2\r\n$3\r\nGET\r\n$4294967296\r\n",
    b"$5\r\nhello\r\n",
    b"*1\r\n*1\r\n$4\r\nPING\r\n",
    b"\"\\x",
    b"\r\n\r\n\n\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\0\0\0\0",
    b"*\r\n",
    b"*1\r\n$\r\n",
    b"*1\r\n$-0\r\n\r\n",
    b"*+1\r\n$+4\r\nPING\r\n",
];

/// The longest that a client waits for two replies while other clients send garbage.
pub fn beside_garbage() -> Duration {
    let trio = Trio::spawn(Flavor::Redis70);
    let mut proxy = Tidegate::for_trio(&trio).reads_from("master").start();
    let addr = proxy.addr();
    let seed = fastrand::u64(..1_000_000);
    eprintln!("seed {seed}");
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut good = Wire::connect(addr);
    let (mut answered, mut longest) = (0, Duration::ZERO);
    thread::scope(|scope| {
        for attacker in 0..ATTACKERS {
            let random = fastrand::Rng::with_seed(seed + attacker as u64);
            let (stop, sent) = (&stop, &sent);
            scope.spawn(move || attack(addr, random, stop, sent));
        }
        let started = Instant::now();
        let work = std::panic::AssertUnwindSafe(|| {
            while started.elapsed() < TIME {
                answered += 1;
                let (value, asked) = (format!("good {answered}"), Instant::now());
                let replies = good.pipeline(&[&["SET", "good", &value], &["GET", "good"]]);
                longest = longest.max(asked.elapsed());
                replies[0].ok();
                assert_eq!(replies[1].str(), value);
            }
        });
        let outcome = std::panic::catch_unwind(work);
        stop.store(true, SeqCst);
        outcome.unwrap();
    });
    eprintln!("{answered} good answers, {} connections of garbage", sent.load(SeqCst));
    proxy.assert_alive();
    assert!(!proxy.log().contains("panicked"), "{}", proxy.log());
    assert!(answered > 100 && sent.load(SeqCst) > 100);
    let memory = proxy.status_kib("VmRSS");
    assert!(memory < MEMORY_MAX_KB, "{memory} kB");
    assert_eq!(proxy.wire().cmd(&["PING"]).str(), "PONG");
    longest
}

/// `latency` judges how quickly the others are served.
#[test]
fn garbage_affects_no_other_client() {
    beside_garbage();
}

/// Connection after connection of garbage.
fn attack(addr: SocketAddr, mut random: fastrand::Rng, stop: &AtomicBool, sent: &AtomicU64) {
    // Left open, to see that what they promised costs nothing.
    let mut open = Vec::new();
    while !stop.load(SeqCst) {
        let Ok(mut stream) = TcpStream::connect(addr) else { continue };
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
        for _ in 0..random.usize(1..6) {
            let garbage = garbage(&mut random);
            if stream.write_all(&garbage).is_err() {
                break;
            }
            let _ = stream.read(&mut [0; 4096]);
        }
        sent.fetch_add(1, SeqCst);
        match random.usize(..10) {
            0 if open.len() < 50 => open.push(stream),
            1 => drop(stream.shutdown(Shutdown::Write)),
            2 => {
                let socket = socket2::SockRef::from(&stream);
                socket.set_linger(Some(Duration::ZERO)).unwrap();
            }
            _ => {}
        }
    }
}

fn garbage(random: &mut fastrand::Rng) -> Vec<u8> {
    match random.usize(..6) {
        0 => (0..random.usize(..3000)).map(|_| random.u8(..)).collect(),
        1 => PROMISES[random.usize(..PROMISES.len())].to_vec(),
        2 => {
            let mut bytes = PROMISES[random.usize(..PROMISES.len())].to_vec();
            bytes.extend(mutated(random));
            bytes
        }
        _ => mutated(random),
    }
}

/// A few real requests with a few bytes changed.
fn mutated(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.usize(1..8) {
        bytes.extend(encode(SAMPLES[random.usize(..SAMPLES.len())]));
    }
    for _ in 0..random.usize(..5) {
        let at = random.usize(..bytes.len());
        let end = random.usize(at..bytes.len().min(at + 20)).max(at);
        match random.usize(..6) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] ^= 1 << random.u8(..8),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.insert(at, random.u8(..)),
            4 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => drop(bytes.splice(at..end, random.i64(..).to_string().into_bytes())),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}
