//! An engine in the test's own process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use tempfile::TempDir;
use tidegate::config::Config;
use tidegate::engine::{self, Engine};
use tidegate::topology::{LinkState, Observation, ServerRole, Topology};
use tidegate_store::CallContext;
use tidegate_wire::resp::RespVersion;

use super::eventually::{PATIENCE, eventually};
use super::flavor::Flavor;
use super::server::RedisServer;

/// An engine with its configuration. After a drop its thread stays, and follows no master.
#[derive(Debug)]
pub struct Local {
    pub engine: Arc<Engine>,
    config: Arc<ArcSwap<Config>>,
    keys: Mutex<BTreeMap<String, String>>,
    dir: TempDir,
}

impl Local {
    #[track_caller]
    pub fn of(master: SocketAddr) -> Self {
        Self::with(master, &[])
    }

    /// With further keys of `[replica]`; values are TOML.
    #[track_caller]
    pub fn with(master: SocketAddr, keys: &[(&str, &str)]) -> Self {
        let dir = tempfile::Builder::new().prefix("tidegate-engine-").tempdir().unwrap();
        let mut all = BTreeMap::from([
            ("enabled".to_owned(), "true".to_owned()),
            ("listen".to_owned(), "\"127.0.0.1:0\"".to_owned()),
            ("replicaof".to_owned(), format!("\"{master}\"")),
            ("dir".to_owned(), format!("{:?}", dir.path())),
            // What it has applied is seen at its master.
            ("counts-as-replica".to_owned(), "true".to_owned()),
            // Shorter than any repl-timeout of a test's.
            ("repl-ping-replica-period".to_owned(), "\"1s\"".to_owned()),
        ]);
        all.extend(keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let config = Arc::new(ArcSwap::from_pointee(parse(&all)));
        let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
        let engine = Arc::new(Engine::new(Arc::clone(&config), topology));
        engine::start(&engine).unwrap();
        Self { engine, config, keys: Mutex::new(all), dir }
    }

    /// Changes the configuration, as a reload would.
    pub fn set(&self, key: &str, value: &str) {
        let mut keys = self.keys.lock().unwrap();
        keys.insert(key.to_owned(), value.to_owned());
        self.config.store(Arc::new(parse(&keys)));
    }

    pub fn retarget(&self, master: SocketAddr) {
        self.set("replicaof", &format!("\"{master}\""));
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The reply that a client would get in database `db`, as bytes.
    pub fn ask(&self, db: usize, words: &[&str]) -> String {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now_ms = i64::try_from(since.as_millis()).unwrap();
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let mut out = Vec::new();
        let context = CallContext { db, now_ms, version: RespVersion::V2 };
        self.engine.store().read(context, &words, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// A string of database 0; `None` if the key does not exist.
    pub fn get(&self, key: &str) -> Option<String> {
        let reply = self.ask(0, &["GET", key]);
        let (_, value) = reply.strip_suffix("\r\n")?.split_once("\r\n")?;
        Some(value.to_owned())
    }

    pub fn digest(&self) -> String {
        self.ask(0, &["DEBUG", "DIGEST"]).trim_start_matches('+').trim_end().to_owned()
    }

    pub fn observed(&self) -> Result<Observation, String> {
        self.engine.observe()
    }

    pub fn link(&self) -> Result<LinkState, String> {
        match self.observed()?.role {
            ServerRole::Replica { link, .. } => Ok(link),
            other => Err(format!("{other:?}")),
        }
    }

    #[track_caller]
    pub fn wait_link(&self, wanted: LinkState) {
        eventually(PATIENCE, || match self.link() {
            Ok(link) if link == wanted => Ok(()),
            other => Err(format!("{other:?}, {:?}", self.engine.trouble())),
        });
    }

    #[track_caller]
    pub fn wait_value(&self, key: &str, value: &str) {
        eventually(PATIENCE, || match self.get(key) {
            Some(seen) if seen == value => Ok(()),
            other => Err(format!("{key} is {other:?}, {:?}", self.engine.trouble())),
        });
    }

    /// Waits until replication is halted; returns why.
    #[track_caller]
    pub fn wait_halted(&self) -> String {
        eventually(PATIENCE, || match self.observed() {
            Err(why) if why.contains("replication halted") => Ok(why),
            other => Err(format!("{other:?}, {:?}", self.engine.trouble())),
        })
    }

    /// Waits until the link is up and it has all that `master` has now: as many bytes, the same
    /// data.
    #[track_caller]
    pub fn wait_equal(&self, master: &RedisServer) {
        self.wait_link(LinkState::Up);
        eventually(PATIENCE, || match (master.offset(), self.engine.applied().get()) {
            (there, here) if u64::try_from(there) == Ok(here) => Ok(()),
            (there, here) => Err(format!("engine at {here}, master at {there}")),
        });
        assert_eq!(self.digest(), master.digest(), "{:?}", master.flavor());
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // Another test's server may get the port that it follows.
        self.set("replicaof", "\"topology\"");
    }
}

fn parse(keys: &BTreeMap<String, String>) -> Config {
    let keys: Vec<_> = keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let text = format!("[topology]\nmaster = \"127.0.0.1:1\"\n[replica]\n{}\n", keys.join("\n"));
    Config::parse(&text, "test").unwrap()
}

/// The same with a master of each kind, at the same time.
#[track_caller]
pub fn each_flavor(test: impl Fn(Flavor) + Sync) {
    thread::scope(|scope| {
        for flavor in Flavor::ALL {
            let test = &test;
            scope.spawn(move || test(flavor));
        }
    });
}

/// A counter of `INFO stats`.
#[track_caller]
pub fn stat(server: &RedisServer, field: &str) -> u64 {
    server.info("stats").get(field).unwrap().parse().unwrap()
}

/// How many full and partial resyncs a master has granted.
#[track_caller]
pub fn resyncs(server: &RedisServer) -> (u64, u64) {
    (stat(server, "sync_full"), stat(server, "sync_partial_ok"))
}

/// How often a server has answered with an error of this code.
#[track_caller]
pub fn errors(server: &RedisServer, code: &str) -> u64 {
    let stats = server.info("errorstats");
    let line = stats.get(&format!("errorstat_{code}"));
    line.map_or(0, |line| line.trim_start_matches("count=").parse().unwrap())
}

/// A field of the only replica's line in a master's INFO; empty if there is none.
#[track_caller]
pub fn slave0(server: &RedisServer, field: &str) -> String {
    let info = server.info("replication");
    let line = info.get("slave0").unwrap_or_default().to_owned();
    let found = line.split(',').find_map(|part| part.strip_prefix(&format!("{field}=")));
    found.unwrap_or_default().to_owned()
}
