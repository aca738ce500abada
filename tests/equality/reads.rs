//! Every read of every key, asked of master and replica, in RESP2 and RESP3.

use std::collections::BTreeSet;

use super::compare::{items, pairs, same};
use crate::support::{Reply, Wire, encode};
use crate::workload::{Compare, Read, show};

/// Reads that leave together: their replies may be long.
const BATCH: usize = 16;

/// A connection to each, in one protocol, and a server that DUMP's payloads are tried on.
#[derive(Debug)]
pub struct Sides {
    pub master: Wire,
    pub replica: Wire,
    pub scratch: Wire,
}

/// A reply and its bytes.
type Answer = (Reply, Vec<u8>);

impl Sides {
    pub fn select(&mut self, database: u32) {
        let number = database.to_string();
        for wire in [&mut self.master, &mut self.replica] {
            wire.cmd(&["SELECT", &number]).ok();
        }
    }

    /// What of these reads has other answers at the replica; empty is what is wanted.
    pub fn differences(&mut self, reads: &[Read]) -> Vec<String> {
        let mut wrong = Vec::new();
        for batch in reads.chunks(BATCH) {
            let bytes: Vec<u8> = batch.iter().flat_map(|read| encode(&read.request)).collect();
            self.master.send_raw(&bytes);
            self.replica.send_raw(&bytes);
            let mut answers: Vec<[Answer; 2]> = Vec::with_capacity(batch.len());
            for _ in batch {
                answers.push([self.master.read_with_raw(), self.replica.read_with_raw()]);
            }
            for (read, [master, replica]) in batch.iter().zip(&answers) {
                if !self.agree(read, master, replica) {
                    wrong.push(format!(
                        "{} ({:?})\n  master:  {}\n  replica: {}",
                        show(&read.request),
                        read.compare,
                        cut(&master.1, &replica.1),
                        cut(&replica.1, &master.1),
                    ));
                }
            }
        }
        wrong
    }

    fn agree(&mut self, read: &Read, master: &Answer, replica: &Answer) -> bool {
        if same(read.compare, (&master.0, &master.1), (&replica.0, &replica.1)) {
            return true;
        }
        match read.compare {
            Compare::Restored => self.same_value(&master.0, &replica.0),
            Compare::Scan { cursor, pairs } => {
                let all = |wire: &mut Wire, first: &Reply| scan(wire, read, cursor, pairs, first);
                let replica = all(&mut self.replica, &replica.0);
                replica.is_some() && replica == all(&mut self.master, &master.0)
            }
            _ => false,
        }
    }

    /// Whether two payloads of DUMP are the same value to a real server.
    fn same_value(&mut self, master: &Reply, replica: &Reply) -> bool {
        let (Reply::Bulk(_), Reply::Bulk(_)) = (master, replica) else { return false };
        let digests = [("master", master), ("replica", replica)].map(|(key, dump)| {
            let request: [&[u8]; 5] = [b"RESTORE", key.as_bytes(), b"0", dump.bytes(), b"REPLACE"];
            let restored = self.scratch.cmd(&request);
            (restored, self.scratch.cmd(&["DEBUG", "DIGEST-VALUE", key]))
        });
        !digests[0].0.is_err() && digests[0] == digests[1]
    }
}

/// Everything that an iteration gives, as texts; `None` if it gives none.
fn scan(
    wire: &mut Wire,
    read: &Read,
    cursor: usize,
    in_pairs: bool,
    first: &Reply,
) -> Option<BTreeSet<String>> {
    let (mut found, mut reply, mut request) =
        (BTreeSet::new(), first.clone(), read.request.clone());
    loop {
        let Reply::Array(parts) = &reply else { return None };
        let [Reply::Bulk(next), batch] = parts.as_slice() else { return None };
        found.extend(match request.first().map(Vec::as_slice) {
            Some(b"ZSCAN") => scored(batch)?,
            _ if in_pairs => pairs(batch)?,
            _ => items(batch)?,
        });
        if next == b"0" {
            return Some(found);
        }
        request[cursor] = next.clone();
        reply = wire.cmd(&request);
    }
}

/// Members with their scores, as numbers: ZSCAN writes the shortest text or that of 17 digits,
/// depending on the form that the value happens to have.
fn scored(batch: &Reply) -> Option<Vec<String>> {
    let Reply::Array(items) = batch else { return None };
    let pair = |pair: &[Reply]| {
        let [Reply::Bulk(member), Reply::Bulk(score)] = pair else { return None };
        let score: f64 = std::str::from_utf8(score).ok()?.parse().ok()?;
        Some(format!("{} {score}", member.escape_ascii()))
    };
    items.chunks(2).map(pair).collect()
}

/// The part of `bytes` in which it is not `other`.
fn cut(bytes: &[u8], other: &[u8]) -> String {
    let at = bytes.iter().zip(other).take_while(|(a, b)| a == b).count();
    let from = at.saturating_sub(40);
    let to = bytes.len().min(at + 80);
    format!("{} bytes, from {from}: {}", bytes.len(), bytes[from..to].escape_ascii())
}
