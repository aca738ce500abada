//! A million pipelined `SET k v` / `GET k` pairs: every reply is the right one, in its place.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

const PAIRS: usize = 1_000_000;
const CONNECTIONS: usize = 8;
/// Pairs that leave in one write.
const DEPTH: usize = 1000;
/// Writes under way before their replies are read.
const AHEAD: usize = 2;
#[test]
fn a_million_pipelined_pairs_come_back_right() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).reads_from("master");
    // A busy machine may take longer than the default for a thousand pairs.
    let mut proxy = config.set("topology", "request-timeout", "\"120s\"").start();
    let started = Instant::now();
    let addr = proxy.addr();
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            scope.spawn(move || one_connection(addr, connection));
        }
    });
    eprintln!("{PAIRS} pairs in {:?}", started.elapsed());
    proxy.assert_alive();
    assert_eq!(trio.master.cmd(&["DBSIZE"]).int(), i64::try_from(PAIRS).unwrap());
}

fn one_connection(addr: SocketAddr, connection: usize) {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let batches = PAIRS / CONNECTIONS / DEPTH;
    let mut expected = Vec::new();
    for batch in 0..batches + AHEAD {
        if batch < batches {
            let (requests, replies) = batch_of(connection, batch);
            stream.write_all(&requests).unwrap();
            expected.push(replies);
        }
        if let Some(done) = batch.checked_sub(AHEAD) {
            let replies = std::mem::take(&mut expected[done]);
            expect(&mut stream, &replies, connection, done);
        }
    }
}

/// The requests of one batch, and the exact bytes that answer them.
fn batch_of(connection: usize, batch: usize) -> (Vec<u8>, Vec<u8>) {
    let (mut requests, mut replies) = (Vec::new(), Vec::new());
    for pair in batch * DEPTH..(batch + 1) * DEPTH {
        let key = format!("k:{connection}:{pair}");
        // Of many lengths, so that a reply out of place is out of step too.
        let value = format!("v:{connection}:{pair}:{}", "x".repeat(pair * 7 % 41));
        requests.extend(encode(&["SET", &key, &value]));
        requests.extend(encode(&["GET", &key]));
        write!(replies, "+OK\r\n${}\r\n{value}\r\n", value.len()).unwrap();
    }
    (requests, replies)
}

#[track_caller]
fn expect(stream: &mut TcpStream, expected: &[u8], connection: usize, batch: usize) {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).unwrap();
    if let Some(at) = got.iter().zip(expected).position(|(a, b)| a != b) {
        let near = |bytes: &[u8]| {
            let part = &bytes[at.saturating_sub(40)..bytes.len().min(at + 80)];
            String::from_utf8_lossy(part).into_owned()
        };
        panic!(
            "connection {connection}, batch {batch}, byte {at}:\n got {:?}\nwant {:?}",
            near(&got),
            near(expected)
        );
    }
}

/// A request that waits for room is unchanged when its turn comes.
#[test]
fn a_full_queue_forgets_no_skip() {
    const VALUE: usize = 200 * 1024;
    let mut trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).set("proxy", "workers", "1");
    let mut proxy = config.set("topology", "request-timeout", "\"30s\"").start();
    let addr = proxy.addr();
    // The connection to the master is there.
    proxy.wire().cmd(&["SET", "k", "v"]).ok();
    trio.master.pause();
    thread::scope(|scope| {
        scope.spawn(move || {
            // More than may wait for one server.
            let request = encode(&["SET", "k", &"x".repeat(VALUE)]);
            let mut wire = Wire::connect(addr);
            (0..180).for_each(|_| wire.send_raw(&request));
            (0..180).for_each(|_| wire.read_reply().ok());
        });
        thread::sleep(Duration::from_secs(1));
        let mut wire = Wire::connect(addr);
        wire.send_raw(&[encode(&["CLIENT", "REPLY", "SKIP"]), encode(&["INCR", "n"])].concat());
        wire.send(&["ECHO", "end"]);
        wire.expect_silence(Duration::from_millis(300));
        trio.master.resume();
        assert_eq!(wire.read_reply().str(), "end", "INCR's reply was to be skipped");
    });
    assert_eq!(trio.master.cmd(&["GET", "n"]).str(), "1");
    proxy.assert_alive();
}
