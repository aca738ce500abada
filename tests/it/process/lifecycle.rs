//! SIGTERM, SIGHUP and mistakes in proxy.toml, with clients under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// Clients that pipeline until the connection ends; each says how that was, and what was wrong.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    threads: Vec<thread::JoinHandle<(u64, Vec<String>)>>,
}

impl Load {
    fn start(proxy: &Tidegate, count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let one = |n| {
            let (stop, all, wire) = (stop.clone(), answered.clone(), proxy.wire());
            thread::spawn(move || pipeline(wire, n, &stop, &all))
        };
        let threads = (0..count).map(one).collect();
        Self { stop, answered, threads }
    }

    /// Waits until more than a hundred requests have been answered.
    #[track_caller]
    fn warm(&self) {
        eventually(PATIENCE, || match self.answered.load(Relaxed) {
            101.. => Ok(()),
            few => Err(format!("{few} replies")),
        });
    }

    fn finish(self) -> (u64, Vec<String>) {
        self.stop.store(true, Relaxed);
        let ended = self.threads.into_iter().map(|thread| thread.join().unwrap());
        ended.fold((0, Vec::new()), |(count, mut all), (n, wrong)| {
            all.extend(wrong);
            (count + n, all)
        })
    }
}

/// Whole replies, then perhaps the end: anything else is wrong.
fn pipeline(mut wire: Wire, n: usize, stop: &AtomicBool, all: &AtomicU64) -> (u64, Vec<String>) {
    let (mut answered, mut wrong) = (0, Vec::new());
    let (key, value) = (format!("big{n}"), "x".repeat(20_000));
    while !stop.load(Relaxed) {
        let echo = answered.to_string();
        let requests =
            [encode(&["SET", &key, &value]), encode(&["ECHO", &echo]), encode(&["GET", &key])];
        if wire.try_send_raw(&requests.concat()).is_err() {
            break;
        }
        for wanted in [Reply::Simple("OK".into()), Reply::Bulk(echo.clone().into_bytes())] {
            match wire.try_read_reply() {
                Ok(reply) if reply == wanted => {}
                Ok(reply) => wrong.push(format!("{reply:?}")),
                Err(error) => return (answered, ending(error, wrong)),
            }
        }
        match wire.try_read_reply() {
            Ok(Reply::Bulk(bytes)) if bytes.len() == value.len() => {}
            Ok(reply) => wrong.push(format!("{reply:?}")),
            Err(error) => return (answered, ending(error, wrong)),
        }
        answered += 3;
        all.fetch_add(3, Relaxed);
    }
    (answered, wrong)
}

fn ending(error: std::io::Error, mut wrong: Vec<String>) -> Vec<String> {
    let text = error.to_string();
    if text.contains("pending") || wire::is_timeout(&error) {
        wrong.push(text);
    }
    wrong
}

/// SIGTERM under load, three times: the longest that the proxy took to end.
pub fn sigterm_under_load() -> Duration {
    let trio = Trio::spawn(Flavor::Redis70);
    let mut longest = Duration::ZERO;
    for _ in 0..3 {
        let mut proxy = Tidegate::for_trio(&trio).reads_from("master").start();
        let load = Load::start(&proxy, 8);
        let (mut blocked, mut subscribed, mut idle) = (proxy.wire(), proxy.wire(), proxy.wire());
        blocked.send(&["BLPOP", "nothing", "0"]);
        subscribed.cmd(&["SUBSCRIBE", "c"]);
        let mut watching = proxy.wire();
        watching.cmd(&["MULTI"]).ok();
        load.warm();
        let asked = Instant::now();
        proxy.sigterm();
        let status = proxy.wait_exit(PATIENCE);
        assert_eq!(status.code(), Some(0), "{}", proxy.log());
        longest = longest.max(asked.elapsed());
        let (answered, wrong) = load.finish();
        assert!(answered > 100 && wrong.is_empty(), "{answered}: {wrong:?}");
        assert!(blocked.expect_closed().is_empty() && idle.expect_closed().is_empty());
        assert!(!proxy.log().contains("without their last replies"), "{}", proxy.log());
    }
    longest
}

/// `latency` judges how soon.
#[test]
fn sigterm_cuts_no_reply_short() {
    sigterm_under_load();
}

/// The proxy carries out and answers every request that a client had sent before the signal.
#[test]
fn sigterm_answers_what_was_sent_before() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let big = "x".repeat(1_000_000);
    trio.master.cmd(&["SET", "big", &big]).ok();
    let mut proxy = Tidegate::for_trio(&trio).reads_from("master").start();
    let (mut reader, mut writer, mut transaction) = (proxy.wire(), proxy.wire(), proxy.wire());
    reader.cmd(&["STRLEN", "big"]).int();
    writer.cmd(&["SET", "n", "0"]).ok();

    trio.master.pause();
    reader.send_raw(&encode(&["GET", "big"]).repeat(60));
    writer.send_raw(&encode(&["INCR", "n"]).repeat(10_000));
    transaction.send_raw(&encode(&["INCR", "m"]).repeat(100));
    for request in [&["MULTI"][..], &["INCR", "m"], &["EXEC"], &["PING"]] {
        transaction.send(request);
    }
    thread::sleep(Duration::from_millis(300));
    proxy.sigterm();
    thread::sleep(Duration::from_millis(200));
    trio.master.resume();

    let reading = thread::spawn(move || {
        (0..60).for_each(|_| assert_eq!(reader.read_reply().bytes().len(), big.len()));
        assert!(reader.expect_closed().is_empty());
    });
    (1..=10_000).for_each(|n| assert_eq!(writer.read_reply().int(), n));
    (1..=100).for_each(|n| assert_eq!(transaction.read_reply().int(), n));
    transaction.read_reply().ok();
    assert_eq!(transaction.read_reply().str(), "QUEUED");
    assert_eq!(transaction.read_reply().array()[0].int(), 101);
    assert_eq!(transaction.read_reply().str(), "PONG");
    for mut wire in [writer, transaction] {
        assert!(wire.expect_closed().is_empty());
    }
    reading.join().unwrap();
    assert_eq!(proxy.wait_exit(PATIENCE).code(), Some(0));
    assert!(!proxy.log().contains("without their last replies"), "{}", proxy.log());
}

/// Requests on their way when the signal comes are answered, too: the pipeline is longer than the
/// proxy reads ahead.
#[test]
fn sigterm_answers_a_long_pipeline_behind_a_slow_request() {
    const SETS: usize = 9_000;
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let mut wire = proxy.wire();
    let script = "local t = redis.call('TIME')[1]; while redis.call('TIME')[1] - t < 2 do end";
    let mut stream = wire.stream().try_clone().unwrap();
    let requests: Vec<u8> = encode(&["EVAL", script, "0"])
        .into_iter()
        .chain((0..SETS).flat_map(|n| encode(&["SET", &format!("k{n}"), &"v".repeat(60)])))
        .collect();
    let sending = thread::spawn(move || {
        use std::io::Write as _;
        stream.write_all(&requests).unwrap();
    });
    thread::sleep(Duration::from_millis(200));
    proxy.sigterm();
    assert!(wire.read_reply().is_null());
    (0..SETS).for_each(|_| wire.read_reply().ok());
    assert!(wire.expect_closed().is_empty());
    sending.join().unwrap();
    assert_eq!(server.cmd(&["DBSIZE"]).int(), i64::try_from(SETS).unwrap());
    assert_eq!(proxy.wait_exit(PATIENCE).code(), Some(0));
}

/// A request that arrives at the same moment as the signal, before the runtime has seen it.
#[test]
fn sigterm_answers_what_has_just_come() {
    let server = RedisServer::spawn(Flavor::Redis70);
    for round in 0..20 {
        let mut proxy = ConfigBuilder::new(server.addr(), &[]).start();
        let mut wires: Vec<Wire> = (0..30).map(|_| proxy.wire()).collect();
        wires.iter_mut().for_each(|wire| drop(wire.cmd(&["PING"])));
        let keys: Vec<String> = (0..wires.len()).map(|n| format!("{round}:{n}")).collect();
        for (wire, key) in wires.iter_mut().zip(&keys) {
            wire.send(&["SET", key, "1"]);
        }
        proxy.sigterm();
        for (wire, key) in wires.iter_mut().zip(&keys) {
            let reply = wire.try_read_reply();
            assert_eq!(reply.ok(), Some(Reply::Simple("OK".to_owned())), "{key}");
        }
        assert_eq!(proxy.wait_exit(PATIENCE).code(), Some(0));
    }
}

/// A pipeline that is longer than any buffer: the replies that come are whole and in order.
#[test]
fn sigterm_amid_a_deep_pipeline_leaves_whole_replies() {
    // What waits in the buffers of a pipeline is answered within the time of a drain, also by a slow
    // machine.
    const LEN: usize = 800;
    let trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "big", &"x".repeat(LEN)]).ok();
    for _ in 0..3 {
        let mut proxy = Tidegate::for_trio(&trio).reads_from("master").start();
        let mut wire = proxy.wire();
        let mut stream = wire.stream().try_clone().unwrap();
        let requests: Vec<u8> = (0..10_000).flat_map(|_| encode(&["GET", "big"])).collect();
        let sender = thread::spawn(move || {
            use std::io::Write as _;
            // More than is ever read.
            while stream.write_all(&requests).is_ok() {}
        });
        for _ in 0..50 {
            assert_eq!(wire.read_reply().bytes().len(), LEN);
        }
        proxy.sigterm();
        // A network slower than the proxy: much is on its way when the proxy has written the last.
        thread::sleep(Duration::from_millis(500));
        let mut whole = 50;
        let end = loop {
            match wire.try_read_reply() {
                Ok(Reply::Bulk(bytes)) if bytes.len() == LEN => whole += 1,
                Ok(other) => panic!("{other:?}"),
                Err(error) => break error.to_string(),
            }
        };
        assert!(!end.contains("pending"), "after {whole}: {end}");
        assert_eq!(proxy.wait_exit(PATIENCE).code(), Some(0));
        sender.join().unwrap();
    }
}

/// A client that does not read delays the end for a bounded time, and a second signal ends the
/// process at once. Returns how long that took.
pub fn second_sigterm() -> Duration {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).reads_from("master");
    let mut proxy = config.set("topology", "request-timeout", "\"60s\"").start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    trio.master.pause();
    wire.send(&["GET", "k"]);
    until_under_way(&proxy, 1);
    proxy.sigterm();
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains("draining") => Ok(()),
        log => Err(log),
    });
    thread::sleep(Duration::from_millis(300));
    proxy.assert_alive();
    let asked = Instant::now();
    proxy.sigterm();
    assert_eq!(proxy.wait_exit(PATIENCE).code(), Some(0));
    // At the end of its ten seconds the drain would have logged this.
    assert!(!proxy.log().contains("without their last replies"), "{}", proxy.log());
    asked.elapsed()
}

/// `latency` judges how soon.
#[test]
fn a_second_sigterm_ends_at_once() {
    second_sigterm();
}

#[test]
fn a_reload_changes_the_policy_and_loses_nothing() {
    let trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    let config = Tidegate::for_trio(&trio).reads_from("master");
    let mut proxy = config.start();
    let load = Load::start(&proxy, 4);
    let mut wire = proxy.wire();
    assert_eq!(wire.cmd(&["STRLEN", "k"]).int(), 1);
    let served = |wire: &mut Wire| {
        let before = trio.master.calls("strlen");
        (0..20).for_each(|_| assert_eq!(wire.cmd(&["STRLEN", "k"]).int(), 1));
        trio.master.calls("strlen") - before
    };
    assert_eq!(served(&mut wire), 20);
    proxy.reload(&config.clone().set("reads", "from", "\"replica\"").toml());
    // The load's own reads would be older than their writes: it only has to stay connected.
    eventually(PATIENCE, || match served(&mut wire) {
        0 => Ok(()),
        n => Err(format!("{n} at the master")),
    });
    proxy.reload(&config.toml());
    eventually(PATIENCE, || match served(&mut wire) {
        20 => Ok(()),
        n => Err(format!("{n} at the master")),
    });
    for bad in ["[reads]\nfrom = \"nobody\"\n", "[proxy]\nnonsense = 1\n", "]["] {
        let logged = proxy.log().matches("nothing was reloaded").count();
        proxy.reload(bad);
        eventually(PATIENCE, || {
            let now = proxy.log().matches("nothing was reloaded").count();
            (now > logged).then_some(()).ok_or_else(|| proxy.log())
        });
        assert_eq!(served(&mut wire), 20, "a bad file changed something");
    }
    load.warm();
    let (answered, wrong) = load.finish();
    let odd: Vec<_> = wrong.iter().filter(|text| *text != "Null").collect();
    assert!(answered > 100 && odd.is_empty(), "{answered}: {odd:?}");
    proxy.assert_alive();
}

#[test]
fn every_mistake_is_listed_at_the_start() {
    let toml = "[proxy]\nlisten = [\"127.0.0.1:@port@\"]\nmax-client = 5\nworkers = 0\n\
                [reads]\nfrom = \"nobody\"\n[tpology]\nmaster = \"x\"\n";
    let (status, said) = Tidegate::run_to_exit(toml, PATIENCE);
    assert_eq!(status.code(), Some(78), "{said}");
    for word in ["max-client", "workers", "nobody", "tpology"] {
        assert!(said.contains(word), "{word} is not told:\n{said}");
    }
}
