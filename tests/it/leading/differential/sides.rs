//! The engine and a real server, with the same clients each.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::net::SocketAddr;

use super::requests::Asked;
use crate::leading::workload::{Compare, show};
use crate::support::server::Info;
use crate::support::*;

/// Differences that are told.
const TOLD: usize = 12;
/// Requests that are remembered, to tell what was before a difference.
const REMEMBERED: usize = 4000;

/// A server and its clients.
#[derive(Debug)]
pub struct Side {
    pub clients: Vec<Wire>,
    /// The clients' ids, as `CLIENT ID` gives them.
    pub ids: Vec<i64>,
    pub control: Wire,
}

impl Side {
    /// `count` clients; every third one speaks RESP3.
    fn new(addr: SocketAddr, count: usize) -> Self {
        let mut clients: Vec<_> = (0..count).map(|_| Wire::connect(addr)).collect();
        clients.iter_mut().skip(2).step_by(3).for_each(|it| drop(it.hello3()));
        let ids = clients.iter_mut().map(|it| it.cmd(&["CLIENT", "ID"]).int()).collect();
        Self { clients, ids, control: Wire::connect(addr) }
    }

    /// The number of its clients that are blocked.
    pub fn blocked(&mut self) -> usize {
        let info = Info(self.control.cmd(&["INFO", "clients"]).str().to_owned());
        info.get("blocked_clients").unwrap().parse().unwrap()
    }

    pub fn digest(&mut self) -> String {
        self.control.cmd(&["DEBUG", "DIGEST"]).str().to_owned()
    }
}

/// Both, and what differed.
#[derive(Debug)]
pub struct Sides {
    pub engine: Side,
    pub server: Side,
    replica: RedisServer,
    /// How the replies to what each client has queued are compared.
    queued: Vec<Vec<Compare>>,
    pub made: u64,
    history: VecDeque<String>,
    pub differences: Vec<String>,
    /// What lives as long as the test.
    _own: (Option<ReplicaPort>, RedisServer),
}

impl Sides {
    pub fn start(clients: usize) -> Self {
        let given = std::env::var("TIDEGATE_DIFFERENTIAL_ENGINE").ok();
        let port = given.is_none().then(super::super::support::leader);
        let addr = match (&port, given) {
            (Some(port), _) => port.addr(),
            (None, given) => given.unwrap().parse().unwrap(),
        };
        let server = RedisServer::builder(Flavor::Redis70);
        let server = server.args(&["--repl-backlog-size", "1mb"]).start();
        let replica = RedisServer::builder(Flavor::Redis70).replica_of(addr).start();
        let engine = Side::new(addr, clients);
        let real = Side::new(server.addr(), clients);
        let (history, differences) = (VecDeque::new(), Vec::new());
        let own = (port, server);
        let queued = vec![Vec::new(); clients];
        Self { engine, server: real, replica, queued, made: 0, history, differences, _own: own }
    }

    /// Lets a client send requests in one piece, to both sides, and compares the replies.
    pub fn run(&mut self, client: usize, asked: &[Asked]) {
        let mut bytes = Vec::new();
        asked.iter().for_each(|it| bytes.extend(encode(&it.request)));
        self.engine.clients[client].send_raw(&bytes);
        self.server.clients[client].send_raw(&bytes);
        for it in asked {
            self.made += 1;
            self.remember(format!("{:>8} client {client}: {}", self.made, show(&it.request)));
            let theirs = self.server.clients[client].read_raw_reply();
            let ours = self.engine.clients[client].read_raw_reply();
            let compare = self.compare_of(client, it, &theirs);
            if !same(compare, &theirs, &ours) {
                self.tell(&it.request, &theirs, &ours);
            }
        }
    }

    /// How the reply to a request is compared: that of EXEC as those of what was queued.
    fn compare_of(&mut self, client: usize, asked: &Asked, theirs: &[u8]) -> Compare {
        let queued = &mut self.queued[client];
        if theirs == b"+QUEUED\r\n" {
            queued.push(asked.compare);
            return Compare::Exact;
        }
        let name = asked.request[0].to_ascii_uppercase();
        if name != b"EXEC" {
            return asked.compare;
        }
        let all_exact = queued.iter().all(|it| *it == Compare::Exact);
        queued.clear();
        if all_exact { Compare::Exact } else { Compare::Form }
    }

    pub fn remember(&mut self, line: String) {
        if self.history.len() == REMEMBERED {
            self.history.pop_front();
        }
        self.history.push_back(line);
    }

    /// Notes that two replies differ.
    pub fn tell(&mut self, request: &[Vec<u8>], theirs: &[u8], ours: &[u8]) {
        if self.differences.len() > TOLD {
            return;
        }
        let key = request.get(1).map(|key| key.escape_ascii().to_string()).unwrap_or_default();
        let key: String = key.chars().take(60).collect();
        let about = self.history.iter().rev().skip(1).filter(|line| line.contains(&key)).take(12);
        let about: String = about.map(|line| format!("      {line}\n")).collect();
        let last: String = self.history.iter().rev().take(4).map(|it| format!("{it}\n")).collect();
        self.differences.push(format!(
            "request {}: {}\n  server: {}\n  engine: {}\n  about it:\n{about}  last:\n{last}",
            self.made,
            show(request),
            shown(theirs),
            shown(ours)
        ));
    }

    /// Compares all data, that of the engine's replica too. False if something differs.
    pub fn agree(&mut self) -> bool {
        let theirs = self.server.digest();
        let ours = self.engine.digest();
        let target = self.engine.control.cmd(&["ROLE"]).array()[1].int();
        eventually(PATIENCE, || match self.replica.offset() {
            offset if offset >= target => Ok(()),
            offset => Err(format!("the replica is at {offset} of {target}")),
        });
        let replicas = self.replica.digest();
        if theirs != ours || replicas != ours {
            let text = format!(
                "digests after {} requests: server {theirs}, engine {ours}, its replica {replicas}",
                self.made
            );
            let keys = self.differing_keys();
            self.differences.push(format!("{text}\n{keys}"));
        }
        self.differences.is_empty()
    }

    /// The keys whose values differ, and the requests that named them.
    fn differing_keys(&mut self) -> String {
        let mut text = String::new();
        let mut replica = self.replica.wire();
        let wires = [&mut self.server.control, &mut self.engine.control, &mut replica];
        let all = wires.map(values);
        let mut keys: Vec<_> = all.iter().flat_map(BTreeMap::keys).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let found = all.each_ref().map(|values| values.get(key));
            if found[0] == found[1] && found[1] == found[2] {
                continue;
            }
            let name = key.1.escape_ascii().to_string();
            let _ = writeln!(text, "key {name} in database {}: {found:?}", key.0);
            let about = self.history.iter().rev().filter(|line| line.contains(&name)).take(12);
            about.for_each(|line| {
                let _ = writeln!(text, "    {line}");
            });
        }
        text
    }

    /// The last requests.
    pub fn last(&self, count: usize) -> String {
        let skipped = self.history.len().saturating_sub(count);
        self.history.iter().skip(skipped).map(|line| format!("{line}\n")).collect()
    }
}

/// The digests of all values, by database and key.
fn values(wire: &mut Wire) -> BTreeMap<(usize, Vec<u8>), String> {
    let mut values = BTreeMap::new();
    for db in 0..16 {
        wire.cmd(&["SELECT", &db.to_string()]).ok();
        for key in wire.cmd(&["KEYS", "*"]).array() {
            let digest = wire.cmd(&[b"DEBUG", &b"DIGEST-VALUE"[..], key.bytes()]);
            values.insert((db, key.bytes().to_vec()), format!("{digest:?}"));
        }
    }
    wire.cmd(&["SELECT", "0"]).ok();
    values
}

fn same(compare: Compare, theirs: &[u8], ours: &[u8]) -> bool {
    let sorted = |reply: &[u8]| {
        let mut lines: Vec<_> = reply.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort();
        lines
    };
    let is_error = |reply: &[u8]| reply.first() == Some(&b'-');
    match compare {
        _ if is_error(theirs) || is_error(ours) => theirs == ours,
        Compare::Exact => theirs == ours,
        Compare::Unordered | Compare::UnorderedAll | Compare::UnorderedPairs => {
            theirs == ours || sorted(theirs) == sorted(ours)
        }
        _ => theirs.first() == ours.first(),
    }
}

fn shown(reply: &[u8]) -> String {
    let head = &reply[..reply.len().min(700)];
    format!("{} ({} bytes)", head.escape_ascii(), reply.len())
}
