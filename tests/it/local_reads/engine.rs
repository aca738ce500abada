//! The engine in the built binary: freshness over a cut, and `maxmemory`.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::local::resyncs;
use crate::support::*;

/// A proxy whose engine is its only replica, and follows `link`.
fn config_of(master: &RedisServer, link: std::net::SocketAddr, dir: &Path) -> ConfigBuilder {
    ConfigBuilder::new(master.addr(), &[])
        .unset("topology", "replicas")
        .set("replica", "enabled", "true")
        .set("replica", "listen", "\"127.0.0.1:0\"")
        .set("replica", "replicaof", &format!("\"{link}\""))
        .set("replica", "dir", &format!("{dir:?}"))
        .set("reads", "local", "true")
}

/// Whether a GET is answered in place; and what.
#[track_caller]
fn get(wire: &mut Wire, master: &RedisServer, key: &str) -> (bool, Reply) {
    let before = master.calls("get");
    let reply = wire.cmd(&["GET", key]);
    (master.calls("get") == before, reply)
}

#[track_caller]
fn wait_served(wire: &mut Wire, proxy: &Tidegate, master: &RedisServer, in_place: bool) {
    eventually(PATIENCE, || match get(wire, master, "k") {
        (served, _) if served == in_place => Ok(()),
        other => Err(format!("{other:?}\n{}", proxy.log())),
    });
}

#[test]
fn an_engine_that_is_cut_off_stops_serving() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "0"]).ok();
    let link = FaultProxy::start(master.addr());
    let dir = tempfile::tempdir().unwrap();
    let proxy = config_of(&master, link.addr(), dir.path())
        .set("reads", "max-lag", "\"500ms\"")
        // A machine so loaded that the master seems to be gone changes nothing.
        .set("reads", "replica-serve-stale-data", "false")
        .start();
    let mut wire = proxy.wire();
    for round in 1..4 {
        wait_served(&mut wire, &proxy, &master, true);
        match round {
            1 => link.blackhole(),
            2 => link.cut(),
            _ => link.set_delay_of(Direction::ToClient, Duration::from_secs(20)),
        }
        let value = round.to_string();
        master.cmd(&["SET", "k", &value]).ok();
        // Until now the old value was the master's.
        let written = Instant::now();
        // max-lag: a proof runs out by itself, however loaded the machine is. Beyond it, only what
        // lies between a look at the clock and the answer.
        let limit = Duration::from_millis(500 + 100);
        while written.elapsed() < Duration::from_millis(2500) {
            let asked = written.elapsed();
            let (in_place, reply) = get(&mut wire, &master, "k");
            let is_new = reply.str() == value;
            assert!(is_new || asked < limit, "{reply:?} {asked:?} after the write, round {round}");
            assert!(is_new || in_place);
            thread::sleep(Duration::from_millis(20));
        }
        link.heal();
        if round == 3 {
            link.reset_all();
        }
    }
    wait_served(&mut wire, &proxy, &master, true);
    assert_eq!(get(&mut wire, &master, "k").1.str(), "3");
    assert_eq!(resyncs(&master).0, 1, "{}\n{}", proxy.log(), master.log());
}

#[test]
fn maxmemory_while_loading_and_while_applying() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "0"]).ok();
    master.cmd(&["DEBUG", "POPULATE", "100", "big", "200000"]).ok();
    let dir = tempfile::tempdir().unwrap();
    let config = config_of(&master, master.addr(), dir.path());
    let limited = |limit| config.clone().set("replica", "maxmemory", limit).toml();
    let mut proxy = Tidegate::spawn(&limited("\"10mb\""));
    let told = |proxy: &Tidegate| proxy.log().matches("ERROR replication halted").count();
    let wait_told = |proxy: &Tidegate, times: usize| {
        eventually(PATIENCE, || match told(proxy) {
            seen if seen >= times => Ok(()),
            seen => Err(format!("{seen}\n{}", proxy.log())),
        });
        assert!(proxy.log().contains("maxmemory is reached"), "{}", proxy.log());
        // The proxy goes on, and the master is left in peace.
        let before = resyncs(&master);
        let mut wire = proxy.wire();
        wait_served(&mut wire, proxy, &master, false);
        for _ in 0..10 {
            let (in_place, reply) = get(&mut wire, &master, "k");
            assert!(!in_place && reply.str() == "0", "{reply:?}");
            thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(resyncs(&master), before, "{}", proxy.log());
        assert_eq!(told(proxy), times, "{}", proxy.log());
    };
    wait_told(&proxy, 1);
    proxy.reload(&limited("\"60mb\""));
    wait_served(&mut proxy.wire(), &proxy, &master, true);
    let full = resyncs(&master).0;
    for n in 0..60 {
        master.cmd(&["SET", &format!("more:{n}"), &"m".repeat(1_000_000)]).ok();
    }
    wait_told(&proxy, 2);
    // Room again: it goes on with what it has missed, if the backlog holds it.
    master.cmd(&["CONFIG", "SET", "repl-backlog-size", "100mb"]).ok();
    proxy.reload(&limited("\"400mb\""));
    wait_served(&mut proxy.wire(), &proxy, &master, true);
    assert!(resyncs(&master).0 <= full + 1);
    proxy.assert_alive();
}

/// With room for one dataset only, the engine frees the old one while it loads the new one. It
/// serves no reads meanwhile.
#[test]
fn a_full_resync_with_room_for_one_dataset() {
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["DEBUG", "POPULATE", "60", "big", "1000000"]).ok();
    master.cmd(&["SET", "k", "0"]).ok();
    let config = ReplicaPort::of(&master)
        .set("replica", "maxmemory", "\"100mb\"")
        .set("reads", "local", "true");
    let own = ReplicaPort::synced(&config, &master);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let (mut through, mut port) = (own.proxy.wire(), own.wire());
            let mut refused = 0;
            while !stop.load(SeqCst) {
                for reply in [through.cmd(&["GET", "k"]), port.cmd(&["GET", "k"])] {
                    match reply {
                        Reply::Bulk(value) => assert_eq!(value, b"0"),
                        other => {
                            assert!(other.err().starts_with("LOADING "), "{other:?}");
                            refused += 1;
                        }
                    }
                }
            }
            refused
        });
        for round in 2..5 {
            master.cmd(&["DEBUG", "CHANGE-REPL-ID"]).ok();
            master.cmd(&["CLIENT", "KILL", "TYPE", "replica"]);
            eventually(PATIENCE, || match resyncs(&master).0 {
                seen if seen == round => Ok(()),
                seen => Err(format!("{seen}\n{}", own.proxy.log())),
            });
            own.wait_for(&master);
            assert_eq!(own.cmd(&["DBSIZE"]).int(), 61);
        }
        stop.store(true, SeqCst);
        assert!(reading.join().unwrap() > 0, "nobody met the gap");
    });
    let log = own.proxy.log();
    assert_eq!(log.matches("the engine drops its old data").count(), 3, "{log}");
    wait_served(&mut own.proxy.wire(), &own.proxy, &master, true);
}
