//! A hundred reloads with clients at work: no request fails, nothing is left behind.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use crate::support::*;

const RELOADS: i64 = 100;
const CLIENTS: usize = 4;
const WORKERS: usize = 2;

/// Pipelines until told to stop. Every write is applied once, every read has its value.
fn work(proxy: &Tidegate, n: usize, stop: &AtomicBool, answered: &AtomicU64) {
    let mut wire = proxy.wire();
    let id = wire.cmd(&["CLIENT", "ID"]);
    let (counter, key) = (format!("counter{n}"), format!("key{n}"));
    let mut count = 0;
    while !stop.load(Relaxed) {
        let value = count.to_string();
        let replies = wire.pipeline(&[
            &["INCR", &counter],
            &["GET", "same"],
            &["SET", &key, &value],
            &["GET", "same"],
            &["GET", "same"],
            &["INCR", &counter],
            &["STRLEN", "same"],
        ]);
        assert_eq!((replies[0].int(), replies[5].int()), (count + 1, count + 2), "each once");
        assert!([1, 3, 4].iter().all(|at| replies[*at].str() == "value"), "{replies:?}");
        replies[2].ok();
        assert_eq!(replies[6].int(), 5);
        count += 2;
        answered.fetch_add(7, Relaxed);
    }
    assert_eq!(wire.cmd(&["CLIENT", "ID"]), id, "still the same connection");
}

/// Ends the clients' work, also when the test panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// What the process holds: open files, threads, and connections that each server sees.
#[derive(Clone, Copy, Debug)]
struct Holdings {
    files: usize,
    threads: usize,
    connections: usize,
}

impl Holdings {
    fn of(proxy: &Tidegate, trio: &Trio) -> Self {
        let entries = |what: &str| {
            fs::read_dir(PathBuf::from(format!("/proc/{}/{what}", proxy.pid()))).unwrap().count()
        };
        let [first, second] = &trio.replicas;
        let servers = [&trio.master, first, second];
        let connections = servers.map(|server| client_list::of_server(server).len()).iter().sum();
        Self { files: entries("fd"), threads: entries("task"), connections }
    }

    /// The same with all connections that the proxy needs: a worker opens one to a replica when one of
    /// its clients reads there.
    fn complete(self) -> Self {
        // Those of the workers, the monitor and this look at each server, and both ends of the
        // replication links.
        let connections = 3 * (WORKERS + 2) + 4;
        assert!(self.connections <= connections, "{self:?}");
        let files = self.files + connections - self.connections;
        Self { files, connections, ..self }
    }

    fn is_within(&self, other: &Self) -> bool {
        self.files <= other.files
            && self.threads <= other.threads
            && self.connections <= other.connections
    }
}

#[test]
fn a_hundred_reloads_lose_no_request_and_leave_nothing_behind() {
    let trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "same", "value"]).ok();
    trio.wait_synced();
    let [first, second] = trio.replica_addrs();
    let full = Tidegate::for_trio(&trio).set("proxy", "workers", &WORKERS.to_string()).set(
        "admin",
        "commands",
        "\"master\"",
    );
    let weights = format!("{{ \"{second}\" = 3 }}");
    // Each with the number of servers that it names.
    let next = |n: i64| {
        let other = full.clone().set("reads", "balance", "\"round-robin\"");
        match n % 6 {
            1 => (other.replicas(&[first]).reads_from("any"), 2),
            3 => (other.replicas(&[second]).set("reads", "weights", &weights), 2),
            5 => (other.set("reads", "weights", &weights), 3),
            _ => (full.clone(), 3),
        }
    };
    let mut proxy = full.start();
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let (shared, stop, answered) = (&proxy, &stop, &answered);
        let workers: Vec<_> =
            (0..CLIENTS).map(|n| scope.spawn(move || work(shared, n, stop, answered))).collect();
        let at_the_end = Stop(stop);
        let mut wire = shared.wire();
        // All connections are there before they are counted.
        let warm = |than: u64| {
            eventually(PATIENCE, || match answered.load(Relaxed) {
                n if n > than + 2_000 => Ok(()),
                n => Err(format!("{n} replies")),
            });
        };
        warm(0);
        let before = Holdings::of(shared, &trio).complete();
        for n in 1..=RELOADS {
            let (config, servers) = next(n);
            shared.replace_config(&config.toml());
            // The watch of the file may have been quicker: then nothing is left to change.
            assert!(!wire.cmd(&["PROXY", "RELOAD"]).is_err());
            // Those that left have left.
            eventually(PATIENCE, || {
                match topology(&mut wire)["backends"].as_array().unwrap().len() {
                    len if len == servers => Ok(()),
                    len => Err(format!("{len} servers, not {servers}")),
                }
            });
        }
        let generation = topology(&mut wire)["config"]["generation"].clone();
        assert_eq!(generation, RELOADS + 1, "each once, though the file was watched too");
        warm(answered.load(Relaxed));
        eventually(PATIENCE, || match Holdings::of(shared, &trio) {
            now if now.is_within(&before) => Ok(()),
            now => Err(format!("before {before:?}, now {now:?}")),
        });
        drop(at_the_end);
        for worker in workers {
            worker.join().unwrap();
        }
    });
    proxy.assert_alive();
}
