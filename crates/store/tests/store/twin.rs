//! A real server and a store of its dialect, which get the same commands.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tidegate_rdb as rdb;
use tidegate_store::{CallContext, Dialect, Outcome, Store, Vendor};
use tidegate_wire::resp::RespVersion;

use crate::support::{Flavor, RedisServer, Wire};

/// The order in which the elements of an aggregate reply are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The same bytes.
    Exact,
    /// The elements of the outermost aggregate may come in any order, with the pairs of a map kept
    /// together: the order of a hash table depends on its seed.
    Any,
    /// As [`Order::Any`], for an array of pairs that stands for a map in RESP2.
    AnyPairs,
}

/// Returns the seed of a random test, which is always the same, so that a test that passes once
/// passes everywhere. `TIDEGATE_SEED=random` tries another one, and a number repeats a failure.
pub fn seed() -> u64 {
    match std::env::var("TIDEGATE_SEED") {
        Ok(word) if word == "random" => fastrand::u64(..),
        Ok(number) => number.parse().unwrap(),
        Err(_) => 20_261_122,
    }
}

/// A server and a store.
#[derive(Debug)]
pub struct Twin {
    pub server: RedisServer,
    pub store: Store,
    wire: Wire,
    dialect: Dialect,
    version: RespVersion,
    db: usize,
    said: Vec<String>,
}

impl Twin {
    pub fn new(flavor: Flavor) -> Self {
        Self::with(flavor, &[])
    }

    /// Starts a server with these options, word by word.
    pub fn with(flavor: Flavor, args: &[&str]) -> Self {
        let server = RedisServer::builder(flavor).args(args).start();
        let info = server.info("server");
        let (vendor, field) = match info.get("valkey_version") {
            Some(_) => (Vendor::Valkey, "valkey_version"),
            None => (Vendor::Redis, "redis_version"),
        };
        let dialect = Dialect::new(vendor, info.get(field).unwrap());
        let wire = server.wire();
        let store = Store::new(16, dialect, fastrand::u64(..));
        Self { server, store, wire, dialect, version: RespVersion::V2, db: 0, said: Vec::new() }
    }

    /// Runs a test with each server, side by side. `TIDEGATE_FLAVOR=Redis70` runs one only.
    pub fn each(test: impl Fn(Self) + Sync) {
        Self::each_of(&Flavor::ALL, test);
    }

    /// Runs a test with some of the servers.
    pub fn each_of(flavors: &[Flavor], test: impl Fn(Self) + Sync) {
        let only = std::env::var("TIDEGATE_FLAVOR").ok();
        let wanted = |flavor: &Flavor| {
            only.as_ref().is_none_or(|only| format!("{flavor:?}").eq_ignore_ascii_case(only))
        };
        thread::scope(|scope| {
            for &flavor in flavors.iter().filter(|flavor| wanted(flavor)) {
                let test = &test;
                scope.spawn(move || test(Self::new(flavor)));
            }
        });
    }

    pub fn flavor(&self) -> Flavor {
        self.server.flavor()
    }

    /// Makes both reply in RESP3, or in RESP2, from now on.
    pub fn set_protocol(&mut self, version: RespVersion) {
        self.version = version;
        let number = version.number().to_string();
        assert!(!self.wire.cmd(&["HELLO", &number]).is_err());
    }

    /// Makes both work in this database from now on.
    pub fn select(&mut self, db: usize) {
        self.wire.cmd(&["SELECT", &db.to_string()]).ok();
        self.db = db;
    }

    /// Removes all keys of both.
    pub fn clear(&mut self) {
        self.wire.cmd(&["FLUSHALL"]).ok();
        self.store = Store::new(16, self.dialect, fastrand::u64(..));
    }

    /// Sends a line of words, divided by blanks, to both, and checks that the replies are the same.
    #[track_caller]
    pub fn line(&mut self, line: &str) -> Vec<u8> {
        self.same(&line.split(' ').collect::<Vec<_>>())
    }

    /// Sends many lines to both.
    #[track_caller]
    pub fn lines(&mut self, lines: &[&str]) {
        for line in lines {
            self.line(line);
        }
    }

    /// Sends a request to both, and checks that the replies are the same bytes.
    #[track_caller]
    pub fn same<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Vec<u8> {
        self.compare(args, Order::Exact)
    }

    /// Sends a request to both, and checks that the replies are the same except for the order.
    #[track_caller]
    pub fn compare<A: AsRef<[u8]>>(&mut self, args: &[A], order: Order) -> Vec<u8> {
        let (mut theirs, mut ours) = self.both(args);
        let differ = |theirs: &[u8], ours: &[u8]| normal(theirs, order) != normal(ours, order);
        let tells_seconds = ["TTL", "HTTL"].iter().any(|it| args[0].as_ref() == it.as_bytes());
        if tells_seconds && differ(&theirs, &ours) {
            // The second changed between the two; it does not do so again.
            (theirs, ours) = self.both(args);
        }
        if differ(&theirs, &ours) {
            panic!(
                "{:?}\n{}\nserver: {}\nstore:  {}",
                self.flavor(),
                self.recent(),
                theirs.escape_ascii(),
                ours.escape_ascii()
            );
        }
        theirs
    }

    /// As [`Self::same`], for replies in seconds that each computes at its own time: they are soon
    /// the same.
    #[track_caller]
    pub fn same_before_long<A: AsRef<[u8]>>(&mut self, args: &[A]) {
        for _ in 0..50 {
            let (theirs, ours) = self.both(args);
            if theirs == ours {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.same(args);
    }

    /// Sends a request to both. Returns the replies of the server and of the store.
    #[track_caller]
    pub fn both<A: AsRef<[u8]>>(&mut self, args: &[A]) -> (Vec<u8>, Vec<u8>) {
        self.note(args);
        self.wire.send(args);
        let theirs = self.wire.read_raw_reply();
        (theirs, self.ours(args))
    }

    /// Sends a request to the store alone.
    #[track_caller]
    pub fn ours<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Vec<u8> {
        let words: Vec<&[u8]> = args.iter().map(AsRef::as_ref).collect();
        let mut out = Vec::new();
        let outcome = self.store.write(self.context(), &words, &mut out);
        assert_ne!(outcome, Outcome::Unknown, "the store has no {:?}", self.said.last());
        out
    }

    /// Sends a request to the server alone.
    #[track_caller]
    pub fn theirs<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Vec<u8> {
        self.wire.send(args);
        self.wire.read_raw_reply()
    }

    /// Checks that a key is the same inside: its encoding and its digest, and its DUMP if the order
    /// and the form of the server's are fixed.
    #[track_caller]
    pub fn same_inside(&mut self, key: &str) {
        self.compare_inside(key, Order::Exact);
    }

    /// As [`Self::same_inside`]; with [`Order::Any`] without the DUMP.
    #[track_caller]
    pub fn compare_inside(&mut self, key: &str, order: Order) {
        let now = self.context().now_ms;
        let text = |reply: &[u8]| reply.escape_ascii().to_string();
        let dump = self.theirs(&["DUMP", key]);
        let Some(payload) = payload(&dump) else {
            assert_eq!(self.store.peek(self.db, key.as_bytes(), 9, now), None, "{key}");
            return;
        };
        let version = u16::from_le_bytes([payload[payload.len() - 10], payload[payload.len() - 9]]);
        let ours = self.store.peek(self.db, key.as_bytes(), version, now).unwrap();
        let recent = self.said.iter().rev().take(12).rev().cloned().collect::<Vec<_>>().join("\n");
        let of = format!("{:?} {key} after\n{recent}", self.flavor());
        let encoding = text(&self.theirs(&["OBJECT", "ENCODING", key]));
        assert!(
            encoding.ends_with(&format!("{}\\r\\n", ours.encoding)),
            "{encoding} {ours:?} {of}"
        );
        let digest = text(&self.theirs(&["DEBUG", "DIGEST-VALUE", key]));
        assert!(digest.contains(&ours.digest), "{digest} {ours:?} {of}");
        if version > 9 && ours.encoding != "hashtable" && order == Order::Exact {
            assert_eq!(text(&ours.dump), text(payload), "{of}");
        }
    }

    /// Lets both load the server's DUMP of a key, and checks that it is the same inside.
    #[track_caller]
    pub fn same_when_loaded(&mut self, key: &str) {
        let dump = self.theirs(&["DUMP", key]);
        let Some(payload) = payload(&dump) else { return };
        let db = std::mem::replace(&mut self.db, 15);
        self.theirs(&["SELECT", "15"]);
        let copy = format!("{key}:{}", self.store.dirty());
        self.theirs(&[b"RESTORE", copy.as_bytes(), b"0", payload, b"REPLACE"]);
        let value = rdb::dump::decode(payload, rdb::Limits::default()).unwrap().value;
        let key = copy.clone().into_bytes();
        let entry = rdb::Entry { key, expires_ms: None, idle: None, freq: None, meta: None, value };
        if self.store.insert(15, entry).is_ok() {
            self.compare_inside(&copy, Order::Any);
        }
        self.db = db;
        self.theirs(&["SELECT", &db.to_string()]);
    }

    /// Returns the names of the server's keys.
    pub fn server_keys(&mut self) -> Vec<Vec<u8>> {
        let names = self.wire.cmd(&["KEYS", "*"]);
        names.array().iter().map(|name| name.bytes().to_vec()).collect()
    }

    /// The dialect of both.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Uses another server from now on, which has to have the same data.
    pub fn use_server(&mut self, server: &RedisServer) {
        self.wire = server.wire();
    }

    /// Returns the last requests, for messages.
    pub fn recent(&self) -> String {
        let said = self.said.iter().rev().take(12).rev().cloned().collect::<Vec<_>>();
        format!("{:?}\n{}", self.flavor(), said.join("\n"))
    }

    /// The context of the next call of the store.
    pub fn context(&self) -> CallContext {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        CallContext {
            db: self.db,
            now_ms: i64::try_from(now.as_millis()).unwrap(),
            version: self.version,
        }
    }

    fn note<A: AsRef<[u8]>>(&mut self, args: &[A]) {
        let words = args.iter().map(|arg| arg.as_ref().escape_ascii().to_string());
        let line = words.collect::<Vec<_>>().join(" ");
        self.said.push(line.chars().take(300).collect());
    }
}

/// Returns the bytes of a bulk string; `None` for null.
fn payload(reply: &[u8]) -> Option<&[u8]> {
    let line = reply.iter().position(|&byte| byte == b'\n')? + 1;
    reply
        .get(line..reply.len().checked_sub(2)?)
        .filter(|_| reply.starts_with(b"$"))
        .filter(|bytes| bytes.len() > 10)
}

/// Returns a reply in the order in which it is compared.
fn normal(reply: &[u8], order: Order) -> Vec<u8> {
    let head_len = reply.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let (head, body) = reply.split_at(head_len);
    let step = match (order, head.first()) {
        (Order::Exact, _) => return reply.to_vec(),
        (_, Some(b'%')) | (Order::AnyPairs, Some(b'*')) => 2,
        (_, Some(b'*' | b'~')) => 1,
        _ => return reply.to_vec(),
    };
    let mut elements = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let len = (0..step).fold(0, |len, _| len + element_len(&rest[len..]));
        elements.push(&rest[..len]);
        rest = &rest[len..];
    }
    elements.sort_unstable();
    [head, &elements.concat()].concat()
}

/// Returns the length of the first reply in `bytes`.
fn element_len(bytes: &[u8]) -> usize {
    let head = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let number = || std::str::from_utf8(&bytes[1..head - 2]).unwrap().parse::<i64>().unwrap();
    let of = |count: usize| (0..count).fold(head, |len, _| len + element_len(&bytes[len..]));
    match bytes[0] {
        b'$' | b'=' | b'!' => head + usize::try_from(number()).map_or(0, |len| len + 2),
        b'*' | b'~' | b'>' => of(usize::try_from(number()).unwrap_or(0)),
        b'%' => of(2 * usize::try_from(number()).unwrap_or(0)),
        _ => head,
    }
}
