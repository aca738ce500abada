//! Values of every kind, written in every form and read again.

use std::collections::BTreeMap;
use std::io::{self, Write};

use proptest::prelude::*;

use crate::*;

const FORMS: [Form; 5] =
    [Form::REDIS_62, Form::REDIS_70, Form::REDIS_72, Form::REDIS_74, Form::VALKEY_90];

fn read(file: &[u8]) -> Vec<Item> {
    let mut reader = Reader::new(file, Limits::default());
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        items.push(item);
    }
    items
}

fn bytes(element: Element<'_>) -> Vec<u8> {
    element.bytes(&mut itoa::Buffer::new()).to_vec()
}

/// The contents of a value, whatever its type: elements, or elements by name.
#[derive(Debug, PartialEq)]
enum Contents {
    All(Vec<Vec<u8>>),
    Named(BTreeMap<Vec<u8>, (Vec<u8>, u64)>),
    Other(Value),
}

fn contents(value: &Value) -> Contents {
    let packed = |listpack: &Listpack| listpack.iter().map(bytes).collect::<Vec<_>>();
    let number = |text: &[u8]| std::str::from_utf8(text).unwrap().parse().unwrap();
    let named = |elements: Vec<Vec<u8>>, step: usize| {
        let entry =
            |it: &[Vec<u8>]| (it[0].clone(), (it[1].clone(), it.get(2).map_or(0, |at| number(at))));
        Contents::Named(elements.chunks(step).map(entry).collect())
    };
    let bits = |score: f64| (score.to_bits().to_be_bytes().to_vec(), 0);
    match value {
        Value::String(text) => Contents::All(vec![text.clone().into_bytes()]),
        Value::List(nodes) => Contents::All(
            nodes
                .iter()
                .flat_map(|node| match node {
                    ListNode::Plain(element) => vec![element.clone()],
                    ListNode::Packed(listpack) => packed(listpack),
                })
                .collect(),
        ),
        Value::Set(Set::Members(all)) => Contents::All(all.iter().map(<[u8]>::to_vec).collect()),
        Value::Set(Set::Packed(listpack)) => Contents::All(packed(listpack)),
        Value::Hash(Hash::Pairs(all)) => named(all.iter().map(<[u8]>::to_vec).collect(), 2),
        Value::Hash(Hash::Packed(listpack)) => named(packed(listpack), 2),
        Value::Hash(Hash::PackedTtl(listpack)) => named(packed(listpack), 3),
        Value::Hash(Hash::PairsTtl { pairs, expires_ms }) => {
            let entry = |((f, v), at): ((&[u8], &[u8]), &u64)| (f.to_vec(), (v.to_vec(), *at));
            Contents::Named(pairs.pairs().zip(expires_ms).map(entry).collect())
        }
        Value::SortedSet(SortedSet::Pairs { members, scores }) => {
            let scores = scores.iter().map(|score| bits(*score));
            Contents::Named(members.iter().map(<[u8]>::to_vec).zip(scores).collect())
        }
        Value::SortedSet(SortedSet::Packed(listpack)) => {
            let elements: Vec<_> = listpack.iter().collect();
            let entry = |it: &[Element<'_>]| (bytes(it[0]), bits(packed_score(it[1]).unwrap()));
            Contents::Named(elements.chunks(2).map(entry).collect())
        }
        other => Contents::Other(other.clone()),
    }
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        4 => (-300..300_i64).prop_map(|n| n.to_string().into_bytes()),
        8 => prop::collection::vec(any::<u8>(), 0..80),
        1 => (0..30_000_usize).prop_map(|len| vec![b'x'; len]),
    ]
}

fn elements() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(element(), 1..20)
}

fn listpack<'a>(elements: impl IntoIterator<Item = &'a Vec<u8>>) -> Listpack {
    let elements = elements.into_iter().map(|it| Element::Bytes(it));
    elements.collect::<ListpackBuilder>().finish().unwrap()
}

fn pairs() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::btree_map(element(), element(), 1..10)
        .prop_map(|map| map.into_iter().flat_map(|(field, value)| [field, value]).collect())
}

fn scored() -> impl Strategy<Value = BTreeMap<Vec<u8>, f64>> {
    let score = prop_oneof![
        any::<f64>().prop_filter("a number", |score| !score.is_nan()),
        Just(f64::INFINITY),
        (-5..5_i8).prop_map(f64::from),
    ];
    prop::collection::btree_map(element(), score, 1..10)
}

fn plain_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        element().prop_map(|it| Value::String(Text::Bytes(it))),
        any::<i64>().prop_map(|it| Value::String(Text::Int(it))),
        (elements(), element(), elements()).prop_map(|(first, large, last)| Value::List(vec![
            ListNode::Packed(listpack(&first)),
            ListNode::Plain(large),
            ListNode::Packed(listpack(&last)),
        ])),
        elements().prop_map(|it| Value::Set(Set::Members(it.iter().collect()))),
        elements().prop_map(|it| Value::Set(Set::Packed(listpack(&it)))),
        prop::collection::vec(any::<i64>(), 1..20).prop_map(|it| {
            let mut set = IntsetBuf::new();
            it.iter().for_each(|it| assert!(set.insert(*it).is_ok()));
            Value::Set(Set::Ints(set.into()))
        }),
        pairs().prop_map(|it| Value::Hash(Hash::Pairs(it.iter().collect()))),
        pairs().prop_map(|it| Value::Hash(Hash::Packed(listpack(&it)))),
        scored().prop_map(|it| Value::SortedSet(SortedSet::Pairs {
            members: it.keys().collect(),
            scores: it.into_values().collect(),
        })),
        scored().prop_map(|it| {
            let it = it.iter().map(|(member, score)| [member.clone(), format!("{score}").into()]);
            Value::SortedSet(SortedSet::Packed(listpack(it.flatten().collect::<Vec<_>>().iter())))
        }),
        (any::<u64>(), any::<u8>()).prop_map(|(id, byte)| Value::Module(Module {
            id,
            body: vec![2, 0x40, byte, 5, 1, byte, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0],
        })),
    ]
}

fn hash_with_ttls() -> impl Strategy<Value = Value> {
    let at = prop_oneof![Just(0), 1..u64::try_from(i64::MAX).unwrap_or(0)];
    (pairs(), prop::collection::vec(at, 10), any::<bool>()).prop_map(|(pairs, at, packed)| {
        let at = &at[..pairs.len() / 2];
        Value::Hash(if packed {
            let triples = pairs.chunks(2).zip(at);
            let triples = triples
                .flat_map(|(pair, at)| [pair[0].clone(), pair[1].clone(), at.to_string().into()]);
            Hash::PackedTtl(listpack(&triples.collect::<Vec<_>>()))
        } else {
            Hash::PairsTtl { pairs: pairs.iter().collect(), expires_ms: at.to_vec() }
        })
    })
}

fn rewritten(value: &Value, form: Form) -> Result<Value, WriteError> {
    let payload = dump::encode(form, true, |to| to.value(value))?;
    let dumped = dump::decode(&payload, Limits::default()).unwrap();
    assert_eq!(dumped.version, form.version());
    Ok(dumped.value)
}

fn is_kept(value: &Value) -> Result<(), TestCaseError> {
    for form in FORMS {
        let read = rewritten(value, form).unwrap();
        prop_assert_eq!(contents(&read), contents(value), "{:?}", form);
        prop_assert_eq!(read.len(), value.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn values_are_kept_in_every_form(value in plain_value()) {
        is_kept(&value)?;
        let whole = rewritten(&value, Form::REDIS_74).unwrap();
        if !matches!(value, Value::String(_)) {
            prop_assert_eq!(whole, value);
        }
    }

    #[test]
    fn fields_expire_where_the_form_has_that(value in hash_with_ttls()) {
        let Contents::Named(all) = contents(&value) else { panic!() };
        if all.values().all(|(_, at)| *at == 0) {
            return is_kept(&value);
        }
        for form in FORMS {
            match rewritten(&value, form) {
                Ok(read) => prop_assert_eq!(contents(&read), contents(&value)),
                Err(error) => {
                    prop_assert!(!form.has_field_expiry(), "{}", error);
                    let not_in_form = matches!(error, WriteError::NotInForm { .. });
                    prop_assert!(not_in_form);
                }
            }
        }
        prop_assert!(rewritten(&value, Form::REDIS_74).is_ok());
        prop_assert!(rewritten(&value, Form::VALKEY_90).is_ok());
    }
}

fn stream() -> Stream {
    let id = |ms, seq| StreamId { ms, seq };
    let elements = ["1", "1", "1", "f", "0", "2", "0", "0", "v", "4", "3", "1", "-2", "w", "4"];
    let elements = elements.map(|it| it.as_bytes().to_vec());
    let pending = |at, consumer| Pending {
        id: id(9, at),
        delivered_ms: 1_700_000_000_000,
        deliveries: at,
        consumer,
    };
    Stream {
        nodes: vec![StreamNode::new(id(9, 7), listpack(&elements)).unwrap()],
        length: 1,
        last_id: id(10, 5),
        first_id: id(9, 7),
        max_deleted_id: id(10, 5),
        entries_added: 8,
        groups: vec![Group {
            name: b"group".to_vec(),
            last_id: id(9, 7),
            entries_read: None,
            pending: vec![pending(1, Some(1)), pending(7, Some(0)), pending(8, Some(1))],
            consumers: vec![
                Consumer { name: b"one".to_vec(), seen_ms: 5, active_ms: Some(-1) },
                Consumer { name: b"two".to_vec(), seen_ms: 6, active_ms: None },
            ],
            nacked: Vec::new(),
        }],
        idempotence: None,
    }
}

#[test]
fn a_stream_is_kept_as_far_as_a_form_knows() {
    let whole = stream();
    let read = |form| match rewritten(&Value::Stream(Box::new(whole.clone())), form).unwrap() {
        Value::Stream(stream) => *stream,
        other => panic!("{other:?}"),
    };
    let mut expected = whole.clone();
    expected.groups[0].consumers[1].active_ms = Some(6);
    for form in [Form::REDIS_72, Form::REDIS_74, Form::VALKEY_90, Form::for_version(14)] {
        assert_eq!(read(form), expected);
    }
    expected.groups[0].consumers.iter_mut().for_each(|it| it.active_ms = None);
    assert_eq!(read(Form::REDIS_70), expected);
    (expected.max_deleted_id, expected.entries_added) = (StreamId::default(), 1);
    assert_eq!(read(Form::REDIS_62), expected);
}

#[test]
fn what_only_later_streams_have_is_kept_there_and_refused_before() {
    let mut later = stream();
    let requests = vec![(b"request".to_vec(), StreamId { ms: 9, seq: 7 })];
    let producers = vec![Producer { name: b"producer".to_vec(), requests }];
    let idempotence =
        Idempotence { duration: 100, max_size: 7, producers, added: 3, duplicates: 300 };
    later.idempotence = Some(idempotence);
    later.groups[0].consumers[1].active_ms = Some(8);
    let value = |stream: &Stream| Value::Stream(Box::new(stream.clone()));
    for version in [13, 14] {
        let read = rewritten(&value(&later), Form::for_version(version)).unwrap();
        assert_eq!(read, value(&later));
    }
    let refused = |stream: &Stream, form| {
        let error = rewritten(&value(stream), form).unwrap_err();
        assert!(matches!(error, WriteError::NotInForm { .. }), "{error}");
    };
    FORMS.iter().for_each(|form| refused(&later, *form));
    later.groups[0].pending[1].consumer = None;
    later.groups[0].nacked = vec![later.groups[0].pending[1].id];
    refused(&later, Form::for_version(13));
    let read = rewritten(&value(&later), Form::for_version(14)).unwrap();
    assert_eq!(read, value(&later));
    // A consumer that does not exist is refused too.
    let mut wrong = stream();
    wrong.groups[0].pending[0].consumer = Some(2);
    assert!(matches!(rewritten(&value(&wrong), Form::REDIS_74), Err(WriteError::Corrupt(_))));
}

fn items() -> Vec<Item> {
    let entry = |key: &[u8], expires_ms, idle, freq| {
        let value = Value::Hash(Hash::Pairs(Strings::from_iter(["f", "v"])));
        Item::Key(Entry { key: key.to_vec(), expires_ms, idle, freq, meta: None, value })
    };
    vec![
        Item::Aux { key: b"redis-ver".to_vec(), value: b"7.0.0".to_vec() },
        Item::Function(b"#!lua name=x".to_vec()),
        Item::ModuleAux(ModuleAux { id: 1 << 40, when: 1, body: vec![2, 7, 0] }),
        Item::SelectDb(300),
        Item::ResizeDb { keys: 2, expires: 1 },
        entry(b"12", Some(-5), None, Some(255)),
        entry(&[b'k'; 100_000], None, Some(70_000), None),
    ]
}

#[test]
fn a_file_is_read_as_it_was_written() {
    for form in FORMS {
        for (checksum, state) in [(true, ChecksumState::Verified), (false, ChecksumState::Absent)] {
            let mut writer = Writer::new(Vec::new(), form).unwrap();
            writer.set_checksum(checksum);
            items().iter().for_each(|item| writer.item(item).unwrap());
            let len = writer.offset();
            let file = writer.finish().unwrap();
            assert_eq!(file.len() as u64, len + 9);
            let mut expected = items();
            if form == Form::REDIS_62 {
                expected.remove(1);
            }
            let header = Header { vendor: form.vendor(), version: form.version() };
            expected.insert(0, Item::Header(header));
            expected.push(Item::End(state));
            assert_eq!(read(&file), expected);
        }
    }
}

#[test]
fn a_file_may_be_taken_in_pieces() {
    let mut writer = Writer::new(Vec::new(), Form::REDIS_70).unwrap();
    let mut file = Vec::new();
    writer.server_version("7.0.1").unwrap();
    writer.aux_int(b"repl-offset", 1 << 40).unwrap();
    for n in 0..10_000 {
        let key = format!("key {n}").repeat(n % 50);
        writer.key(key.as_bytes(), KeyFacts::default()).unwrap().int(1).unwrap();
        if n % 100 == 0 {
            writer.flush().unwrap();
            file.append(writer.get_mut());
        }
    }
    file.extend(writer.finish().unwrap());
    let items = read(&file);
    assert_eq!((items.len(), items.last()), (10_004, Some(&Item::End(ChecksumState::Verified))));
    let aux = |key: &[u8], value: &[u8]| Item::Aux { key: key.to_vec(), value: value.to_vec() };
    assert_eq!(items[1..3], [aux(b"redis-ver", b"7.0.1"), aux(b"repl-offset", b"1099511627776")]);
}

#[test]
fn what_modules_attach_to_keys_needs_a_later_form() {
    let Some(Item::Key(mut entry)) = items().pop() else { panic!() };
    entry.meta = Some(vec![1, b'a', b'b', b'c', b'd', 2, 7, 0]);
    let mut writer = Writer::new(Vec::new(), Form::for_version(13)).unwrap();
    writer.entry(&entry).unwrap();
    assert_eq!(read(&writer.finish().unwrap())[1], Item::Key(entry.clone()));
    for form in FORMS {
        let refused = Writer::new(Vec::new(), form).unwrap().entry(&entry);
        assert!(matches!(refused, Err(WriteError::NotInForm { .. })));
    }
}

/// A destination that takes some bytes, then no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let written = |room| {
        let mut writer = Writer::new(Full(room), Form::REDIS_74)?;
        items().iter().try_for_each(|item| writer.item(item))?;
        writer.finish()
    };
    assert!(matches!(written(10), Err(WriteError::Io(_))));
    assert!(written(200_000).is_ok());
}
