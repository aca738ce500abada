//! Streams by themselves: their digests, snapshots and costs.

use super::entries::Range;
use super::entries::id::{self, NewId};
use super::groups::{Group, Pending};
use super::*;
use crate::dialect::Dialect;
use crate::packing::Packing;
use crate::primitives::Digest;
use tidegate_rdb::{self as rdb, Form, Limits, StreamId};

fn stream(entries: &[(&str, &[&[u8]])]) -> Stream {
    let dialect = Dialect::default();
    let mut stream = Stream::default();
    for (id, fields) in entries {
        let id = id::strict(id.as_bytes()).unwrap();
        let by = (&Packing::of(dialect), dialect);
        stream.append(NewId::Exactly(id), fields, 0, by).unwrap();
    }
    stream
}

fn digest(stream: &Stream) -> String {
    let mut digest = Digest::default();
    stream.digest(&mut digest);
    digest.hex()
}

#[test]
fn digests_are_the_servers() {
    // Measured with DEBUG DIGEST-VALUE; all four servers agree.
    let mut measured = stream(&[
        ("1-7", &[b"f1", b"v", b"a", b"121"]),
        ("2-14", &[b"f2", b"v", b"a", b"122"]),
        ("3-21", &[b"f3", b"v", b"a", b"123"]),
    ]);
    measured.delete(&[StreamId { ms: 2, seq: 14 }]).unwrap();
    assert_eq!(digest(&measured), "3ba674c868acb482a420569735e033dd5d9df589");
    measured.groups.insert(b"g"[..].into(), Group::new(id::ZERO, None));
    assert_eq!(digest(&measured), "3ba674c868acb482a420569735e033dd5d9df589");
    assert_eq!(digest(&Stream::default()), "06bd01623de1d087bbd377851096317b1af476a2");
}

/// Returns a stream of some nodes, with groups.
fn large() -> Stream {
    let ids: Vec<_> = (1..500).map(|n| format!("{}-{n}", n * 40_000)).collect();
    let fields: &[&[u8]] = &[b"field", b"value", b"n", b"12"];
    let entries: Vec<_> = ids.iter().map(|id| (id.as_str(), fields)).collect();
    let mut stream = stream(&entries);
    let all: Vec<_> = ids.iter().map(|id| id::strict(id.as_bytes()).unwrap()).collect();
    stream.delete(&all[..130]).unwrap();
    let mut group = Group::new(all[200], Some(200));
    let owners = [b"zoe", b"ann", b"eve"].map(|name| group.consumer_or_new(name, 5));
    group.remove_consumer(b"ann");
    for (n, &id) in all.iter().enumerate().skip(100).take(100) {
        let owner = owners[n % 2 * 2];
        group.assign(id, Pending { delivered_ms: 1_000 + n as i64, deliveries: 2, owner });
    }
    stream.groups.insert(b"one"[..].into(), group);
    stream.groups.insert(b"two"[..].into(), Group::new(id::ZERO, None));
    stream
}

fn dump(stream: &Stream, form: Form) -> Vec<u8> {
    rdb::dump::encode(form, true, |to| stream.write(to)).unwrap()
}

fn load(payload: &[u8]) -> rdb::Stream {
    match rdb::dump::decode(payload, Limits::default()).unwrap().value {
        rdb::Value::Stream(stream) => *stream,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_written_stream_is_read() {
    let stream = large();
    let payload = dump(&stream, Form::REDIS_74);
    let read = Stream::from_snapshot(load(&payload)).unwrap();
    assert_eq!(dump(&read, Form::REDIS_74), payload);
    assert_eq!(digest(&read), digest(&stream));
    assert_eq!(read.nodes.tree_nodes(), stream.nodes.tree_nodes());
    let owner = |stream: &Stream, n: usize| {
        let group = stream.group(b"one").unwrap();
        let pending = group.pending().values().nth(n).copied().unwrap();
        (group.owner(&pending).unwrap().name.to_vec(), pending.delivered_ms, pending.deliveries)
    };
    assert!((0..100).all(|n| owner(&read, n) == owner(&stream, n)));
    assert_eq!(owner(&read, 0).0, b"zoe");
}

#[test]
fn snapshots_that_contradict_themselves_are_refused() {
    let snapshot = load(&dump(&large(), Form::REDIS_74));
    let refused = |change: &dyn Fn(&mut rdb::Stream)| {
        let mut changed = snapshot.clone();
        change(&mut changed);
        Stream::from_snapshot(changed).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused(&|it| it.nodes.swap(0, 1)).contains("node"));
    assert!(refused(&|it| it.groups[1].name = b"one".to_vec()).contains("group"));
    assert!(refused(&|it| it.groups[0].consumers[0].name = b"zoe".to_vec()).contains("consumer"));
    let twice = |it: &mut rdb::Stream| it.groups[0].pending[1].id = it.groups[0].pending[0].id;
    assert!(refused(&twice).contains("pending"));
    assert!(refused(&|it| it.groups[0].pending[1].consumer = Some(9)).contains("pending"));
}

#[test]
fn ranges_find_what_is_between() {
    let stream = large();
    let count = |range: Range<'_>| range.count();
    let id = |ms| StreamId { ms, seq: 0 };
    assert_eq!(count(stream.nodes.range(id::ZERO, id::MAX)), 369);
    assert_eq!(count(stream.nodes.range_back(id::ZERO, id::MAX)), 369);
    for (start, end, between) in [(0, 40_000 * 132, 1), (40_000 * 300, 40_000 * 302, 2), (9, 1, 0)]
    {
        assert_eq!(count(stream.nodes.range(id(start), id(end))), between);
        assert_eq!(count(stream.nodes.range_back(id(start), id(end))), between);
    }
}
