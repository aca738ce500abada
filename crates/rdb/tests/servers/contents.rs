//! The contents of a key, from a server and from a file, in one form that can be compared.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_rdb::{
    Element, Group, Hash, ListNode, Listpack, Set, SortedSet, Stream, StreamNode, Value,
    packed_score,
};

use tidegate_test_support::*;

type Bytes = Vec<u8>;

#[derive(Debug, PartialEq)]
pub(crate) enum Contents {
    String(Bytes),
    List(Vec<Bytes>),
    Set(BTreeSet<Bytes>),
    /// Fields with values and expiries, 0 for none.
    Hash(BTreeMap<Bytes, (Bytes, u64)>),
    SortedSet(BTreeMap<Bytes, f64>),
    /// Entries, facts, groups.
    Stream(Vec<(String, Vec<Bytes>)>, BTreeMap<String, String>, Vec<OfGroup>),
}

#[derive(Debug, PartialEq)]
pub(crate) struct OfGroup {
    facts: BTreeMap<String, String>,
    /// Id, consumer, time, deliveries.
    pending: Vec<(String, Bytes, i64, i64)>,
    /// Name, when it was seen, when it was active where that is known.
    consumers: BTreeMap<Bytes, (i64, Option<i64>)>,
}

// ---- from the server ----

fn list(reply: &Reply) -> Vec<Bytes> {
    reply.array().iter().map(|item| item.bytes().to_vec()).collect()
}

pub(crate) fn asked(wire: &mut Wire, flavor: Flavor, key: &[u8]) -> Contents {
    let kind = wire.cmd(&[b"TYPE", key]).str().to_owned();
    match &*kind {
        "string" => Contents::String(wire.cmd(&[b"GET", key]).bytes().to_vec()),
        "list" => Contents::List(list(&wire.cmd(&[b"LRANGE", key, b"0", b"-1"]))),
        "set" => Contents::Set(list(&wire.cmd(&[b"SMEMBERS", key])).into_iter().collect()),
        "hash" => asked_hash(wire, flavor, key),
        "zset" => {
            let flat = list(&wire.cmd(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]));
            let score = |text: &[u8]| std::str::from_utf8(text).unwrap().parse().unwrap();
            Contents::SortedSet(
                flat.chunks(2).map(|pair| (pair[0].clone(), score(&pair[1]))).collect(),
            )
        }
        "stream" => asked_stream(wire, key),
        other => panic!("{other}"),
    }
}

fn asked_hash(wire: &mut Wire, flavor: Flavor, key: &[u8]) -> Contents {
    let flat = list(&wire.cmd(&[b"HGETALL", key]));
    let mut hash: BTreeMap<_, _> =
        flat.chunks(2).map(|pair| (pair[0].clone(), (pair[1].clone(), 0))).collect();
    if matches!(flavor, Flavor::Redis82 | Flavor::Valkey91) {
        let fields: Vec<_> = hash.keys().cloned().collect();
        for fields in fields.chunks(500) {
            let count = fields.len().to_string();
            let mut args = vec![&b"HPEXPIRETIME"[..], key, b"FIELDS", count.as_bytes()];
            args.extend(fields.iter().map(Vec::as_slice));
            for (field, at) in fields.iter().zip(wire.cmd(&args).array()) {
                hash.get_mut(field).unwrap().1 = u64::try_from(at.int()).unwrap_or(0);
            }
        }
    }
    Contents::Hash(hash)
}

fn text(reply: &Reply) -> String {
    match reply {
        Reply::Int(number) => number.to_string(),
        Reply::Null => "none".into(),
        other => other.str().to_owned(),
    }
}

/// Returns the facts of `names` among `pairs` that this server has.
fn facts(pairs: &[(Reply, Reply)], names: &[&str]) -> BTreeMap<String, String> {
    let known = pairs.iter().filter(|(name, _)| names.contains(&name.str()));
    known.map(|(name, value)| (name.str().to_owned(), text(value))).collect()
}

const STREAM: [&str; 5] = [
    "length",
    "last-generated-id",
    "max-deleted-entry-id",
    "entries-added",
    "recorded-first-entry-id",
];
const GROUP: [&str; 3] = ["name", "last-delivered-id", "entries-read"];

fn asked_stream(wire: &mut Wire, key: &[u8]) -> Contents {
    let entries = wire.cmd(&[b"XRANGE", key, b"-", b"+"]);
    let entries = entries.array().iter().map(|entry| {
        let [id, fields] = entry.array() else { panic!("{entry:?}") };
        (id.str().to_owned(), list(fields))
    });
    let entries = entries.collect();
    let info = wire.cmd(&[&b"XINFO"[..], b"STREAM", key, b"FULL", b"COUNT", b"0"]).pairs();
    let value = |pairs: &[(Reply, Reply)], name: &str| {
        pairs.iter().find(|(it, _)| it.str() == name).map(|(_, value)| value.clone())
    };
    let groups = value(&info, "groups").unwrap();
    let mut groups: Vec<_> = groups
        .array()
        .iter()
        .map(|group| {
            let group = group.pairs();
            let pending = value(&group, "pel").or_else(|| value(&group, "pending")).unwrap();
            let pending = pending.array().iter().map(|it| {
                let [id, consumer, at, count] = it.array() else { panic!("{it:?}") };
                (id.str().to_owned(), consumer.bytes().to_vec(), at.int(), count.int())
            });
            let pending = pending.collect();
            let consumers = value(&group, "consumers").unwrap();
            let consumers = consumers.array().iter().map(|it| {
                let it = it.pairs();
                let active = value(&it, "active-time").map(|at| at.int());
                let seen = value(&it, "seen-time").unwrap().int();
                (value(&it, "name").unwrap().bytes().to_vec(), (seen, active))
            });
            let consumers = consumers.collect();
            OfGroup { facts: facts(&group, &GROUP), pending, consumers }
        })
        .collect();
    groups.sort_by(|a, b| a.facts["name"].cmp(&b.facts["name"]));
    Contents::Stream(entries, facts(&info, &STREAM), groups)
}

// ---- from the file ----

fn bytes(element: Element<'_>) -> Bytes {
    element.bytes(&mut itoa::Buffer::new()).to_vec()
}

/// Returns the elements of a listpack, and checks that they are the same from behind.
fn packed(listpack: &Listpack) -> Vec<Bytes> {
    let elements: Vec<_> = listpack.iter().map(bytes).collect();
    assert!(listpack.iter().rev().map(bytes).eq(elements.iter().rev().cloned()));
    assert_eq!(listpack.len(), elements.len());
    elements
}

/// Returns the contents of a value; of a stream only what `flavor` has.
pub(crate) fn read(value: &Value, flavor: Flavor) -> Contents {
    let contents = match value {
        Value::String(text) => Contents::String(text.clone().into_bytes()),
        Value::List(nodes) => {
            let nodes = nodes.iter().flat_map(|node| match node {
                ListNode::Plain(element) => vec![element.clone()],
                ListNode::Packed(listpack) => packed(listpack),
            });
            Contents::List(nodes.collect())
        }
        Value::Set(Set::Members(members)) => {
            Contents::Set(members.iter().map(<[u8]>::to_vec).collect())
        }
        Value::Set(Set::Ints(ints)) => {
            Contents::Set(ints.view().iter().map(|n| n.to_string().into_bytes()).collect())
        }
        Value::Set(Set::Packed(listpack)) => Contents::Set(packed(listpack).into_iter().collect()),
        Value::Hash(hash) => read_hash(hash),
        Value::SortedSet(SortedSet::Pairs { members, scores }) => Contents::SortedSet(
            members.iter().map(<[u8]>::to_vec).zip(scores.iter().copied()).collect(),
        ),
        Value::SortedSet(SortedSet::Packed(listpack)) => {
            let elements: Vec<_> = listpack.iter().collect();
            let pair = |pair: &[Element<'_>]| (bytes(pair[0]), packed_score(pair[1]).unwrap());
            Contents::SortedSet(elements.chunks(2).map(pair).collect())
        }
        Value::Stream(stream) => read_stream(stream, flavor),
        Value::Module(_) | Value::Opaque(_) => panic!("{value:?}"),
    };
    let len = match &contents {
        Contents::String(_) => 1,
        Contents::List(all) => all.len(),
        Contents::Set(all) => all.len(),
        Contents::Hash(all) => all.len(),
        Contents::SortedSet(all) => all.len(),
        Contents::Stream(all, ..) => all.len(),
    };
    assert_eq!(value.len(), len as u64);
    contents
}

fn read_hash(hash: &Hash) -> Contents {
    let entry = |(field, value): (&[u8], &[u8]), at| (field.to_vec(), (value.to_vec(), at));
    Contents::Hash(match hash {
        Hash::Pairs(pairs) => pairs.pairs().map(|pair| entry(pair, 0)).collect(),
        Hash::PairsTtl { pairs, expires_ms } => {
            pairs.pairs().zip(expires_ms).map(|(pair, at)| entry(pair, *at)).collect()
        }
        Hash::Packed(listpack) => {
            let flat = packed(listpack);
            flat.chunks(2).map(|pair| entry((&pair[0], &pair[1]), 0)).collect()
        }
        Hash::PackedTtl(listpack) => {
            let flat = packed(listpack);
            let at = |text: &[u8]| std::str::from_utf8(text).unwrap().parse().unwrap();
            flat.chunks(3).map(|it| entry((&it[0], &it[1]), at(&it[2]))).collect()
        }
    })
}

fn read_stream(stream: &Stream, flavor: Flavor) -> Contents {
    let live = stream.nodes.iter().flat_map(StreamNode::entries).filter(|entry| !entry.deleted);
    let entries = live.map(|entry| {
        let fields = entry.fields().flat_map(|(field, value)| [bytes(field), bytes(value)]);
        (entry.id.to_string(), fields.collect())
    });
    let facts = [
        stream.length.to_string(),
        stream.last_id.to_string(),
        stream.max_deleted_id.to_string(),
        stream.entries_added.to_string(),
        stream.first_id.to_string(),
    ];
    let known = if flavor == Flavor::Redis62 { 2 } else { STREAM.len() };
    let facts = STREAM[..known].iter().map(|name| (*name).to_owned()).zip(facts).collect();
    let groups = stream.groups.iter().map(|group| read_group(group, flavor));
    let mut groups: Vec<_> = groups.collect();
    groups.sort_by(|a, b| a.facts["name"].cmp(&b.facts["name"]));
    Contents::Stream(entries.collect(), facts, groups)
}

fn read_group(group: &Group, flavor: Flavor) -> OfGroup {
    let pending = group.pending.iter().map(|it| {
        let consumer = group.consumers[it.consumer.unwrap()].name.clone();
        let deliveries = i64::try_from(it.deliveries).unwrap();
        (it.id.to_string(), consumer, it.delivered_ms, deliveries)
    });
    let consumers = group.consumers.iter().map(|it| (it.name.clone(), (it.seen_ms, it.active_ms)));
    let facts = [
        String::from_utf8(group.name.clone()).unwrap(),
        group.last_id.to_string(),
        group.entries_read.map_or_else(|| "none".into(), |read| read.to_string()),
    ];
    let known = if flavor == Flavor::Redis62 { 2 } else { GROUP.len() };
    OfGroup {
        facts: GROUP[..known].iter().map(|name| (*name).to_owned()).zip(facts).collect(),
        pending: pending.collect(),
        consumers: consumers.collect(),
    }
}
