//! Which server answers a read: the shares of the replicas, freshness, and replicas that fail.

mod balance;
mod eviction;
pub mod freshness;
mod freshness_edges;
mod leaving_replicas;
mod levels;
mod listeners;
pub mod on_stale;
pub mod replica_faults;
mod rules;
mod unknown_commands;

use crate::support::{Reply, Trio, Wire};

/// How many of 20 reads in one pipeline the master answers.
pub fn masters(trio: &Trio, wire: &mut Wire) -> u64 {
    masters_of(trio, wire, "STRLEN k", 20)
}

/// How many of `count` requests in one pipeline, which are all `line`, the master answers.
#[track_caller]
pub fn masters_of(trio: &Trio, wire: &mut Wire, line: &str, count: usize) -> u64 {
    let words: Vec<&str> = line.split(' ').collect();
    let name = words[0].to_lowercase();
    let before = trio.master.calls(&name);
    wire.pipeline(&vec![words.as_slice(); count]);
    trio.master.calls(&name) - before
}

/// The text of a field of a record.
#[track_caller]
pub fn text_of(record: &Reply, name: &str) -> String {
    let found = record.pairs().into_iter().find(|(field, _)| field.str() == name);
    found.unwrap_or_else(|| panic!("no {name} in {record:?}")).1.str().to_owned()
}
