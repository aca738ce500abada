//! Packed forms that are changed here and by a real server in the same way become the same bytes.

use tidegate_rdb::{
    Hash, IntsetBuf, Limits, ListNode, ListpackBuf, ListpackRef, Position, Set, SortedSet, Value,
    dump,
};

use tidegate_test_support::*;

/// How often each key is changed, and after how many changes it is compared.
const EDITS: usize = 2000;
const COMPARED: usize = 20;

/// Returns the packed form in which a server keeps `key`; empty without the key.
fn packed(wire: &mut Wire, key: &str) -> Vec<u8> {
    let reply = wire.cmd(&["DUMP", key]);
    if reply.is_null() {
        return Vec::new();
    }
    match dump::decode(reply.bytes(), Limits::default()).unwrap().value {
        Value::Hash(Hash::Packed(listpack))
        | Value::SortedSet(SortedSet::Packed(listpack))
        | Value::Set(Set::Packed(listpack)) => listpack.into_bytes(),
        Value::Set(Set::Ints(set)) => set.into_bytes(),
        Value::List(mut nodes) => match (nodes.pop(), nodes.len()) {
            (Some(ListNode::Packed(listpack)), 0) => listpack.into_bytes(),
            other => panic!("{other:?}"),
        },
        other => panic!("{}", other.encoding()),
    }
}

fn element() -> Vec<u8> {
    let bits = fastrand::u32(..63);
    match fastrand::u32(..10) {
        0..3 => fastrand::i32(-20..20).to_string().into_bytes(),
        // Where a number takes a byte more.
        3 => {
            let limit = [127, 128, 4095, 4096, 1 << 15, 1 << 23, 1 << 31][fastrand::usize(..7)];
            let sign = [1, -1][fastrand::usize(..2)];
            (sign * limit + fastrand::i64(-1..=1)).to_string().into_bytes()
        }
        4..6 => fastrand::i64(-(1 << bits)..=1 << bits).to_string().into_bytes(),
        6 => ["-0", "007", "1.5", "9223372036854775808", "", "+1"][fastrand::usize(..6)].into(),
        7 => vec![b'm'; fastrand::usize(56..=64)],
        _ => format!("text {}", fastrand::u32(..20)).into_bytes(),
    }
}

/// A packed form, here and at a server, that random commands change.
struct Both {
    wire: Wire,
    here: ListpackBuf,
}

impl Both {
    fn new(server: &RedisServer) -> Self {
        Self { wire: server.wire(), here: ListpackBuf::new() }
    }

    fn view(&self) -> ListpackRef<'_> {
        self.here.view()
    }

    /// Returns one of the elements that are followed by `skip` others; now and then another one.
    fn victim(&self, skip: usize) -> Vec<u8> {
        let count = self.here.len() / (skip + 1);
        if count == 0 || fastrand::u8(..8) == 0 {
            return element();
        }
        let found = self.view().iter().step_by(skip + 1).nth(fastrand::usize(..count)).unwrap();
        found.bytes(&mut itoa::Buffer::new()).to_vec()
    }

    #[track_caller]
    fn compare(&mut self, key: &str) {
        let there = packed(&mut self.wire, key);
        if there.is_empty() {
            assert!(self.here.is_empty(), "{key}");
        } else {
            assert_eq!(self.here.as_bytes().escape_ascii().to_string(), {
                there.escape_ascii().to_string()
            });
        }
    }

    fn hash(&mut self) {
        for n in 1..=EDITS {
            let remove = self.here.len() > 60 || fastrand::u8(..3) == 0;
            let update = fastrand::u8(..4) == 0;
            let field = if remove || update { self.victim(1) } else { element() };
            let (found, value) = (self.view().find(&field, 1), element());
            if remove {
                self.wire.cmd(&[b"HDEL", &b"hash"[..], &field]).int();
                if let Some(at) = found {
                    assert_eq!(self.here.remove(at, 2), 2);
                }
            } else {
                self.wire.cmd(&[b"HSET", &b"hash"[..], &field, &value]).int();
                match found.and_then(|at| self.view().after(at)) {
                    Some(at) => self.here.replace(at, &value[..]).unwrap(),
                    None => {
                        self.here.push_back(&field[..]).unwrap();
                        self.here.push_back(&value[..]).unwrap();
                    }
                }
            }
            if n % COMPARED == 0 {
                self.compare("hash");
            }
        }
    }

    fn sorted_set(&mut self) {
        for n in 1..=EDITS {
            let remove = self.here.len() > 60 || fastrand::u8(..3) == 0;
            let update = fastrand::u8(..4) == 0;
            let member = if remove || update { self.victim(1) } else { element() };
            let score = fastrand::i32(-9000..9000) / [1, 1, 100][fastrand::usize(..3)];
            let found = self.view().find(&member, 1);
            if let Some(at) = found {
                self.here.remove(at, 2);
            }
            if remove {
                self.wire.cmd(&[b"ZREM", &b"zset"[..], &member]).int();
            } else {
                let text = score.to_string();
                self.wire.cmd(&[b"ZADD", &b"zset"[..], text.as_bytes(), &member]).int();
                let place = self.place(score.into(), &member);
                // In this order each is put before the one that was put there first.
                self.here.insert(place, i64::from(score)).unwrap();
                self.here.insert(place, &member[..]).unwrap();
            }
            if n % COMPARED == 0 {
                self.compare("zset");
            }
        }
    }

    /// Returns the position of the first member behind this one.
    fn place(&self, score: i64, member: &[u8]) -> Position {
        let mut all = self.view().positions();
        while let Some((at, other)) = all.next() {
            let (_, other_score) = all.next().unwrap();
            let mut buffer = itoa::Buffer::new();
            if (score, member) < (other_score.as_int().unwrap(), other.bytes(&mut buffer)) {
                return at;
            }
        }
        self.view().end()
    }

    /// A packed set whose first member is no integer, and stays.
    fn set(&mut self) {
        self.wire.cmd(&["SADD", "set", "first"]).int();
        self.here.push_back(b"first").unwrap();
        for n in 1..=EDITS {
            let remove = self.here.len() > 60 || fastrand::u8(..3) == 0;
            let member = if remove { self.victim(0) } else { element() };
            let found = self.view().find(&member, 0);
            if remove && member != b"first" {
                self.wire.cmd(&[b"SREM", &b"set"[..], &member]).int();
                if let Some(at) = found {
                    assert_eq!(self.here.remove(at, 1), 1);
                }
            } else {
                self.wire.cmd(&[b"SADD", &b"set"[..], &member]).int();
                if found.is_none() {
                    self.here.push_back(&member[..]).unwrap();
                }
            }
            if n % COMPARED == 0 {
                self.compare("set");
            }
        }
    }

    /// A list in one node, with elements around 128 and 4,096 bytes too.
    fn list(&mut self) {
        self.wire.cmd(&["CONFIG", "SET", "list-max-listpack-size", "-5"]).ok();
        for n in 1..=EDITS {
            let element = match fastrand::u32(..100) {
                0 => vec![b'l'; fastrand::usize(4090..4100)],
                1..10 => vec![b'l'; fastrand::usize(120..130)],
                _ => element(),
            };
            let index = fastrand::i64(-30..30);
            let (found, text) = (self.view().seek(index), index.to_string());
            match fastrand::u32(..8) {
                0 | 1 => {
                    self.wire.cmd(&[b"RPUSH", &b"list"[..], &element]).int();
                    self.here.push_back(&element[..]).unwrap();
                }
                2 => {
                    self.wire.cmd(&[b"LPUSH", &b"list"[..], &element]).int();
                    self.here.push_front(&element[..]).unwrap();
                }
                3 if self.here.len() > 12 => {
                    self.wire.cmd(&["LPOP", "list", "3"]).array();
                    assert_eq!(self.here.remove(Position::FIRST, 3), 3);
                }
                4 if self.here.len() > 2 => {
                    self.wire.cmd(&["RPOP", "list"]).bytes();
                    assert_eq!(self.here.remove(self.view().seek(-1).unwrap(), 5), 1);
                }
                5 => {
                    self.wire.cmd(&[b"LSET", &b"list"[..], text.as_bytes(), &element]);
                    if let Some(at) = found {
                        self.here.replace(at, &element[..]).unwrap();
                    }
                }
                6 => {
                    let pivot = self::element();
                    self.wire.cmd(&[b"LINSERT", &b"list"[..], b"BEFORE", &pivot, &element]).int();
                    if let Some(at) = self.view().find(&pivot, 0) {
                        self.here.insert(at, &element[..]).unwrap();
                    }
                }
                _ => {
                    let removed = self.wire.cmd(&[b"LREM", &b"list"[..], b"1", &element]).int();
                    let found = self.view().find(&element, 0);
                    assert_eq!(removed == 1, found.is_some());
                    if let Some(at) = found {
                        self.here.remove(at, 1);
                    }
                }
            }
            if n % COMPARED == 0 {
                self.compare("list");
            }
        }
    }
}

fn intset(server: &RedisServer) {
    let (mut wire, mut here) = (server.wire(), IntsetBuf::new());
    for n in 1..=EDITS {
        // First narrow ones, then wider ones.
        let bits = if n < EDITS / 3 { 8 } else { fastrand::usize(..n * 62 / EDITS) };
        let number = fastrand::i64(-(1 << bits)..=1 << bits);
        let text = number.to_string();
        // More than 512 would be no intset.
        if here.view().len() > 400 || here.view().len() > 1 && fastrand::u8(..3) == 0 {
            let index = fastrand::usize(..here.view().len());
            let number = if n % 5 == 0 { number } else { here.view().get(index).unwrap() };
            let removed = wire.cmd(&["SREM", "ints", &number.to_string()]).int();
            assert_eq!(here.remove(number), removed == 1);
        } else {
            let added = wire.cmd(&["SADD", "ints", &text]).int();
            assert_eq!(here.insert(number).unwrap(), added == 1);
        }
        if n % COMPARED == 0 {
            assert_eq!(here.view().as_bytes(), packed(&mut wire, "ints"), "{here:?}");
        }
    }
    assert_eq!(here.view().width(), 8);
}

fn edits_are_those_of(flavor: Flavor) {
    let server = RedisServer::spawn(flavor);
    Both::new(&server).hash();
    Both::new(&server).sorted_set();
    Both::new(&server).list();
    if flavor != Flavor::Redis70 {
        Both::new(&server).set();
    }
    intset(&server);
}

#[test]
fn edits_are_those_of_redis_70() {
    edits_are_those_of(Flavor::Redis70);
}

#[test]
fn edits_are_those_of_redis_82() {
    edits_are_those_of(Flavor::Redis82);
}

#[test]
fn edits_are_those_of_valkey_91() {
    edits_are_those_of(Flavor::Valkey91);
}
