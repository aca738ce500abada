//! The number of nodes of the server's radix tree over the ids of a stream's nodes. `XINFO STREAM`
//! shows it, so the engine counts it without a tree.
//!
//! The tree is over the 16 bytes of each id, high ones first. A key ends in a leaf; where keys
//! differ there is a branch; and each run of bytes in which no keys differ is one node, whatever
//! its length. So the number follows from the set of ids, and its change with one id more or less
//! follows from the neighbours of that id.

use std::collections::BTreeMap;

use super::node::Node;
use tidegate_rdb::StreamId;

/// The number of bytes of a key.
const LEN: usize = 16;

/// The number of nodes of a tree without keys: the root.
pub(in crate::values::streams) const EMPTY: usize = 1;

/// Returns by how many nodes the tree grows with `id`, which is not in `nodes`.
pub(in crate::values::streams) fn grows_by(
    nodes: &BTreeMap<StreamId, Node>,
    id: StreamId,
) -> usize {
    let before = |id: StreamId| nodes.range(..id).next_back().map(|(&id, _)| id);
    let after = |id: StreamId| nodes.range(id..).next().map(|(&id, _)| id);
    let beyond = |id: StreamId| super::id::next(id).and_then(after);
    let shared = |other: Option<StreamId>| other.map(|other| common(id, other));
    let Some(depth) = shared(before(id)).max(shared(beyond(id))) else {
        // The root becomes a run of all bytes, and a leaf is added.
        return 1;
    };
    // All ids that begin as `id` does, up to where it differs from the nearest one.
    let (low, high) = span(id, depth);
    let (Some(first), Some(last)) = (after(low), before_or_at(nodes, high)) else { return 1 };
    let leaf = 1 + run(depth + 1, LEN);
    let below = common(first, last);
    if below == depth {
        // Other ids differ there already.
        return leaf;
    }
    // A branch cuts a run of bytes in two.
    let above = shared(before(low)).max(shared(beyond(high))).map_or(0, |depth| depth + 1);
    leaf + 1 + run(above, depth) + run(depth + 1, below) - run(above, below)
}

fn before_or_at(nodes: &BTreeMap<StreamId, Node>, id: StreamId) -> Option<StreamId> {
    nodes.range(..=id).next_back().map(|(&id, _)| id)
}

/// Returns the number of nodes for the bytes from one depth to another: one, or none without bytes.
fn run(from: usize, to: usize) -> usize {
    usize::from(to > from)
}

fn key(id: StreamId) -> u128 {
    u128::from(id.ms) << 64 | u128::from(id.seq)
}

fn id_of(key: u128) -> StreamId {
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
    StreamId { ms: half(key >> 64), seq: half(key) }
}

/// Returns how many bytes at the front two keys have in common.
fn common(a: StreamId, b: StreamId) -> usize {
    ((key(a) ^ key(b)).leading_zeros() / 8) as usize
}

/// Returns the lowest and the highest key that begin with the first `depth` bytes of `id`.
fn span(id: StreamId, depth: usize) -> (StreamId, StreamId) {
    let rest = u128::MAX.checked_shr(8 * u32::try_from(depth).unwrap_or(u32::MAX)).unwrap_or(0);
    (id_of(key(id) & !rest), id_of(key(id) | rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Counts the nodes from scratch.
    fn count(keys: &[[u8; LEN]], depth: usize) -> usize {
        let Some((first, last)) = keys.first().zip(keys.last()) else { return 1 };
        let parts = (depth..LEN).find(|&at| first[at] != last[at]).unwrap_or(LEN);
        let run = usize::from(parts > depth);
        if parts == LEN {
            return run + 1;
        }
        let children = keys.chunk_by(|a, b| a[parts] == b[parts]);
        run + 1 + children.map(|keys| count(keys, parts + 1)).sum::<usize>()
    }

    proptest! {
        #[test]
        fn counts_along(
            ids in prop::collection::vec((prop::num::u64::ANY, 0..40_u32, 0..700_u64), 0..60),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        ) {
            let mut nodes = BTreeMap::new();
            let mut total = EMPTY;
            let check = |nodes: &BTreeMap<StreamId, Node>, total: usize| {
                let keys: Vec<_> = nodes.keys().map(|&id| key(id).to_be_bytes()).collect();
                assert_eq!(total, count(&keys, 0));
            };
            for (ms, shift, seq) in ids {
                let id = StreamId { ms: ms.checked_shr(24 + shift).unwrap_or(0), seq };
                if !nodes.contains_key(&id) {
                    total += grows_by(&nodes, id);
                    nodes.insert(id, Node::empty());
                }
                check(&nodes, total);
            }
            for index in removed {
                if let Some(&id) = nodes.keys().nth(index.index(nodes.len().max(1))) {
                    nodes.remove(&id);
                    total -= grows_by(&nodes, id);
                    check(&nodes, total);
                }
            }
        }
    }
}
