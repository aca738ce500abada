//! Values of snapshots in which a name comes twice.

use crate::keyspace::Value as Loaded;
use crate::primitives::Hasher;
use crate::{Dialect, Packing, Vendor};
use tidegate_rdb::{self as rdb, Element, Listpack, ListpackBuilder, Strings, Value};

/// Returns a listpack of words, and the words.
fn packed(words: &[&str]) -> (Listpack, Strings) {
    let elements = words.iter().map(|word| Element::from(word.as_bytes()));
    let pack = elements.collect::<ListpackBuilder>().finish().unwrap();
    (pack, words.iter().copied().collect())
}

#[test]
fn values_with_a_name_that_comes_twice_are_refused() {
    let dialect = Dialect::new(Vendor::Redis, "8.2.1");
    let is_taken = |value: Value, entries: usize| {
        let packing =
            Packing { set_entries: entries, zset_entries: entries, ..Packing::of(dialect) };
        Loaded::from_snapshot(value, &packing, dialect, Hasher::new(7)).is_ok()
    };
    // Packed for good, and to be unpacked.
    for entries in [8, 1] {
        for (again, ok) in [("c", true), ("a", false)] {
            let (pack, members) = packed(&["a", "b", again]);
            let scores = vec![1.0, 2.0, 3.0];
            let (scored, _) = packed(&["a", "1", "b", "2", again, "3"]);
            for value in [
                Value::Set(rdb::Set::Packed(pack)),
                Value::Set(rdb::Set::Members(members.clone())),
                Value::SortedSet(rdb::SortedSet::Packed(scored)),
                Value::SortedSet(rdb::SortedSet::Pairs { members, scores }),
            ] {
                let shown = format!("{value:?}");
                assert_eq!(is_taken(value, entries), ok, "{entries}: {shown}");
            }
        }
    }
    let (unsorted, _) = packed(&["b", "1", "a", "1"]);
    assert!(!is_taken(Value::SortedSet(rdb::SortedSet::Packed(unsorted)), 8));
}
