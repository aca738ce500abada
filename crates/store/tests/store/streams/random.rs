//! Thousands of random commands over few keys.

use super::*;
use fastrand::Rng;
use tidegate_rdb::{Entry, Limits, dump};

#[test]
fn random_commands() {
    let seed = seed();
    eprintln!("seed {seed}");
    Twin::each(|mut twin| {
        let mut maker = Maker { rng: Rng::with_seed(seed), flavor: twin.flavor(), at: 0 };
        for round in 0..6 {
            twin.clear();
            twin.set_protocol(if round % 2 == 0 { RespVersion::V2 } else { RespVersion::V3 });
            maker.at = 30;
            for _ in 0..500 {
                let command = maker.command();
                twin.timed(&command);
                let key = &command[if command[0] == "XGROUP" { 2 } else { 1 }];
                if ["s", "t"].contains(&key.as_str()) && maker.rng.u8(..4) == 0 {
                    look(&mut twin, key);
                }
            }
            for key in ["s", "t"] {
                look(&mut twin, key);
                if let Some(copy) = copy(&mut twin, key) {
                    look(&mut twin, &copy);
                }
            }
        }
    });
}

/// Loads what the server writes of a key into the store and into the server itself.
fn copy(twin: &mut Twin, key: &str) -> Option<String> {
    let reply = twin.theirs(&["DUMP", key]);
    let head = reply.iter().position(|&byte| byte == b'\n').unwrap_or(0) + 1;
    let payload = reply.get(head..reply.len() - 2).filter(|it| !it.is_empty())?;
    let copy = format!("{key}-copy");
    let restored = twin.theirs(&[&b"RESTORE"[..], copy.as_bytes(), b"0", payload]);
    assert_eq!(restored, b"+OK\r\n");
    let value = dump::decode(payload, Limits::default()).unwrap().value;
    let key = copy.clone().into_bytes();
    let entry = Entry { key, expires_ms: None, idle: None, freq: None, meta: None, value };
    twin.store.insert(0, entry).unwrap();
    Some(copy)
}

/// Runs every command that reads.
#[track_caller]
fn look(twin: &mut Twin, key: &str) {
    for line in ["XINFO STREAM ?", "XINFO STREAM ? FULL", "XINFO STREAM ? FULL COUNT 0"] {
        twin.timed_line(&line.replace('?', key));
    }
    for line in ["XINFO GROUPS ?", "XRANGE ? - +", "XREVRANGE ? + -", "XLEN ?", "XREAD STREAMS ? 0"]
    {
        twin.timed_line(&line.replace('?', key));
    }
    for group in ["g", "h"] {
        twin.timed_line(&format!("XPENDING {key} {group}"));
        twin.timed_line(&format!("XPENDING {key} {group} - + 100"));
        twin.timed_line(&format!("XPENDING {key} {group} - + 100 c1"));
        twin.timed_line(&format!("XINFO CONSUMERS {key} {group}"));
    }
}

/// Makes commands with ids that are near those of the entries.
struct Maker {
    rng: Rng,
    flavor: Flavor,
    at: u64,
}

impl Maker {
    fn pick(&mut self, from: &[&str]) -> String {
        from[self.rng.usize(..from.len())].to_owned()
    }

    fn id(&mut self) -> String {
        let back = if self.rng.u8(..4) == 0 { self.at } else { 12 };
        let ms = self.rng.u64(self.at.saturating_sub(back)..self.at + 3);
        format!("{ms}-{}", self.rng.u8(..3))
    }

    fn ids(&mut self) -> Vec<String> {
        (0..self.rng.usize(1..4)).map(|_| self.id()).collect()
    }

    fn references(&mut self) -> String {
        match self.flavor {
            Flavor::Redis82 => self.pick(&["", "KEEPREF", "DELREF", "ACKED"]),
            _ => String::new(),
        }
    }

    fn trim(&mut self) -> String {
        let how = match self.rng.u8(..5) {
            0 => format!("MAXLEN {}", self.rng.u8(..90)),
            1 => format!("MAXLEN ~ {}", self.rng.u8(..90)),
            2 => format!("MAXLEN ~ {} LIMIT {}", self.rng.u8(..90), self.rng.u8(..90)),
            3 => format!("MINID {}", self.id()),
            _ => format!("MINID ~ {}", self.id()),
        };
        how + " " + &self.references()
    }

    fn command(&mut self) -> Vec<String> {
        let key = self.pick(&["s", "s", "s", "t"]);
        let group = self.pick(&["g", "g", "h"]);
        let line = match self.rng.u8(..34) {
            0..=11 => self.add(&key),
            12 => format!("XTRIM {key} {}", self.trim()),
            13 => format!("XDEL {key} {}", self.ids().join(" ")),
            14 => self.odd(&key),
            15..=19 => self.manage(&key, &group),
            20..=22 if self.flavor == Flavor::Redis82 => self.remove(&key, &group),
            20 => format!("XRANGE {key} {} {} COUNT {}", self.id(), self.id(), self.rng.u8(..4)),
            _ => self.deliver(&key, &group),
        };
        line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    fn add(&mut self, key: &str) -> String {
        let trim = if self.rng.u8(..15) == 0 { self.trim() } else { String::new() };
        let fields = match self.rng.u8(..12) {
            0 => format!("a {}", "y".repeat(self.rng.usize(..900))),
            1 => format!("f {}", "z".repeat(3000)),
            2 => format!("{} {}", self.rng.i16(..), self.rng.i64(..)),
            _ => self.pick(&["a b", "a b", "a 1", "a 17", "a b c d", "c d a b", "17 a", "a -300"]),
        };
        self.at += self.rng.u64(..2);
        let id = match self.rng.u8(..8) {
            0 => self.id(),
            _ => format!("{}-{}", self.at, self.rng.u8(..9)),
        };
        format!("XADD {key} {trim} {id} {fields}")
    }

    fn odd(&mut self, key: &str) -> String {
        match self.rng.u8(..8) {
            0 => format!("XSETID {key} {}", self.id()),
            1 if self.flavor != Flavor::Redis62 => format!(
                "XSETID {key} {} ENTRIESADDED {} MAXDELETEDID {}",
                self.id(),
                self.rng.u8(..60),
                self.id()
            ),
            2 => format!("XTRIM {key} MAXLEN 0"),
            _ => format!("XDEL {key} {}", self.ids().join(" ")),
        }
    }

    fn remove(&mut self, key: &str, group: &str) -> String {
        let (references, ids) = (self.references(), self.ids());
        let ids = format!("{references} IDS {} {}", ids.len(), ids.join(" "));
        match self.rng.bool() {
            true => format!("XDELEX {key} {ids}"),
            false => format!("XACKDEL {key} {group} {ids}"),
        }
    }

    fn manage(&mut self, key: &str, group: &str) -> String {
        let consumer = format!("c{}", self.rng.u8(..3));
        let read = match self.rng.bool() && self.flavor != Flavor::Redis62 {
            true => format!("ENTRIESREAD {}", self.rng.i8(-1..60)),
            false => String::new(),
        };
        let id = self.id();
        match self.rng.u8(..9) {
            0..=2 => {
                let id = self.pick(&["0", "$", &id]);
                format!("XGROUP CREATE {key} {group} {id} MKSTREAM {read}")
            }
            3 | 4 => {
                let id = self.pick(&["0", "$", &id, &id, "-", "+"]);
                format!("XGROUP SETID {key} {group} {id} {read}")
            }
            5 => format!("XGROUP DELCONSUMER {key} {group} {consumer}"),
            6 => format!("XGROUP DESTROY {key} {group}"),
            _ => format!("XGROUP CREATECONSUMER {key} {group} {consumer}"),
        }
    }

    fn deliver(&mut self, key: &str, group: &str) -> String {
        let consumer = format!("c{}", self.rng.u8(..3));
        let idle = self.pick(&["0", "60000"]);
        let (id, ids) = (self.id(), self.ids().join(" "));
        match self.rng.u8(..8) {
            0 => format!("XACK {key} {group} {ids}"),
            1 | 2 => {
                let last_id = format!("FORCE JUSTID LASTID {id}");
                let options = ["", "FORCE", "JUSTID", &last_id, "RETRYCOUNT 9", "IDLE 70000"];
                let options = self.pick(&options);
                format!("XCLAIM {key} {group} {consumer} {idle} {ids} {options}")
            }
            3 => {
                let options = self.pick(&["", "JUSTID", "COUNT 1", "COUNT 2 JUSTID"]);
                format!("XAUTOCLAIM {key} {group} {consumer} {idle} {id} {options}")
            }
            _ => {
                let count = self.pick(&["", "COUNT 1", "COUNT 3", "NOACK", "COUNT 2 NOACK"]);
                let from = self.pick(&[">", ">", ">", "0", &id]);
                format!("XREADGROUP GROUP {group} {consumer} {count} STREAMS {key} {from}")
            }
        }
    }
}
