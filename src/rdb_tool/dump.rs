//! The output of `tidegate rdb dump`: a key as a line of JSON.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::json::{Array, Base64, Bytes, Id, Item, Score};
use tidegate_rdb::{
    Entry, Group, Hash, ListNode, Set, SortedSet, Stream, StreamNode, Text, Value, packed_score,
};

/// Writes `entry` as one line.
pub(super) fn line(db: u64, entry: &Entry, out: &mut impl Write) -> io::Result<()> {
    let line = Line {
        db,
        key: Bytes(&entry.key),
        kind: entry.value.kind(),
        encoding: entry.value.encoding(),
        expires_at_ms: entry.expires_ms,
        idle: entry.idle,
        freq: entry.freq,
        value: Shown(&entry.value),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Line<'a> {
    db: u64,
    key: Bytes<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    encoding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    freq: Option<u8>,
    value: Shown<'a>,
}

struct Shown<'a>(&'a Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(Text::Bytes(bytes)) => Bytes(bytes).serialize(to),
            Value::String(Text::Int(number)) => to.collect_str(number),
            Value::List(nodes) => to.collect_seq(nodes.iter().flat_map(elements)),
            Value::Set(Set::Members(members)) => to.collect_seq(members.iter().map(Bytes)),
            Value::Set(Set::Ints(ints)) => {
                to.collect_seq(ints.view().iter().map(|n| n.to_string()))
            }
            Value::Set(Set::Packed(members)) => to.collect_seq(members.iter().map(Item)),
            Value::Hash(hash) => fields(hash, to),
            Value::SortedSet(zset) => members(zset, to),
            Value::Stream(it) => stream(it).serialize(to),
            Value::Module(it) => {
                let body = Base64 { base64: &it.body };
                OfModule { module: it.type_name(), body }.serialize(to)
            }
            Value::Opaque(it) => {
                Unreadable { unreadable: &it.why, body: Base64 { base64: &it.body } }.serialize(to)
            }
        }
    }
}

#[derive(Serialize)]
struct OfModule<'a> {
    module: String,
    #[serde(flatten)]
    body: Base64<'a>,
}

/// A value that cannot be read, and why.
#[derive(Serialize)]
struct Unreadable<'a> {
    unreadable: &'a str,
    #[serde(flatten)]
    body: Base64<'a>,
}

/// An element of a list, packed or plain.
#[derive(Serialize)]
#[serde(untagged)]
enum Either<'a> {
    Plain(Bytes<'a>),
    Packed(Item<'a>),
}

fn elements(node: &ListNode) -> Box<dyn Iterator<Item = Either<'_>> + '_> {
    match node {
        ListNode::Plain(element) => Box::new(std::iter::once(Either::Plain(Bytes(element)))),
        ListNode::Packed(elements) => {
            Box::new(elements.iter().map(|element| Either::Packed(Item(element))))
        }
    }
}

#[derive(Serialize)]
struct Field<F> {
    field: F,
    value: F,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<u64>,
}

fn fields<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
    let plain = |((field, value), at): ((_, _), u64)| {
        let expires_at_ms = Some(at).filter(|at| *at > 0);
        Field { field: Bytes(field), value: Bytes(value), expires_at_ms }
    };
    match hash {
        Hash::Pairs(pairs) => to.collect_seq(pairs.pairs().zip(std::iter::repeat(0)).map(plain)),
        Hash::PairsTtl { pairs, expires_ms } => {
            to.collect_seq(pairs.pairs().zip(expires_ms.iter().copied()).map(plain))
        }
        Hash::Packed(packed) => {
            let mut elements = packed.iter().map(Item);
            to.collect_seq(std::iter::from_fn(|| {
                let (field, value) = (elements.next()?, elements.next()?);
                Some(Field { field, value, expires_at_ms: None })
            }))
        }
        Hash::PackedTtl(packed) => {
            let mut elements = packed.iter();
            to.collect_seq(std::iter::from_fn(|| {
                let (field, value) = (Item(elements.next()?), Item(elements.next()?));
                let at = elements.next()?.as_int().and_then(|at| u64::try_from(at).ok());
                Some(Field { field, value, expires_at_ms: at.filter(|at| *at > 0) })
            }))
        }
    }
}

#[derive(Serialize)]
struct Member<M> {
    member: M,
    score: Score,
}

fn members<S: Serializer>(zset: &SortedSet, to: S) -> Result<S::Ok, S::Error> {
    match zset {
        SortedSet::Pairs { members, scores } => {
            let pairs = members.iter().zip(scores);
            to.collect_seq(
                pairs.map(|(member, score)| Member { member: Bytes(member), score: Score(*score) }),
            )
        }
        SortedSet::Packed(packed) => {
            let mut elements = packed.iter();
            to.collect_seq(std::iter::from_fn(|| {
                let (member, score) = (elements.next()?, elements.next()?);
                let score = Score(packed_score(score).unwrap_or_default());
                Some(Member { member: Item(member), score })
            }))
        }
    }
}

/// A stream without its deleted entries.
fn stream(stream: &Stream) -> impl Serialize + '_ {
    #[derive(Serialize)]
    struct Shown<E, G> {
        entries: E,
        last_id: Id,
        first_id: Id,
        max_deleted_id: Id,
        entries_added: u64,
        groups: G,
    }
    Shown {
        entries: Array(|| {
            let entries = stream.nodes.iter().flat_map(StreamNode::entries);
            entries.filter(|entry| !entry.deleted).map(|entry| {
                let fields = entry.fields().map(|(field, value)| [Item(field), Item(value)]);
                (Id(entry.id), fields.collect::<Vec<_>>())
            })
        }),
        last_id: Id(stream.last_id),
        first_id: Id(stream.first_id),
        max_deleted_id: Id(stream.max_deleted_id),
        entries_added: stream.entries_added,
        groups: Array(|| stream.groups.iter().map(group)),
    }
}

fn group(group: &Group) -> impl Serialize + '_ {
    #[derive(Serialize)]
    struct Shown<'a, P, C> {
        name: Bytes<'a>,
        last_id: Id,
        entries_read: Option<u64>,
        pending: P,
        consumers: C,
    }
    #[derive(Serialize)]
    struct Pending<'a> {
        id: Id,
        consumer: Option<Bytes<'a>>,
        delivered_ms: i64,
        deliveries: u64,
    }
    #[derive(Serialize)]
    struct Consumer<'a> {
        name: Bytes<'a>,
        seen_ms: i64,
        active_ms: Option<i64>,
    }
    Shown {
        name: Bytes(&group.name),
        last_id: Id(group.last_id),
        entries_read: group.entries_read,
        pending: Array(|| {
            group.pending.iter().map(|it| Pending {
                id: Id(it.id),
                consumer: it
                    .consumer
                    .and_then(|at| group.consumers.get(at))
                    .map(|it| Bytes(&it.name)),
                delivered_ms: it.delivered_ms,
                deliveries: it.deliveries,
            })
        }),
        consumers: Array(|| {
            group.consumers.iter().map(|it| Consumer {
                name: Bytes(&it.name),
                seen_ms: it.seen_ms,
                active_ms: it.active_ms,
            })
        }),
    }
}
