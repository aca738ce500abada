//! The tree compared with a sorted list.

use super::node::MAX;
use super::*;
use proptest::prelude::*;

/// The most items below a node above leaves.
const MAX_BELOW: usize = MAX * MAX;

/// The order of items in these tests: by score, then by number.
fn before(one: Item, other: Item) -> bool {
    (one.score, one.id) < (other.score, other.id)
}

fn check(tree: &Tree, model: &[Item]) {
    tree.root.check();
    assert_eq!(tree.len(), model.len());
    assert!(tree.span(0..model.len()).eq(model.iter().copied()));
    assert!(tree.span(0..model.len()).rev().eq(model.iter().rev().copied()));
    assert_eq!(tree.get(model.len()), None);
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, u32),
    /// Removes items from a rank on: as many 256ths of the rest as the second number.
    Remove(u16, u8),
    /// Removes one item.
    RemoveOne(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (any::<u8>(), any::<u32>()).prop_map(|(score, id)| Step::Insert(score, id)),
        1 => (any::<u16>(), 0..40_u8).prop_map(|(from, share)| Step::Remove(from, share)),
        6 => any::<u16>().prop_map(Step::RemoveOne),
    ];
    prop::collection::vec(step, 0..3000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn does_as_a_sorted_vector(start in 0..9000_usize, steps in steps()) {
        let mut model: Vec<Item> =
            (0..).take(start).map(|id| Item { score: f64::from(id / 3), id }).collect();
        let mut tree = Tree::of_sorted(model.clone().into_iter());
        check(&tree, &model);
        for step in steps {
            match step {
                Step::Insert(score, id) => {
                    let item = Item { score: score.into(), id };
                    let at = model.partition_point(|&other| before(other, item));
                    prop_assert_eq!(tree.rank(|other| before(other, item)), at);
                    model.insert(at, item);
                    tree.insert(item, |other| before(other, item));
                }
                Step::Remove(from, share) => {
                    let from = usize::from(from) % (model.len() + 1);
                    let to = (from + model.len() * usize::from(share) / 256).min(model.len());
                    model.drain(from..to);
                    tree.remove(from..to);
                }
                Step::RemoveOne(at) if !model.is_empty() => {
                    let at = usize::from(at) % model.len();
                    prop_assert_eq!(tree.get(at), Some(model[at]));
                    model.remove(at);
                    tree.remove(at..at + 1);
                }
                Step::RemoveOne(_) => {}
            }
            prop_assert_eq!(tree.len(), model.len());
        }
        check(&tree, &model);
        let middle = model.len() / 3..model.len() / 2;
        prop_assert!(tree.span(middle.clone()).eq(model[middle].iter().copied()));
    }
}

#[test]
fn stays_flat_and_full() {
    let mut tree = Tree::new();
    for id in 0..100_000 {
        let item = Item { score: f64::from(id), id };
        tree.insert(item, |other| before(other, item));
    }
    assert!(tree.root.check() <= 4);
    assert!(tree.heap_bytes() < 100_000 * 15, "{}", tree.heap_bytes());
    for n in (0..99_000_u32).rev() {
        let at = (n as usize * 7919) % tree.len();
        tree.remove(at..at + 1);
    }
    assert_eq!(tree.len(), 1000);
    assert!(tree.root.check() <= 3);
    assert!(tree.heap_bytes() < 1000 * 60, "{}", tree.heap_bytes());
    tree.remove(0..1000);
    assert_eq!((tree.len(), tree.root.check()), (0, 1));
}

/// Where two nodes are merged, the neighbours at the seam are too.
#[test]
fn is_full_where_nodes_were_merged() {
    for kept in 1..20 {
        let items = (0..).map(|id| Item { score: f64::from(id), id }).take(3 * MAX_BELOW);
        let mut tree = Tree::of_sorted(items.collect::<Vec<_>>().into_iter());
        tree.remove(kept..2 * MAX_BELOW - kept);
        tree.root.check();
        assert_eq!(tree.len(), MAX_BELOW + 2 * kept);
    }
}
