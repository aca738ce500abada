//! The monitor with real servers: which ones it finds, which changes it follows, and how soon.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ::tidegate::topology::{Role, Topology};

use super::watch::{PATIENT, Watch, at, config, is_whole, look, show};
use crate::support::{FaultProxy, Flavor, PATIENCE, RedisServer, Trio, eventually};

#[test]
fn every_flavor_is_found_with_and_without_a_list() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
        for list in [Some(&replicas[..]), None] {
            let found = look(config(master, list, ""));
            assert!(is_whole(&found, master, &replicas), "{flavor:?}: {}", show(&found));
            let mut tags: Vec<_> = found.backends().map(|b| b.scan_tag).collect();
            tags.dedup();
            assert!(tags.len() == 3 && !tags.contains(&0), "{tags:?}");

            let hello = trio.master.wire().hello3().pairs();
            let field = |name: &str| {
                hello.iter().find(|(key, _)| key.str() == name).unwrap().1.str().to_owned()
            };
            assert_eq!(found.sole_shard().server.name, field("server"));
            assert_eq!(found.sole_shard().server.version, field("version"));
        }
        let alone = look(config(master, Some(&[]), ""));
        assert!(is_whole(&alone, master, &[]), "an empty list is none: {}", show(&alone));
    }
}

/// How soon another configuration is followed.
pub fn changed_weights() -> Duration {
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
    watch.until(|now| at(now, one).is_some_and(|b| b.weight == 0) && at(now, two).is_none())
}

/// `latency` judges how soon.
#[test]
fn weights_come_from_the_configuration_and_change_with_it() {
    changed_weights();
}

#[test]
fn an_unchanged_topology_is_not_published_again() {
    let trio = Trio::spawn(Flavor::Redis70);
    let watch = Watch::start(config(trio.master.addr(), None, ""));
    watch.until_whole(trio.master.addr(), &trio.replica_addrs());
    // The commands are learnt by then.
    let calls = |name: &str, wanted: u64| {
        eventually(PATIENCE, || match trio.master.calls(name) {
            now if now >= wanted => Ok(()),
            now => Err(format!("{now} calls of {name}")),
        });
    };
    calls("command", 1);
    calls("role", trio.master.calls("role") + 2);
    let before = watch.now();
    let asked = trio.master.calls("role");
    watch.suspect.notify_one();
    calls("role", asked + 3);
    assert!(Arc::ptr_eq(&before, &watch.now()), "generation {}", watch.now().generation);
}

#[test]
fn suspicions_are_followed_at_once_but_not_without_end() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let watch = Watch::start(config(server.addr(), None, ""));
    watch.until_whole(server.addr(), &[]);
    let before = server.calls("role");
    let started = Instant::now();
    let mut rounds = 0;
    while rounds < 5 || started.elapsed() < Duration::from_secs(1) {
        watch.suspect.notify_one();
        thread::sleep(Duration::from_millis(1));
        rounds = server.calls("role") - before;
        assert!(started.elapsed() < PATIENCE, "{rounds} rounds");
    }
    let most = 22.0 * started.elapsed().as_secs_f64();
    assert!((rounds as f64) <= most, "{rounds} rounds in {:?}", started.elapsed());
}

#[test]
fn a_wrong_password_is_reported_as_such() {
    let server = RedisServer::builder(Flavor::Redis70).requirepass("right").start();
    let refused = "refuses topology.masteruser and topology.masterauth: WRONGPASS";
    let asked =
        "asks for a login: set topology.masterauth, and topology.masteruser if need be: NOAUTH";
    for (password, words) in [("wrong", refused), ("", asked)] {
        let more = format!("masterauth = \"{password}\"\n");
        let found = look(config(server.addr(), None, &more));
        let why = found.sole_shard().backends[0].excluded.clone().unwrap();
        assert!(why.starts_with(words), "{why}");
        assert!(found.sole_shard().master().is_none());
    }
    // Put right, it is found without a restart.
    let watch = Watch::start(config(server.addr(), None, "masterauth = \"wrong\"\n"));
    watch.until(|now| now.backends().next().is_some());
    watch.config.store(Arc::new(config(server.addr(), None, "masterauth = \"right\"\n")));
    watch.until_whole(server.addr(), &[]);
    // An open connection does not hide that the password has become wrong.
    watch.config.store(Arc::new(config(server.addr(), None, "masterauth = \"wrong\"\n")));
    watch.until(|now| {
        now.sole_shard().backends[0].excluded.as_ref().is_some_and(|why| why.contains("WRONGPASS"))
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
    watch.until(|now| why(now, one).contains("link"));
    trio.replicas[1].replicate_from(stranger.addr());
    watch.until(|now| why(now, two).contains("not the master's"));
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
    watch.until(|now| now.sole_shard().master().is_none());
    thread::sleep(Duration::from_millis(1500));
    assert!(watch.now().sole_shard().master().is_none(), "{}", show(&watch.now()));
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
    watch.until(|now| now.learned.find(b"GRAPH.QUERY", None).is_some());
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
    let watch = Watch::start(config(master, Some(&replicas), PATIENT));
    watch.until_whole(master, &replicas);
    // A server that dies while a connection is opened resets it instead of refusing it.
    let why = "cannot be reached: Connection refused (os error 111)";
    let reset = "cannot be reached: Connection reset by peer (os error 104)";
    let told = || -> Vec<String> {
        watch.log.lines().iter().map(|line| line.replace(reset, why)).collect()
    };
    let quiet = |expected: &[String]| {
        eventually(PATIENCE, || match told() {
            told if told.len() >= expected.len() => Ok(()),
            told => Err(format!("{told:?}")),
        });
        thread::sleep(Duration::from_millis(2200));
        assert_eq!(told(), expected);
    };
    let server = "tidegate::monitor::reporting::log:";
    let mut lines = vec![
        format!(
            "{server} master found: redis {} backend={master}",
            watch.now().sole_shard().server.version
        ),
        format!("{server} replica added backend={}", replicas[0]),
        format!("{server} replica added backend={}", replicas[1]),
    ];
    lines.iter_mut().for_each(|line| line.insert_str(0, " INFO "));
    quiet(&lines);
    trio.replicas[0].kill();
    watch.until(|now| at(now, replicas[0]).is_some_and(|b| b.role == Role::Unknown));
    lines.push(format!(" WARN {server} replica excluded: {why} backend={}", replicas[0]));
    quiet(&lines);
    trio.replicas[0].restart();
    watch.until_whole(master, &replicas);
    let last = watch.log.lines().pop().unwrap();
    assert!(last.starts_with(&format!(" INFO {server} replica is back (was excluded: ")), "{last}");
    trio.master.kill();
    watch.until(|now| now.sole_shard().master().is_none());
    let lost = format!("ERROR {server} master lost: {why} backend={master}");
    assert!(told().iter().any(|line| line.starts_with(&lost)), "{:?}", told());
}
