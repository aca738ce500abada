//! Sorts a part of a slice as the server's `pqsort` does: elements that compare equal are in the
//! same order as there, which no other algorithm gives.
//!
//! The algorithm is that of J. L. Bentley and M. D. McIlroy, "Engineering a sort function" (1993).
//! It leaves out what lies beside the wanted part.

use std::cmp::Ordering;
use std::ops::Range;

/// The length below which a part is sorted by insertion.
const FEW: usize = 7;
/// The length above which the pivot is chosen among nine.
const MANY: usize = 40;

/// Sorts `items` as far as `wanted` needs it.
pub(super) fn sort<T>(
    items: &mut [T],
    wanted: &Range<usize>,
    compare: impl Fn(&T, &T) -> Ordering,
) {
    let mut left: Vec<_> = std::iter::once(0..items.len()).collect();
    while let Some(range) = left.pop() {
        let start = range.start;
        let part = &mut items[range];
        if part.len() < FEW {
            insertion(part, &compare);
            continue;
        }
        let (below, above) = partition(part, &compare);
        let len = part.len();
        for side in [0..below, len - above..len] {
            let side = start + side.start..start + side.end;
            // The server too sorts a part that the wanted elements touch.
            let is_wanted = side.start < wanted.end && wanted.start < side.end;
            if side.len() > 1 && is_wanted {
                left.push(side);
            }
        }
    }
}

fn insertion<T>(part: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    for end in 1..part.len() {
        let mut at = end;
        while at > 0 && compare(&part[at - 1], &part[at]) == Ordering::Greater {
            part.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Moves lesser elements than a pivot to the front and greater ones to the back. Returns how many
/// these are.
fn partition<T>(part: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) -> (usize, usize) {
    let len = part.len();
    part.swap(0, pivot(part, compare));
    // Equal elements gather at both ends: before `a` and behind `d`. The elements from `b` to
    // before `c` were not looked at yet.
    let (mut a, mut b, mut c, mut d) = (1, 1, len, len);
    loop {
        while b < c {
            let order = compare(&part[b], &part[0]);
            if order == Ordering::Greater {
                break;
            }
            if order == Ordering::Equal {
                part.swap(a, b);
                a += 1;
            }
            b += 1;
        }
        while b < c {
            let order = compare(&part[c - 1], &part[0]);
            if order == Ordering::Less {
                break;
            }
            if order == Ordering::Equal {
                part.swap(c - 1, d - 1);
                d -= 1;
            }
            c -= 1;
        }
        if b >= c {
            break;
        }
        part.swap(b, c - 1);
        b += 1;
        c -= 1;
    }
    // The equal elements move to the middle.
    let (below, above) = (b - a, d - c);
    let count = a.min(below);
    swap_runs(part, 0, b - count, count);
    let count = above.min(len - d);
    swap_runs(part, b, len - count, count);
    (below, above)
}

fn swap_runs<T>(part: &mut [T], one: usize, other: usize, count: usize) {
    for at in 0..count {
        part.swap(one + at, other + at);
    }
}

fn pivot<T>(part: &[T], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let len = part.len();
    let middle = len / 2;
    if len == FEW {
        return middle;
    }
    let (mut low, mut mid, mut high) = (0, middle, len - 1);
    if len > MANY {
        let step = len / 8;
        low = median(part, [low, low + step, low + 2 * step], compare);
        mid = median(part, [mid - step, mid, mid + step], compare);
        high = median(part, [high - 2 * step, high - step, high], compare);
    }
    median(part, [low, mid, high], compare)
}

fn median<T>(part: &[T], [a, b, c]: [usize; 3], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let less = |one: usize, other: usize| compare(&part[one], &part[other]) == Ordering::Less;
    if less(a, b) {
        if less(b, c) {
            b
        } else if less(a, c) {
            c
        } else {
            a
        }
    } else if compare(&part[b], &part[c]) == Ordering::Greater {
        b
    } else if less(a, c) {
        a
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_wanted_part_is_sorted(
            items in prop::collection::vec(0_u8..60, 0..300),
            start in 0_usize..300,
            count in 1_usize..300,
        ) {
            let start = start.min(items.len());
            let wanted = start..(start + count).min(items.len());
            let mut ours = items.clone();
            sort(&mut ours, &wanted, Ord::cmp);
            let mut all = items;
            all.sort_unstable();
            prop_assert_eq!(&ours[wanted.clone()], &all[wanted]);
            ours.sort_unstable();
            prop_assert_eq!(ours, all);
        }
    }
}
