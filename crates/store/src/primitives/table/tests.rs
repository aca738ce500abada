//! The table compared with a plain map, and a scan while it changes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn hash(key: u32, spread: u32) -> u32 {
    key.wrapping_mul(0x9e37_79b9) & spread
}

/// Fills, empties and searches the table, with good hashes and with colliding ones.
fn against_a_map(steps: &[(u8, u32)], spread: u32) {
    let mut table = Table::new();
    let mut map = BTreeMap::new();
    for (index, &(what, key)) in steps.iter().enumerate() {
        let h = hash(key, spread);
        let is = |entry: &(u32, usize)| entry.0 == key;
        if what < 160 {
            if map.insert(key, index).is_none() {
                table.insert(h, (key, index));
            } else {
                table.find_mut(h, is).unwrap().1 = index;
            }
        } else {
            assert_eq!(table.remove(h, is).map(|entry| entry.1), map.remove(&key));
        }
        assert_eq!(table.len(), map.len());
    }
    for (key, index) in &map {
        let found = table.find(hash(*key, spread), |entry| entry.0 == *key);
        assert_eq!(found, Some(&(*key, *index)));
    }
    assert_eq!(table.iter().copied().collect::<BTreeMap<_, _>>(), map);
    let mut seen = Vec::new();
    let mut cursor = 0;
    loop {
        cursor = table.scan(cursor, 10, |entry| seen.push(entry.0));
        if cursor == 0 {
            break;
        }
    }
    seen.sort_unstable();
    assert!(seen.iter().eq(map.keys()), "each once");
    for key in map.keys() {
        table.remove(hash(*key, spread), |entry| entry.0 == *key).unwrap();
    }
    assert_eq!((table.len(), table.heap_bytes()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn is_a_map(steps in prop::collection::vec((any::<u8>(), 0_u32..3000), 0..6000)) {
        against_a_map(&steps, u32::MAX);
    }

    #[test]
    fn colliding_hashes_are_only_slow(steps in prop::collection::vec((any::<u8>(), 0_u32..600), 0..900)) {
        against_a_map(&steps, 0xc000_0001);
        against_a_map(&steps, 0);
    }

    #[test]
    fn a_scan_meets_all_that_stay(
        stay in prop::collection::btree_set(0_u32..100_000, 0..800),
        others in prop::collection::vec((any::<bool>(), 100_000_u32..102_000), 0..4000),
        count in 1_usize..50,
    ) {
        let mut table = Table::new();
        for &key in &stay {
            table.insert(hash(key, u32::MAX), key);
        }
        let mut changes = others.chunks(97).cycle();
        let mut there = BTreeSet::new();
        let mut seen = Vec::new();
        let mut cursor = 0;
        loop {
            cursor = table.scan(cursor, count, |&key| seen.push(key));
            if cursor == 0 {
                break;
            }
            for &(add, key) in changes.next().unwrap_or_default() {
                let h = hash(key, u32::MAX);
                if add && there.insert(key) {
                    table.insert(h, key);
                } else if !add && there.remove(&key) {
                    table.remove(h, |&other| other == key);
                }
            }
        }
        seen.retain(|key| *key < 100_000);
        seen.sort_unstable();
        prop_assert!(seen.iter().eq(&stay));
    }
}

#[test]
fn room_that_was_made_is_used() {
    let mut table = Table::new();
    table.reserve(100_000);
    let segments = table.segments.len();
    for key in 0..100_000_u32 {
        table.insert(hash(key, u32::MAX), key);
    }
    assert!(table.segments.len() < segments * 3 / 2, "{segments}, then {}", table.segments.len());
    let per_entry = table.heap_bytes() as f64 / 100_000.0;
    assert!(per_entry < 16.0, "{per_entry} bytes for an entry of 4 and its hash");
}

#[test]
fn every_entry_is_as_likely() {
    let mut table = Table::new();
    for key in 0..1000_u32 {
        table.insert(hash(key, u32::MAX), key);
    }
    let mut random = fastrand::Rng::with_seed(7);
    let mut drawn = vec![0_u32; 1000];
    for _ in 0..200_000 {
        drawn[*table.random(&mut random).unwrap() as usize] += 1;
    }
    // 200 each, with a standard deviation of 14.
    assert!(drawn.iter().all(|&times| (120..=280).contains(&times)), "{drawn:?}");
    assert_eq!(Table::<u32>::new().random(&mut random), None);
}
