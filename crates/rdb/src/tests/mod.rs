//! Whole files: every type byte and opcode, made by hand where none of our servers writes them;
//! files that are cut off, changed or invented.

#![expect(clippy::cast_possible_truncation, reason = "small numbers all")]

mod round_trip;

use proptest::prelude::*;

use super::*;
use crate::packed::ziplist::tests::{text, ziplist};

/// Returns a file of this body, with its end and its checksum.
pub(super) fn file(magic: &str, body: &[u8]) -> Vec<u8> {
    let mut file = [magic.as_bytes(), body, &[255]].concat();
    let sum = Checksum::of(&file);
    file.extend(sum.to_le_bytes());
    file
}

pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let len = bytes.len();
    let head = if len < 64 { vec![len as u8] } else { vec![0x40 | (len >> 8) as u8, len as u8] };
    [head, bytes.to_vec()].concat()
}

fn read(file: &[u8]) -> Result<Vec<Item>, RdbError> {
    let mut reader = Reader::new(file, Limits::default());
    let mut items = Vec::new();
    while let Some(item) = reader.next_item()? {
        items.push(item);
    }
    Ok(items)
}

/// Reads the value of the one key of a file.
fn value(magic: &str, type_byte: u8, body: &[u8]) -> Result<Value, RdbError> {
    let mut items = read(&file(magic, &[&[type_byte], &b"\x01k"[..], body].concat()))?;
    assert_eq!((items.len(), items.pop()), (3, Some(Item::End(ChecksumState::Verified))));
    match items.pop() {
        Some(Item::Key(entry)) => Ok(entry.value),
        other => panic!("{other:?}"),
    }
}

fn listpack(elements: &[&str]) -> Listpack {
    let elements = elements.iter().map(|text| Element::Bytes(text.as_bytes()));
    elements.collect::<ListpackBuilder>().finish().unwrap()
}

fn strings(strings: &[&str]) -> Strings {
    strings.iter().collect()
}

const OLD: &str = "REDIS0006";
const NEW: &str = "REDIS0012";

#[test]
fn forms_of_old_servers_become_listpacks() {
    let packed = string(&ziplist(&[text("a"), vec![0xf3]]));
    let pair = listpack(&["a", "2"]);
    let list = Value::List(vec![ListNode::Packed(pair.clone())]);
    assert_eq!(value(OLD, 1, b"\x02\x01a\xc0\x02").unwrap(), list);
    assert_eq!(value(OLD, 10, &packed).unwrap(), list);
    let empty = string(&ziplist(&[]));
    let quicklist = [&[2][..], &packed, &empty].concat();
    assert_eq!(value("REDIS0007", 14, &quicklist).unwrap(), list);
    assert_eq!(value(OLD, 13, &packed).unwrap(), Value::Hash(Hash::Packed(pair.clone())));
    let zipmap = string(b"\x01\x01a\x01\x002\xff");
    assert_eq!(value(OLD, 9, &zipmap).unwrap(), Value::Hash(Hash::Packed(pair.clone())));
    assert_eq!(value(OLD, 12, &packed).unwrap(), Value::SortedSet(SortedSet::Packed(pair)));
    let zset = value(OLD, 3, b"\x04\x01a\x031.5\x01b\xfe\x01c\xff\x01d\x02-7").unwrap();
    let scores = vec![1.5, f64::INFINITY, f64::NEG_INFINITY, -7.0];
    let members = strings(&["a", "b", "c", "d"]);
    assert_eq!(zset, Value::SortedSet(SortedSet::Pairs { members, scores }));
    let error = value(OLD, 3, b"\x01\x01a\xfd").unwrap_err().to_string();
    assert!(error.ends_with("sorted set: a score is not a number"), "{error}");
}

#[test]
fn a_long_list_of_elements_gets_nodes_of_a_bounded_size() {
    let element = string(&[b'x'; 3000]);
    let large = [&[0x40 | (9000 >> 8) as u8, (9000 & 0xff) as u8][..], &[b'y'; 9000]].concat();
    let body = [&[5][..], &element, &element, &element, &large, &element].concat();
    let Value::List(nodes) = value(OLD, 1, &body).unwrap() else { panic!() };
    let lens: Vec<_> = nodes.iter().map(ListNode::len).collect();
    assert_eq!(lens, [2, 1, 1, 1]);
    assert!(matches!(&nodes[2], ListNode::Plain(large) if large.len() == 9000));
}

#[test]
fn expiries_of_hash_fields_in_every_form() {
    let pairs = strings(&["f", "v", "g", "w"]);
    let with = |expires: [u64; 2]| {
        Value::Hash(Hash::PairsTtl { pairs: pairs.clone(), expires_ms: expires.to_vec() })
    };
    let min = 1000_u64.to_le_bytes();
    let body = [&min[..], b"\x02\x00\x01f\x01v\x06\x01g\x01w"].concat();
    assert_eq!(value(NEW, 24, &body).unwrap(), with([0, 1005]));
    assert_eq!(value(NEW, 22, b"\x02\x00\x01f\x01v\x40\xc8\x01g\x01w").unwrap(), with([0, 200]));
    let (never, at) = ((-1_i64).to_le_bytes(), 77_i64.to_le_bytes());
    let body = [b"\x02\x01f\x01v", &never[..], b"\x01g\x01w", &at[..]].concat();
    assert_eq!(value("VALKEY080", 22, &body).unwrap(), with([0, 77]));
    let packed = listpack(&["f", "v", "5", "g", "w", "0"]);
    let bytes = string(packed.as_bytes());
    let packed = Value::Hash(Hash::PackedTtl(packed));
    assert_eq!(value(NEW, 25, &[&min[..], &bytes].concat()).unwrap(), packed);
    assert_eq!(value(NEW, 23, &bytes).unwrap(), packed);
    for (magic, type_byte) in [("VALKEY080", 23), ("VALKEY080", 24), (NEW, 28), (NEW, 200)] {
        let error = value(magic, type_byte, &bytes).unwrap_err();
        assert!(matches!(error.fault, Fault::UnknownType(it) if it == type_byte), "{error}");
    }
}

#[test]
fn streams_of_later_versions() {
    let node = listpack(&["1", "0", "1", "f", "0", "2", "0", "0", "v", "4"]);
    let id = |seq: u64| [7_u64.to_be_bytes(), seq.to_be_bytes()].concat();
    let mut body = [&[1][..], &string(&id(1)), &string(node.as_bytes())].concat();
    body.extend(b"\x01\x07\x01\x07\x01\0\0\x01\x01\x01g\x07\x01\x01"); // one group
    body.push(2);
    for seq in [1, 2] {
        body.extend([&id(seq)[..], &5_i64.to_le_bytes(), &[3]].concat());
    }
    body.extend(b"\x01\x01c");
    body.extend([6_i64.to_le_bytes(), (-1_i64).to_le_bytes()].concat());
    body.extend([&[1][..], &id(2), &[1], &id(1)].concat());
    body.extend(b"\x09\x08\x01\x01p\x01\x01r\x07\x01\x05\x04");
    let Value::Stream(stream) = value("REDIS0014", 27, &body).unwrap() else { panic!() };
    let group = &stream.groups[0];
    assert_eq!((stream.length, stream.entries_added, group.entries_read), (1, 1, Some(1)));
    assert_eq!(group.nacked, [StreamId { ms: 7, seq: 1 }]);
    let consumers: Vec<_> = group.pending.iter().map(|it| it.consumer).collect();
    assert_eq!(consumers, [None, Some(0)]);
    assert_eq!(group.consumers[0].active_ms, Some(-1));
    let idempotence = stream.idempotence.unwrap();
    assert_eq!((idempotence.duration, idempotence.duplicates), (9, 4));
    assert_eq!(idempotence.producers[0].requests[0].1, StreamId { ms: 7, seq: 1 });
    // A pending entry that was not given back must have a consumer.
    let at = body.len() - 17 - 12;
    assert_eq!(body[at], 1);
    let without = [&body[..at], &[0], &body[at + 17..]].concat();
    let error = value("REDIS0014", 27, &without).unwrap_err().to_string();
    assert!(error.ends_with("stream: a pending entry has no consumer"), "{error}");
}

/// Returns a file with every kind of item.
fn full() -> Vec<u8> {
    let node = listpack(&["1", "0", "1", "f", "0", "2", "0", "0", "v", "4"]);
    let id = [7_u64.to_be_bytes(), 1_u64.to_be_bytes()].concat();
    let time = 9_u64.to_le_bytes();
    let module = b"\x81\0\0\0\0\0\0\0\x2a\x02\x05\x05\x01x\0";
    let mut body = [&[250][..], b"\x09redis-ver\x058.2.1", &[245], b"\x03lib"].concat();
    body.extend([&[247][..], b"\x81\0\0\0\0\0\0\0\x2a\x02\x02\x05\x01x\0"].concat());
    body.extend(b"\xfe\x03\xfb\x05\x01\xf4\x01\x02\x03");
    body.extend([&[252][..], &time, &[249, 7], b"\0\x01a\xc1\x10\x27"].concat());
    body.extend(b"\xfd\x05\0\0\0\xf8\x09\0\x01b\xc3\x05\x08\x01ab\x80\x01");
    body.extend([&[20][..], b"\x01c", &string(listpack(&["x", "y"]).as_bytes())].concat());
    body.extend([&[11][..], b"\x01d", &string(b"\x02\0\0\0\x02\0\0\0\x01\0\x02\0")].concat());
    let quicklist = [&[18][..], b"\x01e\x02\x01\x03big\x02", &string(node.as_bytes())].concat();
    body.extend(quicklist);
    body.extend([&[5][..], b"\x01f\x01\x01m", &1.5_f64.to_le_bytes()].concat());
    body.extend([&[15][..], b"\x01g\x01", &string(&id), &string(node.as_bytes())].concat());
    body.extend([b"\x01\x07\x01\x01\x01G\x07\x01\x01", &id[..], &time, &[2]].concat());
    body.extend([b"\x01\x01C", &time[..], &[1], &id].concat());
    body.extend([&[7][..], b"\x01h", module].concat());
    body.extend([&[12][..], b"\x01i", &string(&ziplist(&[text("a"), vec![0xf3]]))].concat());
    body.extend([&[4][..], b"\x01j\x01\x01f\x01v\x02\x01l\0"].concat());
    file("REDIS0012", &body)
}

#[test]
fn everything_between_keys() {
    let items = read(&full()).unwrap();
    let mut items = items.into_iter();
    let header = Header { vendor: Vendor::Redis, version: 12 };
    assert_eq!(items.next(), Some(Item::Header(header)));
    let aux = Item::Aux { key: b"redis-ver".to_vec(), value: b"8.2.1".to_vec() };
    assert_eq!(items.next(), Some(aux));
    assert_eq!(items.next(), Some(Item::Function(b"lib".to_vec())));
    let aux = ModuleAux { id: 42, when: 2, body: b"\x05\x01x\0".to_vec() };
    assert_eq!(items.next(), Some(Item::ModuleAux(aux)));
    assert_eq!(items.next(), Some(Item::SelectDb(3)));
    assert_eq!(items.next(), Some(Item::ResizeDb { keys: 5, expires: 1 }));
    assert_eq!(items.next(), Some(Item::SlotInfo { slot: 1, keys: 2, expires: 3 }));
    let key = |key: &str, expires_ms, idle, freq, value| {
        let key = key.as_bytes().to_vec();
        Some(Item::Key(Entry { key, expires_ms, idle, freq, meta: None, value }))
    };
    let ten_thousand = Value::String(Text::Int(10_000));
    assert_eq!(items.next(), key("a", Some(9), None, Some(7), ten_thousand));
    let text = Value::String(Text::Bytes(b"abababab".to_vec()));
    assert_eq!(items.next(), key("b", Some(5000), Some(9), None, text));
    let set = Value::Set(Set::Packed(listpack(&["x", "y"])));
    assert_eq!(items.next(), key("c", None, None, None, set));
    let kinds: Vec<_> = items
        .map(|item| match item {
            Item::Key(entry) => (entry.value.encoding(), entry.value.len()),
            Item::End(ChecksumState::Verified) => ("end", 0),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        ("intset", 2),
        ("quicklist", 11),
        ("skiplist", 1),
        ("stream", 1),
        ("module", 1),
        ("listpack", 1),
        ("hashtable", 1),
        ("hashtable", 0),
        ("end", 0),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn opcodes_of_one_vendor_only() {
    let meta = b"\xf3\x01abcd\x02\x05\0\0\x01k\x01v";
    let items = read(&file("REDIS0013", meta)).unwrap();
    let expected = Some(b"\x01abcd\x02\x05\0".to_vec());
    assert!(matches!(&items[1], Item::Key(entry) if entry.meta == expected), "{items:?}");
    let items = read(&file("VALKEY080", b"\xf3\x03job\x02\x01\x02\x05\x09")).unwrap();
    let ranges = vec![(1, 2), (5, 9)];
    assert_eq!(items[1], Item::SlotImport { job: b"job".to_vec(), ranges });
    for (magic, byte, what) in [
        ("REDIS0015", 242, "a hash template (Redis 8.10)"),
        ("VALKEY081", 242, "a command in the file (Valkey 9.2)"),
        ("REDIS0010", 246, "a function of Redis 7.0 before its release"),
    ] {
        let error = read(&file(magic, &[byte])).unwrap_err();
        assert!(matches!(error.fault, Fault::Unsupported(it) if it == what), "{error}");
        assert!(error.to_string().starts_with(&format!("at byte 10, in opcode {byte}: ")));
    }
}

#[test]
fn headers_and_ends() {
    let head = |magic: &str| read(&file(magic, b"")).map(|items| items[0].clone());
    for magic in ["REDIS0001", "REDIS0015", "REDIS0079", "VALKEY080", "VALKEY999"] {
        // Before version 5 there is no checksum, and what follows the end is not read.
        assert!(matches!(head(magic), Ok(Item::Header(_))), "{magic}");
    }
    for magic in ["REDIS0000", "REDIS0080", "VALKEY079"] {
        let fault = head(magic).unwrap_err().fault;
        assert!(matches!(fault, Fault::UnsupportedVersion(_)), "{magic}: {fault}");
    }
    for magic in ["REDIS00x1", "VALKEYabc", "something"] {
        assert!(matches!(head(magic).unwrap_err().fault, Fault::NotRdb), "{magic}");
    }
    let mut absent = file(NEW, b"");
    let at = absent.len() - 8;
    absent[at..].fill(0);
    assert_eq!(read(&absent).unwrap()[1], Item::End(ChecksumState::Absent));
    absent[at] = 1;
    let error = read(&absent).unwrap_err();
    assert!(error.to_string().starts_with("at byte 18, in the checksum at the end: the checksum"));
    let mut old = Reader::new(&b"REDIS0003\xffrest"[..], Limits::default());
    old.next_item().unwrap();
    assert_eq!(old.next_item().unwrap(), Some(Item::End(ChecksumState::Absent)));
    assert_eq!((old.next_item().unwrap(), old.rest()), (None, &b"rest"[..]));
}

#[test]
fn an_error_has_its_place_and_its_context() {
    let error = value(NEW, 20, &string(b"\x07\0\0\0\x01\0\xff")).unwrap_err();
    let told = "at byte 20, in the value of key \"k\" (type 20, set): \
        listpack: has not as many elements as it says";
    assert_eq!(error.to_string(), told);
}

#[test]
fn a_file_that_is_cut_off_is_an_error_wherever_it_is_cut() {
    let whole = full();
    for len in 0..whole.len() {
        let error = read(&whole[..len]).unwrap_err();
        assert!(matches!(error.fault, Fault::Truncated), "{len}: {error}");
        assert_eq!(error.offset, len as u64);
    }
}

#[test]
fn a_file_with_one_byte_changed_is_an_error() {
    let whole = full();
    let mut changed = whole.clone();
    for at in 0..whole.len() {
        for flip in (0..8).map(|bit| 1 << bit).chain([0xff]) {
            changed[at] ^= flip;
            // The change may go unnoticed only if no checksum is left.
            if let Ok(items) = read(&changed) {
                assert!(items.contains(&Item::End(ChecksumState::Absent)), "{at} {flip}");
            }
            // Without a checksum the result is an error or a file, which is read to its end either
            // way.
            let mut unsummed = changed.clone();
            let end = unsummed.len() - 8;
            unsummed[end..].fill(0);
            drop(read(&unsummed));
            changed[at] ^= flip;
        }
    }
    assert_eq!(changed, whole);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        body: Vec<u8>,
        type_byte in 0u8..40,
        valkey: bool,
        packed: bool,
    ) {
        let magic = if valkey { "VALKEY080" } else { "REDIS0014" };
        drop(read(&file(magic, &body)));
        let body = if packed { string(&body) } else { body };
        drop(read(&file(magic, &[&[type_byte, 0][..], &body].concat())));
        let mut payload = [&[type_byte][..], &body].concat();
        payload.extend([if valkey { 80 } else { 12 }, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        drop(dump::decode(&payload, Limits::default()));
    }
}
