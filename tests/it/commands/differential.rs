//! The same random pipelines to the proxy and to a lone Redis: the same bytes back.

mod generate;
mod templates;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use self::generate::{Generator, Kind, Pipeline};
use crate::support::*;

const CLIENTS: usize = 50;
const PIPELINES: usize = 10_000;
/// `TIDEGATE_SEED` repeats a run that failed.
fn seed() -> u64 {
    let given = std::env::var("TIDEGATE_SEED").ok();
    let seed = given.map_or_else(|| fastrand::u64(..1_000_000), |seed| seed.parse().unwrap());
    eprintln!("TIDEGATE_SEED={seed}");
    seed
}

#[test]
fn equals_a_lone_redis() {
    let trio = Trio::spawn(Flavor::Redis70);
    let lone = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = Tidegate::for_trio(&trio).reads_from("master").start();
    let (addr, lone_addr, seed) = (proxy.addr(), lone.addr(), seed());
    let started = Instant::now();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                let mut pair = Pair::new(addr, lone_addr, seed, client);
                for _ in 0..PIPELINES / CLIENTS {
                    pair.step(Kind::Mixed);
                }
            });
        }
    });
    eprintln!("{PIPELINES} pipelines in {:?}", started.elapsed());
    proxy.assert_alive();
    assert_eq!(trio.master.digest(), lone.digest(), "the same data in the end");
}

#[test]
fn replicas_that_are_in_sync_equal_a_lone_redis() {
    const ROUNDS: usize = 10;
    let trio = Trio::spawn(Flavor::Redis70);
    let lone = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = Tidegate::for_trio(&trio).reads_from("replica").start();
    let (addr, lone_addr, seed) = (proxy.addr(), lone.addr(), seed());
    let meet = Barrier::new(CLIENTS + 1);
    let failed = Mutex::new(false);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (meet, failed) = (&meet, &failed);
            scope.spawn(move || {
                let mut pair = Pair::new(addr, lone_addr, seed, client);
                for _ in 0..ROUNDS {
                    for kind in [Kind::NoReads, Kind::Reads] {
                        // A panic must not keep the others waiting.
                        let steps = std::panic::AssertUnwindSafe(|| {
                            (0..PIPELINES / CLIENTS / ROUNDS / 2).for_each(|_| pair.step(kind));
                        });
                        if !*failed.lock().unwrap() && std::panic::catch_unwind(steps).is_err() {
                            *failed.lock().unwrap() = true;
                        }
                        meet.wait();
                        meet.wait();
                    }
                }
            });
        }
        for _ in 0..ROUNDS * 2 {
            meet.wait();
            trio.wait_synced();
            meet.wait();
        }
    });
    assert!(!*failed.lock().unwrap(), "see above");
    proxy.assert_alive();
    let reads: u64 = trio.replicas.iter().map(|replica| replica.calls("mget")).sum();
    assert!(reads > 0, "the replicas were asked");
}

/// One client's two connections.
struct Pair {
    addrs: [SocketAddr; 2],
    streams: [TcpStream; 2],
    generator: Generator,
    client: usize,
    step: usize,
}

impl Pair {
    fn new(proxy: SocketAddr, lone: SocketAddr, seed: u64, client: usize) -> Self {
        let addrs = [proxy, lone];
        let generator = Generator::new(seed, client);
        let streams = [connect(proxy, client + 1), connect(lone, 0)];
        Self { addrs, streams, generator, client, step: 0 }
    }

    fn step(&mut self, kind: Kind) {
        let pipeline = self.generator.next(kind);
        let cuts = self.cuts(pipeline.bytes.len());
        send(&self.streams[0], &pipeline.bytes, &cuts);
        send(&self.streams[1], &pipeline.bytes, &[]);
        let [ours, theirs] = [0, 1].map(|at| {
            let replies = receive(&mut self.streams[at], &pipeline);
            masked(
                &replies.unwrap_or_else(|why| self.panic(&pipeline, ["proxy", "Redis"][at], &why)),
            )
        });
        if let Some(at) = first_difference(&ours, &theirs) {
            let near = |bytes: &[u8]| {
                let part = &bytes[at.saturating_sub(200)..bytes.len().min(at + 100)];
                String::from_utf8_lossy(part).into_owned()
            };
            let why = format!("byte {at}\n ours {:?}\ntheirs {:?}", near(&ours), near(&theirs));
            self.panic(&pipeline, "difference", &why);
        }
        if pipeline.ends {
            self.streams = [connect(self.addrs[0], self.client + 1), connect(self.addrs[1], 0)];
        }
        self.step += 1;
    }

    /// Where the bytes are split on their way to the proxy.
    fn cuts(&mut self, len: usize) -> Vec<usize> {
        let random = self.generator.random();
        let count = if random.bool() { random.usize(..6) } else { 0 };
        let mut cuts: Vec<_> = (0..count).map(|_| random.usize(..len)).collect();
        cuts.sort_unstable();
        cuts
    }

    fn panic(&self, pipeline: &Pipeline, what: &str, why: &str) -> ! {
        let Self { client, step, .. } = self;
        panic!("client {client}, pipeline {step}, {what}: {why}\n{}", pipeline.text.join("\n"));
    }
}

/// From the loopback address 127.0.0.1 + `from`. At the proxy each client has an address of its own,
/// because failed logins are slowed down per address; Redis's protected mode takes the first only.
fn connect(addr: SocketAddr, from: usize) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let own = SocketAddr::from(([127, 0, 0, u8::try_from(from + 1).unwrap()], 0));
    socket.bind(&own.into()).unwrap();
    socket.connect(&addr.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn send(mut stream: &TcpStream, bytes: &[u8], cuts: &[usize]) {
    let mut from = 0;
    for &cut in cuts.iter().chain([&bytes.len()]) {
        // A server that has closed already says so when it is read.
        let _ = stream.write_all(&bytes[from..cut]);
        from = cut;
        if cut < bytes.len() && cut % 3 == 0 {
            thread::sleep(Duration::from_micros(300));
        }
    }
}

/// All replies to the pipeline.
fn receive(stream: &mut TcpStream, pipeline: &Pipeline) -> Result<Vec<u8>, String> {
    let mut replies = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    while pipeline.ends || !replies.ends_with(&pipeline.last) {
        match stream.read(&mut chunk) {
            Ok(0) if pipeline.ends => return Ok(replies),
            Err(error) if pipeline.ends && error.kind() == ErrorKind::ConnectionReset => {
                return Ok(replies);
            }
            Ok(0) => return Err(format!("closed after {}", tail(&replies))),
            Ok(len) => replies.extend_from_slice(&chunk[..len]),
            Err(error) => return Err(format!("{error} after {}", tail(&replies))),
        }
    }
    Ok(replies)
}

fn tail(replies: &[u8]) -> String {
    String::from_utf8_lossy(&replies[replies.len().saturating_sub(500)..])
        .escape_debug()
        .to_string()
}

/// Without the one thing that has to differ: the client's id in HELLO's reply.
fn masked(replies: &[u8]) -> Vec<u8> {
    const ID: &[u8] = b"$2\r\nid\r\n:";
    let mut out = Vec::with_capacity(replies.len());
    let mut rest = replies;
    while let Some(at) = rest.windows(ID.len()).position(|window| window == ID) {
        let (head, tail) = rest.split_at(at + ID.len());
        out.extend_from_slice(head);
        let digits = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = &tail[digits..];
    }
    out.extend_from_slice(rest);
    out
}

fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let at = a.iter().zip(b).position(|(a, b)| a != b);
    at.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}
