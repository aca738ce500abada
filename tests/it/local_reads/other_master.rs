//! An engine that is made to follow another master has that master's data at once. No client of the
//! proxy reads them, before or after the monitor looks at the engine.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use crate::support::*;

/// A proxy whose engine serves its reads, the proxy's master, and a server with other data.
struct Trial {
    master: RedisServer,
    other: RedisServer,
    own: ReplicaPort,
    config: ConfigBuilder,
    _dir: tempfile::TempDir,
}

impl Trial {
    fn start() -> Self {
        let (master, other) =
            (RedisServer::spawn(Flavor::Redis70), RedisServer::spawn(Flavor::Redis70));
        master.cmd(&["SET", "k", "right"]).ok();
        other.cmd(&["MSET", "k", "FOREIGN", "other", "1"]).ok();
        let dir = tempfile::tempdir().unwrap();
        let config = ReplicaPort::local(&master, dir.path()).set("topology", "replicas", "[]");
        let own = ReplicaPort::synced(&config, &master);
        Self { master, other, own, config, _dir: dir }
    }

    /// Waits until the engine serves the proxy's reads.
    #[track_caller]
    fn wait_served(&self) {
        let mut wire = self.own.proxy.wire();
        eventually(PATIENCE, || {
            let before = self.master.calls("get");
            let reply = wire.cmd(&["GET", "k"]);
            let in_place = self.master.calls("get") == before && reply.str() == "right";
            if in_place { Ok(()) } else { Err(format!("{reply:?}\n{}", self.own.proxy.log())) }
        });
    }

    /// Waits until the engine has this value, as its own port says.
    #[track_caller]
    fn wait_has(&self, value: &str) {
        eventually(PATIENCE, || match self.own.try_cmd(&["GET", "k"])? {
            Reply::Bulk(now) if now == value.as_bytes() => Ok(()),
            now => Err(format!("{now:?}\n{}", self.own.proxy.log())),
        });
    }

    #[track_caller]
    fn follow(&self, server: &RedisServer) {
        let (host, port) = (server.addr().ip().to_string(), server.addr().port().to_string());
        self.own.cmd(&["REPLICAOF", &host, &port]).ok();
    }

    /// Clients read all the while: until the engine has had the other data for `READS` reads, and
    /// has the master's again. `away` sends the engine to the other server, and `back` to the master.
    #[track_caller]
    fn check(&mut self, away: impl Fn(&mut Self), back: impl Fn(&mut Self)) {
        for _ in 0..3 {
            self.wait_served();
            let (stop, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
            let wires = [(); 2].map(|()| self.own.proxy.wire());
            thread::scope(|scope| {
                // The readers end even where an assertion fails.
                let stopping = Stopping(&stop);
                let readers = wires.map(|wire| scope.spawn(|| read_on(wire, &stop, &reads)));
                away(self);
                self.wait_has("FOREIGN");
                let seen = reads.load(SeqCst);
                eventually(PATIENCE, || {
                    let is_over = readers.iter().any(thread::ScopedJoinHandle::is_finished);
                    let reads = reads.load(SeqCst) - seen;
                    if is_over || reads > READS { Ok(()) } else { Err(reads.to_string()) }
                });
                back(self);
                self.wait_has("right");
                self.wait_served();
                drop(stopping);
                readers.into_iter().for_each(|reader| reader.join().unwrap());
            });
        }
    }
}

/// Ends the readers when it is dropped.
struct Stopping<'s>(&'s AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// The reads that follow once the engine has the other data.
const READS: usize = 2000;

/// Reads in different ways, and expects the master's data each time.
fn read_on(mut wire: Wire, stop: &AtomicBool, reads: &AtomicUsize) {
    while !stop.load(SeqCst) {
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "right");
        let replies = wire.pipeline(&[&["GET", "k"], &["MGET", "k", "other"], &["SCAN", "0"]]);
        assert_eq!(replies[0].str(), "right");
        let mget = replies[1].array();
        assert!(mget[0].str() == "right" && mget[1].is_null(), "{mget:?}");
        let page = replies[2].array()[1].array();
        assert!(page.len() == 1 && page[0].str() == "k", "{page:?}");
        reads.fetch_add(4, SeqCst);
    }
}

#[test]
fn replicaof_shows_no_client_another_masters_data() {
    let mut trial = Trial::start();
    trial.check(|trial| trial.follow(&trial.other), |trial| trial.follow(&trial.master));
}

/// A master's own port is another server than the proxy's master.
#[test]
fn replicaof_no_one_and_then_another_master() {
    let mut trial = Trial::start();
    let away = |trial: &mut Trial| {
        trial.own.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
        trial.own.cmd(&["SET", "own", "v"]).ok();
        trial.follow(&trial.other);
    };
    trial.check(away, |trial| trial.follow(&trial.master));
}

#[test]
fn a_reload_shows_no_client_another_masters_data() {
    let mut trial = Trial::start();
    let away = |trial: &mut Trial| {
        let addr = format!("\"{}\"", trial.other.addr());
        let toml = trial.config.clone().set("replica", "replicaof", &addr).toml();
        trial.own.proxy.reload(&toml);
    };
    let back = |trial: &mut Trial| {
        let addr = format!("\"{}\"", trial.master.addr());
        let toml = trial.config.clone().set("replica", "replicaof", &addr).toml();
        trial.own.proxy.reload(&toml);
    };
    trial.check(away, back);
}
