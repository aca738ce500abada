//! PROXY, the proxy's own command: its words, its view of the servers, its explanations.

mod explain;
mod topology;
mod words;

use crate::support::*;

/// Lines of PROXY TOPOLOGY for three servers: the head, one each, and the write gate.
pub const LINES: usize = 5;

/// A proxy before three servers that lets operators in.
pub fn open() -> (Trio, Tidegate) {
    let trio = Trio::spawn(Flavor::Redis70);
    // No replica becomes stale here, however slow the machine is.
    let config = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"60s\"");
    let proxy = config.set("admin", "commands", "\"master\"").start();
    (trio, proxy)
}

/// A field of a record: a map, or a flat list.
#[track_caller]
pub fn field(record: &Reply, name: &str) -> Reply {
    let pairs = record.pairs();
    let found = pairs.into_iter().find(|(key, _)| key.str() == name);
    found.unwrap_or_else(|| panic!("no {name} in {record:?}")).1
}

#[track_caller]
pub fn text(record: &Reply, name: &str) -> String {
    field(record, name).str().to_owned()
}

#[track_caller]
pub fn explain(wire: &mut Wire, request: &str) -> Reply {
    let words: Vec<&str> = ["PROXY", "EXPLAIN"].into_iter().chain(request.split(' ')).collect();
    wire.cmd(&words)
}
