//! The monitor before real servers: who is found, what is followed, and how soon.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ::tidegate::config::Config;
use ::tidegate::monitor::Monitor;
use ::tidegate::topology::{Backend, Role, Topology};
use arc_swap::ArcSwap;
use tokio::sync::{Notify, oneshot};

use super::support::{FaultProxy, Flavor, RedisServer, Trio, eventually};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// A monitor on a thread of its own, as in the proxy.
struct Watch {
    config: Arc<ArcSwap<Config>>,
    topology: Arc<ArcSwap<Topology>>,
    suspect: Arc<Notify>,
    log: Log,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

fn config(master: SocketAddr, replicas: Option<&[SocketAddr]>, more: &str) -> Config {
    let mut text = format!("[topology]\nmaster = \"{master}\"\n");
    if let Some(replicas) = replicas {
        let list: Vec<_> = replicas.iter().map(|addr| format!("\"{addr}\"")).collect();
        text += &format!("replicas = [{}]\n", list.join(", "));
    }
    Config::parse(&(text + more), "test").unwrap()
}

fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

impl Watch {
    fn start(config: Config) -> Self {
        let config = Arc::new(ArcSwap::from_pointee(config));
        let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
        let suspect = Arc::new(Notify::new());
        let (stop, stopped) = oneshot::channel();
        let parts = (Arc::clone(&config), Arc::clone(&topology), Arc::clone(&suspect));
        let log = Log::default();
        let writer = log.clone();
        let thread = thread::spawn(move || {
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .without_time()
                .with_writer(move || writer.clone())
                .finish();
            let _logging = tracing::subscriber::set_default(subscriber);
            let monitor = Monitor::new(parts.0, parts.1, parts.2, tokio::time::Instant::now());
            block_on(async {
                tokio::select! {
                    () = monitor.run() => {}
                    _ = stopped => {}
                }
            });
        });
        Self { config, topology, suspect, log, stop: Some(stop), thread: Some(thread) }
    }

    fn now(&self) -> Arc<Topology> {
        self.topology.load_full()
    }

    /// Waits until the picture is `wanted`; how long it took.
    #[track_caller]
    fn until(&self, timeout: Duration, wanted: impl Fn(&Topology) -> bool) -> Duration {
        let started = Instant::now();
        eventually(timeout, || {
            let now = self.now();
            if wanted(&now) { Ok(()) } else { Err(show(&now)) }
        });
        started.elapsed()
    }

    #[track_caller]
    fn until_whole(&self, master: SocketAddr, replicas: &[SocketAddr]) -> Duration {
        self.until(Duration::from_secs(10), |now| is_whole(now, master, replicas))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the monitor panicked");
    }
}

fn show(topology: &Topology) -> String {
    let line = |b: &Backend| format!("{} {} {:?}", b.addr, b.role, b.excluded);
    topology.backends.iter().map(line).collect::<Vec<_>>().join("; ")
}

fn at(topology: &Topology, addr: SocketAddr) -> Option<&Backend> {
    topology.backends.iter().find(|backend| backend.addr.to_string() == addr.to_string())
}

/// Exactly these servers, all of them serving.
fn is_whole(now: &Topology, master: SocketAddr, replicas: &[SocketAddr]) -> bool {
    let is_master = now.master().is_some_and(|b| b.addr.to_string() == master.to_string());
    is_master
        && now.backends.len() == replicas.len() + 1
        && now.backends.iter().all(|b| b.excluded.is_none())
        && replicas.iter().all(|r| at(now, *r).is_some_and(|b| b.role == Role::Replica))
}

/// One round of everybody's whole time, and what it found.
fn look(config: Config) -> Topology {
    let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
    let config = Arc::new(ArcSwap::from_pointee(config));
    let epoch = tokio::time::Instant::now();
    let mut monitor = Monitor::new(config, Arc::clone(&topology), Arc::default(), epoch);
    block_on(monitor.whole_round());
    Topology::clone(&topology.load())
}

#[test]
fn every_flavor_is_found_with_and_without_a_list() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
        for list in [Some(&replicas[..]), None] {
            let found = look(config(master, list, ""));
            assert!(is_whole(&found, master, &replicas), "{flavor:?}: {}", show(&found));
            let mut tags: Vec<_> = found.backends.iter().map(|b| b.scan_tag).collect();
            tags.dedup();
            assert!(tags.len() == 3 && !tags.contains(&0), "{tags:?}");

            let hello = trio.master.wire().hello3().pairs();
            let field = |name: &str| {
                hello.iter().find(|(key, _)| key.str() == name).unwrap().1.str().to_owned()
            };
            assert_eq!(found.server.name, field("server"));
            assert_eq!(found.server.version, field("version"));
        }
        let alone = look(config(master, Some(&[]), ""));
        assert!(is_whole(&alone, master, &[]), "an empty list is none: {}", show(&alone));
    }
}

#[test]
fn weights_come_from_the_configuration_and_change_with_it() {
    let trio = Trio::spawn(Flavor::Redis70);
    let [one, two] = trio.replica_addrs();
    let weights = format!("[reads.weights]\n\"{one}\" = 7\n");
    let watch = Watch::start(config(trio.master.addr(), None, &weights));
    watch.until_whole(trio.master.addr(), &[one, two]);
    let now = watch.now();
    assert_eq!((at(&now, one).unwrap().weight, at(&now, two).unwrap().weight), (7, 1));
    // A reload: another weight, one replica less.
    let weights = format!("[reads.weights]\n\"{one}\" = 0\n");
    watch.config.store(Arc::new(config(trio.master.addr(), Some(&[one]), &weights)));
    watch.suspect.notify_one();
    watch.until(Duration::from_millis(900), |now| {
        at(now, one).is_some_and(|b| b.weight == 0) && at(now, two).is_none()
    });
}

#[test]
fn an_unchanged_topology_is_not_published_again() {
    let trio = Trio::spawn(Flavor::Redis70);
    let watch = Watch::start(config(trio.master.addr(), None, ""));
    watch.until_whole(trio.master.addr(), &trio.replica_addrs());
    // The commands are learnt by then.
    thread::sleep(Duration::from_millis(1200));
    let before = watch.now();
    let calls = trio.master.calls("role");
    watch.suspect.notify_one();
    eventually(Duration::from_secs(5), || match trio.master.calls("role") {
        now if now >= calls + 3 => Ok(()),
        now => Err(format!("{now} calls")),
    });
    assert!(Arc::ptr_eq(&before, &watch.now()), "generation {}", watch.now().generation);
}

#[test]
fn suspicions_are_followed_at_once_but_not_without_end() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let watch = Watch::start(config(server.addr(), None, ""));
    watch.until_whole(server.addr(), &[]);
    let before = server.calls("role");
    let until = Instant::now() + Duration::from_millis(1000);
    while Instant::now() < until {
        watch.suspect.notify_one();
        thread::sleep(Duration::from_millis(1));
    }
    let rounds = server.calls("role") - before;
    assert!((5..=22).contains(&rounds), "{rounds} rounds in a second");
}

/// Ends with `replicas[0]` as the master of the others.
fn fail_over_by_hand(trio: &Trio) {
    let heir = &trio.replicas[0];
    heir.promote();
    trio.replicas[1].replicate_from(heir.addr());
    trio.master.replicate_from(heir.addr());
}

#[test]
fn a_failover_by_hand_is_followed() {
    for with_list in [true, false] {
        for flavor in [Flavor::Redis70, Flavor::Valkey91] {
            let trio = Trio::spawn(flavor);
            let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
            let watch = Watch::start(config(master, with_list.then_some(&replicas[..]), ""));
            watch.until_whole(master, &replicas);
            let id = at(&watch.now(), replicas[0]).unwrap().id;
            fail_over_by_hand(&trio);
            let took =
                watch.until(Duration::from_secs(3), |now| now.master().is_some_and(|m| m.id == id));
            assert!(took < Duration::from_millis(1500), "{took:?}");
            watch.until_whole(replicas[0], &[master, replicas[1]]);
        }
    }
}

#[test]
fn a_failover_to_a_server_that_is_not_listed_is_followed() {
    let trio = Trio::spawn(Flavor::Redis70);
    let (master, [heir, other]) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&[other]), ""));
    watch.until_whole(master, &[other]);
    fail_over_by_hand(&trio);
    watch.until_whole(heir, &[master, other]);
    // And back: then the stranger is a replica that nobody listed, and serves nothing.
    trio.master.promote();
    trio.replicas[1].replicate_from(master);
    trio.replicas[0].replicate_from(master);
    watch.until_whole(master, &[other]);
}

#[test]
fn a_dead_masters_heir_is_found_without_a_list() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, [heir, other]) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, None, ""));
    watch.until_whole(master, &[heir, other]);
    trio.master.kill();
    watch.until(Duration::from_secs(3), |now| now.master().is_none());
    let now = watch.now();
    let dead = at(&now, master).unwrap();
    assert_eq!(dead.role, Role::Unknown);
    assert!(dead.excluded.as_ref().unwrap().contains("cannot be reached"), "{}", show(&now));
    trio.replicas[0].promote();
    trio.replicas[1].replicate_from(heir);
    watch.suspect.notify_one();
    watch.until(Duration::from_secs(10), |now| {
        now.master().is_some_and(|m| m.addr.port == heir.port())
            && at(now, other).is_some_and(|b| b.role == Role::Replica && b.excluded.is_none())
    });
    // The old master comes back as the master that it was: it changes nothing.
    trio.master.restart();
    watch.until(Duration::from_secs(10), |now| {
        at(now, master).is_some_and(|b| b.excluded.as_deref() == Some("says it is a master too"))
    });
    assert_eq!(watch.now().master().unwrap().addr.port, heir.port());
}

#[test]
fn a_killed_replica_is_unknown_and_comes_back() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&replicas), ""));
    watch.until_whole(master, &replicas);
    let before = watch.now();
    let before = at(&before, replicas[0]).unwrap();
    trio.replicas[0].kill();
    watch.until(Duration::from_secs(3), |now| {
        at(now, replicas[0]).is_some_and(|b| b.role == Role::Unknown)
    });
    // Workers found out, too; the longest rest is 5 s.
    for n in 0..10 {
        before.health.failed(n * 10_000, 0.5);
    }
    before.health.failed(1_000_000, 0.5);
    assert!(before.health.is_resting(1_004_000));
    trio.replicas[0].restart();
    watch.until_whole(master, &replicas);
    let now = watch.now();
    let back = at(&now, replicas[0]).unwrap();
    assert_eq!(back.id, before.id);
    assert!(Arc::ptr_eq(&back.health, &before.health), "counters survive");
    assert_ne!(back.scan_tag, before.scan_tag, "another process");
    assert!(!back.health.is_resting(1_000_100), "it serves at once");
}

#[test]
fn a_stopped_replica_delays_nobody() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
    let more = "probe-timeout = \"3s\"\n";
    let watch = Watch::start(config(master, Some(&replicas), more));
    watch.until_whole(master, &replicas);
    trio.replicas[0].pause();
    // A round is under way that the stopped one does not answer.
    thread::sleep(Duration::from_millis(1200));
    assert!(is_whole(&watch.now(), master, &replicas), "what it said holds until its time is up");
    let calls = trio.master.calls("role");
    trio.replicas[1].kill();
    let took = watch.until(Duration::from_secs(4), |now| {
        at(now, replicas[1]).is_some_and(|b| b.role == Role::Unknown)
    });
    assert!(took < Duration::from_millis(1500), "{took:?}");
    watch.until(Duration::from_secs(5), |now| {
        at(now, replicas[0]).is_some_and(|b| b.excluded.as_deref() == Some("no answer within 3s"))
    });
    assert!(trio.master.calls("role") >= calls + 2, "the master is asked all the time");
    assert!(watch.now().master().is_some());
    trio.replicas[0].resume();
    watch.until(Duration::from_secs(10), |now| {
        at(now, replicas[0]).is_some_and(|b| b.excluded.is_none())
    });
}

#[test]
fn a_wrong_password_is_told_as_such() {
    let server = RedisServer::builder(Flavor::Redis70).requirepass("right").start();
    for (password, code) in [("wrong", "WRONGPASS"), ("", "NOAUTH")] {
        let more = format!("masterauth = \"{password}\"\n");
        let found = look(config(server.addr(), None, &more));
        let why = found.backends[0].excluded.clone().unwrap();
        assert!(why.starts_with(&format!("refuses masteruser and masterauth: {code}")), "{why}");
        assert!(found.master().is_none());
    }
    // Put right, it is found without a restart.
    let watch = Watch::start(config(server.addr(), None, "masterauth = \"wrong\"\n"));
    watch.until(Duration::from_secs(5), |now| !now.backends.is_empty());
    watch.config.store(Arc::new(config(server.addr(), None, "masterauth = \"right\"\n")));
    watch.until_whole(server.addr(), &[]);
    // An open connection does not hide that the password has become wrong.
    watch.config.store(Arc::new(config(server.addr(), None, "masterauth = \"wrong\"\n")));
    watch.until(Duration::from_secs(5), |now| {
        now.backends[0].excluded.as_ref().is_some_and(|why| why.contains("WRONGPASS"))
    });
}

#[test]
fn a_replica_that_cannot_serve_is_excluded_with_the_reason() {
    let trio = Trio::spawn(Flavor::Redis70);
    let stranger = RedisServer::spawn(Flavor::Redis70);
    let (master, [one, two]) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&[one, two]), ""));
    watch.until_whole(master, &[one, two]);
    let why = |now: &Topology, of| at(now, of).and_then(|b| b.excluded.clone()).unwrap_or_default();
    trio.replicas[0].replicate_from(SocketAddr::from(([127, 0, 0, 1], 1)));
    watch.until(Duration::from_secs(5), |now| why(now, one).contains("link"));
    trio.replicas[1].replicate_from(stranger.addr());
    watch.until(Duration::from_secs(10), |now| why(now, two).contains("not the master's"));
    assert!(at(&watch.now(), stranger.addr()).is_none(), "not ours: {}", show(&watch.now()));
    for replica in &trio.replicas {
        replica.replicate_from(master);
    }
    watch.until_whole(master, &[one, two]);
}

#[test]
fn a_master_under_two_addresses_is_one_server() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = FaultProxy::start(trio.master.addr());
    let watch = Watch::start(config(proxy.addr(), None, ""));
    watch.until_whole(proxy.addr(), &trio.replica_addrs());
    // Out of reach by the address that proxy.toml gives: the other one is no way around.
    proxy.cut();
    watch.until(Duration::from_secs(3), |now| now.master().is_none());
    thread::sleep(Duration::from_millis(1500));
    assert!(watch.now().master().is_none(), "{}", show(&watch.now()));
    proxy.heal();
    watch.until_whole(proxy.addr(), &trio.replica_addrs());
}

#[test]
fn commands_of_modules_are_learnt() {
    let module = Flavor::Redis82.binary().with_file_name("falkordb.so");
    assert!(module.is_file(), "{module:?}");
    let server =
        RedisServer::builder(Flavor::Redis82).arg("--loadmodule", module.to_str().unwrap()).start();
    let watch = Watch::start(config(server.addr(), None, ""));
    watch.until(Duration::from_secs(10), |now| now.learned.find(b"GRAPH.QUERY", None).is_some());
    let calls = server.calls("command");
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(server.calls("command"), calls, "once per run of the server");
    let learned = Arc::clone(&watch.now().learned);
    assert!(learned.find(b"get", None).is_none(), "the table knows it");
}

#[test]
fn changes_are_logged_once() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&replicas), ""));
    watch.until_whole(master, &replicas);
    // Whoever dies in the midst of a connection's opening resets it instead of refusing it.
    let why = "cannot be reached: Connection refused (os error 111)";
    let reset = "cannot be reached: Connection reset by peer (os error 104)";
    let told = || -> Vec<String> {
        watch.log.lines().iter().map(|line| line.replace(reset, why)).collect()
    };
    let quiet = |expected: &[String]| {
        thread::sleep(Duration::from_millis(2200));
        assert_eq!(told(), expected);
    };
    let server = "tidegate::monitor::news:";
    let mut lines = vec![
        format!("{server} master found: redis {} backend={master}", watch.now().server.version),
        format!("{server} replica joined backend={}", replicas[0]),
        format!("{server} replica joined backend={}", replicas[1]),
    ];
    lines.iter_mut().for_each(|line| line.insert_str(0, " INFO "));
    quiet(&lines);
    trio.replicas[0].kill();
    watch.until(Duration::from_secs(3), |now| {
        at(now, replicas[0]).is_some_and(|b| b.role == Role::Unknown)
    });
    lines.push(format!(" WARN {server} replica excluded: {why} backend={}", replicas[0]));
    quiet(&lines);
    trio.replicas[0].restart();
    watch.until_whole(master, &replicas);
    let last = watch.log.lines().pop().unwrap();
    assert!(last.starts_with(&format!(" INFO {server} replica is back: it was")), "{last}");
    trio.master.kill();
    watch.until(Duration::from_secs(3), |now| now.master().is_none());
    let lost = format!("ERROR {server} master lost: {why} backend={master}");
    assert!(told().contains(&lost), "{:?}", told());
}

#[test]
fn a_server_that_loads_its_data_serves_nothing() {
    let trio = Trio::spawn(Flavor::Redis70);
    let mut replica = RedisServer::builder(Flavor::Redis70)
        .replica_of(trio.master.addr())
        // A callback, and thereby answers, every 1 kB; 1 ms for each key.
        .arg("--loading-process-events-interval-bytes", "1024")
        .arg("--key-load-delay", "2000")
        .start();
    for keys in 0..1000 {
        trio.master.cmd(&["SET", &format!("key:{keys}"), &"v".repeat(100)]).ok();
    }
    trio.master.wait_synced(&replica);
    let (master, addr) = (trio.master.addr(), replica.addr());
    let watch = Watch::start(config(master, Some(&[addr]), ""));
    watch.until_whole(master, &[addr]);
    replica.cmd(&["SAVE"]).ok();
    let health = Arc::clone(&at(&watch.now(), addr).unwrap().health);
    assert!(health.failed(1_000_000, 0.5));
    thread::scope(|scope| {
        let restarted = scope.spawn(|| replica.restart());
        watch.until(Duration::from_secs(5), |now| {
            at(now, addr).is_some_and(|b| b.excluded.as_deref() == Some("loading"))
        });
        assert!(health.is_resting(1_000_010), "loading is no reason to come back");
        restarted.join().unwrap();
    });
    watch.until_whole(master, &[addr]);
}

/// Answers the n-th thing that it reads with the n-th of `answers`, whatever it is.
fn fake_server(answers: Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answers) = (stream.unwrap(), answers.clone());
            thread::spawn(move || {
                let mut question = [0; 4096];
                for answer in answers {
                    let _ = stream.read(&mut question);
                    let _ = stream.write_all(&answer);
                }
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
    addr
}

#[test]
fn nonsense_and_endless_answers_harm_nobody() {
    let server = RedisServer::spawn(Flavor::Redis70);
    // HELLO, CLIENT SETINFO, INFO; then all questions at once.
    let with = |rest: &[u8]| {
        let greeting = [&b"*2\r\n$2\r\nid\r\n:1\r\n"[..], b"+OK\r\n", b"$0\r\n\r\n"];
        fake_server([&greeting[..], &[rest]].concat().iter().map(|a| a.to_vec()).collect())
    };
    let deep = [&b"*1\r\n".repeat(200_000)[..], b":1\r\n"].concat();
    let long = [&b"$2000000\r\n"[..], &vec![b'x'; 2_000_002]].concat();
    let bad = [
        (fake_server(vec![b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()]), "no answer within"),
        (with(b"@@@\r\n"), "does not speak the Redis protocol"),
        (with(&deep), "does not speak the Redis protocol"),
        (with(&long), "an answer exceeds 1048576 bytes"),
        (with(&b"*0\r\n".repeat(5)), "its answer to ROLE makes no sense"),
        (with(b"*1\r\n$5\r\nfunny\r\n*0\r\n*0\r\n*0\r\n*0\r\n"), "its role is funny"),
        (with(b"+half"), "no answer within"),
    ];
    let replicas: Vec<_> = bad.iter().map(|(addr, _)| *addr).collect();
    let more = "connect-timeout = \"2s\"\n";
    let found = look(config(server.addr(), Some(&replicas), more));
    assert_eq!(found.master().unwrap().addr.port, server.port());
    for (addr, why) in bad {
        let excluded = at(&found, addr).unwrap().excluded.clone().unwrap();
        assert!(excluded.starts_with(why), "{excluded}, not {why}");
    }
}

#[test]
fn a_server_that_is_busy_with_a_script_keeps_its_role() {
    for flavor in [Flavor::Redis62, Flavor::Redis70, Flavor::Valkey91] {
        let server = RedisServer::builder(flavor).arg("--lua-time-limit", "100").start();
        let watch = Watch::start(config(server.addr(), None, ""));
        watch.until_whole(server.addr(), &[]);
        let before = watch.now();
        let mut script = server.wire();
        script.send(&["EVAL", "while true do end", "0"]);
        eventually(Duration::from_secs(5), || match server.cmd(&["ROLE"]) {
            reply if reply.is_err() && reply.err().starts_with("BUSY") => Ok(()),
            reply => Err(format!("{reply:?}")),
        });
        thread::sleep(Duration::from_millis(2500));
        let during = watch.now();
        server.cmd(&["SCRIPT", "KILL"]).ok();
        assert!(script.read_reply().is_err());
        assert_eq!(show(&during), show(&before));
        assert!(during.master().is_some());
    }
}
