//! Hashes compared with maps, and values of snapshots that are refused.

use std::collections::HashMap;

use proptest::prelude::*;

use super::field::Field;
use super::rules::Rules;
use super::value::{Expiry, Hash};
use crate::dialect::{Dialect, Vendor};
use crate::packing::Packing;
use crate::primitives::Hasher;
use tidegate_rdb::{self as rdb, Element, Listpack, ListpackBuilder, Strings};

fn rules(vendor: Vendor, hash_entries: usize) -> Rules {
    let dialect = match vendor {
        Vendor::Redis => Dialect::new(vendor, "8.2.1"),
        Vendor::Valkey => Dialect::new(vendor, "9.1.0"),
    };
    let packing = Packing { hash_entries, hash_value: 8, ..Packing::of(dialect) };
    Rules::of_snapshot(packing, dialect, Hasher::new(7))
}

fn listpack(elements: &[&str]) -> Listpack {
    elements
        .iter()
        .map(|it| Element::from(it.as_bytes()))
        .collect::<ListpackBuilder>()
        .finish()
        .unwrap()
}

#[test]
fn a_field_that_comes_twice_is_refused() {
    let rules = rules(Vendor::Redis, 8);
    let pairs: Strings = ["a", "1", "b", "2", "a", "3"].into_iter().collect();
    let long: Strings = ["a", "1", "b", "not so short", "a", "3"].into_iter().collect();
    for hash in [
        rdb::Hash::Pairs(pairs.clone()),
        rdb::Hash::Pairs(long),
        rdb::Hash::PairsTtl { pairs, expires_ms: vec![0, 5, 0] },
        rdb::Hash::Packed(listpack(&["a", "1", "1", "2", "a", "3"])),
        rdb::Hash::PackedTtl(listpack(&["a", "1", "5", "a", "2", "0"])),
    ] {
        assert!(Hash::from_snapshot(hash.clone(), &rules).is_err(), "{hash:?}");
    }
}

#[test]
fn packed_fields_come_in_the_order_in_which_they_expire() {
    let rules = rules(Vendor::Redis, 8);
    let hash = |times: [&str; 3]| {
        let [a, b, c] = times;
        Hash::from_snapshot(
            rdb::Hash::PackedTtl(listpack(&["a", "1", a, "b", "2", b, "c", "3", c])),
            &rules,
        )
    };
    let hash_of = hash(["5", "5", "0"]).unwrap();
    assert_eq!((hash_of.view().volatile_fields(), hash_of.view().soonest()), (2, Some(5)));
    assert!(hash(["6", "5", "0"]).is_err());
    assert!(hash(["0", "5", "7"]).is_err());
    assert!(hash(["0", "0", "0"]).is_ok());
    let pairs = ["a", "1"].into_iter().collect();
    let late = rdb::Hash::PairsTtl { pairs, expires_ms: vec![u64::MAX] };
    assert!(Hash::from_snapshot(late, &rules).is_err());
}

#[test]
fn a_table_takes_little() {
    let rules = rules(Vendor::Redis, 8);
    let mut hash = Hash::default();
    for number in 10_000_000..10_100_000_u32 {
        let text = number.to_string();
        hash.set(text.as_bytes(), text.as_bytes(), Expiry::Clear, &rules).unwrap();
    }
    // Redis has 64 bytes for such a field, without the overhead of its allocator.
    let each = hash.heap_bytes() / 100_000;
    assert!(each < 45, "{each}");
}

#[derive(Clone, Debug)]
enum Step {
    Set(u8, Vec<u8>, Option<i64>),
    Keep(u8, Vec<u8>),
    Expires(u8, Option<i64>),
    Remove(u8),
    Rest,
}

fn step() -> impl Strategy<Value = Step> {
    let value = || prop::collection::vec(any::<u8>(), 0..12);
    let field = 0..20_u8;
    prop_oneof![
        (field.clone(), value(), prop::option::of(1..5_i64))
            .prop_map(|(f, v, t)| Step::Set(f, v, t)),
        (field.clone(), value()).prop_map(|(f, v)| Step::Keep(f, v)),
        (field.clone(), prop::option::of(1..5_i64)).prop_map(|(f, t)| Step::Expires(f, t)),
        field.prop_map(Step::Remove),
        Just(Step::Rest),
    ]
}

proptest! {
    #[test]
    fn a_field_keeps_what_it_is_given(
        name in prop::collection::vec(any::<u8>(), 0..200),
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5),
        times: [Option<i64>; 3],
    ) {
        let mut field = Field::new(&name, &values[0], times[0]);
        let mut expires = times[0];
        for (value, at) in values.iter().zip(times) {
            field.set_value(value);
            prop_assert_eq!((field.parts().value, field.parts().expires), (&value[..], expires));
            field.set_expires(at);
            expires = at;
            prop_assert_eq!((field.name(), field.parts().value), (&name[..], &value[..]));
            prop_assert_eq!(field.parts().expires, expires);
        }
    }

    /// However a hash came to be packed or not, it has what it was given.
    #[test]
    fn a_hash_is_a_map(
        steps in prop::collection::vec(step(), 0..80),
        valkey: bool,
        hash_entries in 0..24_usize,
    ) {
        let vendor = if valkey { Vendor::Valkey } else { Vendor::Redis };
        let rules = rules(vendor, hash_entries);
        let (mut hash, mut model) = (Hash::default(), HashMap::<String, (Vec<u8>, Option<i64>)>::new());
        // Some fields are numbers, some are not, some are long.
        let name = |n: u8| if n.is_multiple_of(3) { n.to_string() } else { "x".repeat(n.into()) };
        for step in steps {
            match step {
                Step::Set(field, value, at) => {
                    let field = name(field);
                    let expiry = at.map_or(Expiry::Clear, Expiry::At);
                    let is_new = hash.set(field.as_bytes(), &value, expiry, &rules).unwrap();
                    prop_assert_eq!(is_new, model.insert(field, (value, at)).is_none());
                }
                Step::Keep(field, value) => {
                    let field = name(field);
                    let is_new = hash.set(field.as_bytes(), &value, Expiry::Keep, &rules).unwrap();
                    let at = model.get(&field).and_then(|(_, at)| *at);
                    prop_assert_eq!(is_new, model.insert(field, (value, at)).is_none());
                }
                Step::Expires(field, at) => {
                    let found = model.get_mut(&name(field));
                    let is_there = hash.set_expires(name(field).as_bytes(), at, &rules).unwrap();
                    prop_assert_eq!(is_there, found.is_some());
                    found.into_iter().for_each(|(_, old)| *old = at);
                }
                Step::Remove(field) => {
                    let is_there = model.remove(&name(field)).is_some();
                    prop_assert_eq!(hash.remove(name(field).as_bytes()), is_there);
                }
                Step::Rest => {
                    if let Some((kind, bytes)) = hash.at_rest() {
                        hash = Hash::from_rest(kind, bytes);
                    }
                }
            }
            let mut found = HashMap::new();
            let (mut name, mut text) = (itoa::Buffer::new(), itoa::Buffer::new());
            hash.view().each(|entry| {
                let field = String::from_utf8(entry.field.bytes(&mut name).to_vec()).unwrap();
                found.insert(field, (entry.value.bytes(&mut text).to_vec(), entry.expires));
            });
            prop_assert_eq!(&found, &model);
            let view = hash.view();
            prop_assert_eq!((view.len(), view.is_empty()), (model.len(), model.is_empty()));
            let times = || model.values().filter_map(|(_, at)| *at);
            prop_assert_eq!(view.volatile_fields(), times().count());
            prop_assert_eq!(view.is_volatile(), times().next().is_some());
            prop_assert_eq!(view.soonest(), times().min());
            for (field, (_, at)) in &model {
                let entry = view.get_live(field.as_bytes(), 3);
                prop_assert_eq!(entry.is_some(), at.is_none_or(|at| at >= 3));
            }
        }
    }
}
