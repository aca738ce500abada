//! The proxy's own code for a client allocates nothing per request: an acceptor, a client's task, a
//! worker and its connections run in this process, between a client and servers on sockets. Only
//! the thread that they run on is measured.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener as StdListener, TcpStream};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;

use allocation_counter::measure;
use arc_swap::ArcSwap;
use tidegate::client::{Port, accept};
use tidegate::config::{Config, HostPort};
use tidegate::consistency::History;
use tidegate::net::Listener;
use tidegate::tasks::{Board, Kind};
use tidegate::telemetry::Exporter;
use tidegate::topology::{
    Backend, BackendId, FallbackRank, Finding, Health, Role, Shard, Topology,
};
use tidegate::worker::{Shared, Worker};
use tidegate_wire::resp::{Args, Limits, RequestScanner, RequestStep, encode};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Requests of each kind before anything is measured: the buffers have grown by then.
const WARM_UP: usize = 20_000;
/// Requests of one measurement. What costs an allocation per request or per pipeline costs at least
/// 50 in each.
const MEASURED: usize = 5_000;
/// How many measurements are made at most until one of them sees no allocation. When the machine
/// wakes the server late, more requests wait at once than ever before, and a buffer that stays grows
/// once more.
const MEASUREMENTS: usize = 10;
/// How far the master and the replicas are.
const ROLE: &[u8] = b"*3\r\n$6\r\nmaster\r\n:1000\r\n*0\r\n";
const PLACE: &[u8] =
    b"run_id:0123456789\r\nrole:slave\r\nslave_repl_offset:1000\r\nmaster_replid:abc\r\n";

/// Answers as a server does, on a thread of its own: the port.
fn server() -> u16 {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    port
}

fn serve(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let (mut requests, mut chunk) = (Vec::new(), [0; 64 * 1024]);
    loop {
        match stream.read(&mut chunk) {
            Ok(len) if len > 0 => requests.extend_from_slice(&chunk[..len]),
            _ => return,
        }
        let (mut at, mut replies) = (0, Vec::new());
        let mut scanner = RequestScanner::default();
        while let Ok(RequestStep::Complete(request)) =
            scanner.scan(&requests[at..], &Limits::default())
        {
            let frame = &requests[at..at + request.len];
            match Args::new(frame).at(0) {
                Some(b"GET") => encode::bulk(&mut replies, b"a value of some bytes"),
                Some(b"ROLE") => replies.extend_from_slice(ROLE),
                Some(b"INFO") => encode::bulk(&mut replies, PLACE),
                _ => encode::status(&mut replies, "OK"),
            }
            at += request.len;
        }
        requests.drain(..at);
        if stream.write_all(&replies).is_err() {
            return;
        }
    }
}

fn backend(id: u32, role: Role) -> Backend {
    let health = Health::default();
    health.progress.set(Finding {
        offset: Some(1),
        lag_bytes: Some(0),
        proven_ms: Some(0),
        fresh_until_ms: u64::MAX,
        stale_reason: None,
        fallback_rank: FallbackRank::Current,
        fallback_until_ms: u64::MAX,
        heard_ms: Some(0),
        took_us: 1,
    });
    Backend {
        id: BackendId(id),
        addr: HostPort::local(server()),
        endpoint: None,
        role,
        weight: 1,
        scan_tag: 0,
        data_epoch: 0,
        excluded: None,
        is_local: false,
        pass: 0,
        health: Arc::new(health),
    }
}

/// The thread of a worker: a runtime on which one acceptor runs.
struct WorkerThread {
    runtime: LocalRuntime,
    port: u16,
}

impl WorkerThread {
    /// With a master and two fresh replicas.
    fn start() -> Self {
        let roles = [(0, Role::Master), (1, Role::Replica), (2, Role::Replica)];
        let backends = roles.into_iter().map(|(id, role)| backend(id, role)).collect();
        let history = History::default().follow("abc", None, 1000);
        let topology = Topology::of(Shard { backends, history, ..Shard::default() });
        topology.sole_shard().gate.judge(1, &mut [u64::MAX, u64::MAX], 0);
        let config = Config::parse("[topology]\nmaster = \"127.0.0.1:1\"\n", "").unwrap();
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().build_local(LocalOptions::default()).unwrap();
        let port = runtime.block_on(async {
            let epoch = Instant::now();
            let tasks = Board::new(epoch);
            let record = tasks.record(Kind::Worker, "worker-0");
            let metrics = Exporter::default().metrics();
            let config = Arc::new(ArcSwap::from_pointee(config));
            let topology = Arc::new(ArcSwap::from_pointee(topology));
            let shared = Shared::new(config, topology, None, (tasks, epoch), metrics);
            let shared = Arc::new(shared);
            let worker = Rc::new(Worker::new(shared, record));
            let listener = Listener::open(&HostPort::local(0), 1, None).unwrap().remove(0);
            let port = listener.local_addr().unwrap().ip().unwrap().port();
            tokio::task::spawn_local(accept(
                worker,
                Rc::new(listener.acceptor().unwrap()),
                Port::default(),
            ));
            port
        });
        Self { runtime, port }
    }
}

/// Sends `request` in pipelines of `depth`, `count` times in all; every reply is `reply`.
fn ask(stream: &mut TcpStream, (request, reply): (&[u8], &[u8]), depth: usize, count: usize) {
    let (requests, replies) = (request.repeat(depth), reply.repeat(depth));
    let mut got = vec![0; replies.len()];
    for _ in 0..count / depth {
        stream.write_all(&requests).unwrap();
        stream.read_exact(&mut got).unwrap();
        assert_eq!(got, replies);
    }
}

/// How many allocations `MEASURED` such requests cost the worker's thread: the least of some
/// measurements.
fn allocations(pair: (Vec<u8>, Vec<u8>), depth: usize) -> u64 {
    let worker = WorkerThread::start();
    let (done, (go, told)) = (Arc::new(Notify::new()), mpsc::channel::<()>());
    let (is_done, port) = (Arc::clone(&done), worker.port);
    let client = thread::spawn(move || {
        let pair = (&*pair.0, &*pair.1);
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        ask(&mut stream, pair, depth, WARM_UP);
        is_done.notify_one();
        // It hangs up only when the last measurement is over.
        while told.recv().is_ok() {
            ask(&mut stream, pair, depth, MEASURED);
            is_done.notify_one();
        }
    });
    worker.runtime.block_on(done.notified());
    let mut least = u64::MAX;
    for _ in 0..MEASUREMENTS {
        go.send(()).unwrap();
        least = least.min(measure(|| worker.runtime.block_on(done.notified())).count_total);
        if least == 0 {
            break;
        }
    }
    drop(go);
    client.join().unwrap();
    least
}

fn get() -> (Vec<u8>, Vec<u8>) {
    let mut reply = Vec::new();
    encode::bulk(&mut reply, b"a value of some bytes");
    (encode::request_of(&[b"GET", b"key"]), reply)
}

fn set() -> (Vec<u8>, Vec<u8>) {
    (encode::request_of(&[b"SET", b"key", b"value"]), b"+OK\r\n".to_vec())
}

#[test]
fn a_read_allocates_nothing() {
    for depth in [1, 16, 100] {
        assert_eq!(allocations(get(), depth), 0, "pipelines of {depth}");
    }
}

#[test]
fn a_write_allocates_nothing() {
    for depth in [1, 16, 100] {
        assert_eq!(allocations(set(), depth), 0, "pipelines of {depth}");
    }
}

/// What the client code answers by itself is measured with the same ruler: it does allocate.
#[test]
fn what_is_counted_is_not_nothing() {
    let echo = (encode::request_of(&[b"ECHO", b"x"]), b"$1\r\nx\r\n".to_vec());
    assert!(allocations(echo, 16) > 0, "an ECHO takes its arguments apart");
}
