//! Sorts the front of a slice, as the servers do it where only some of the members found are
//! wanted: places at the same distance then come in the order that this very way of sorting
//! leaves them in, and which of them are among the wanted ones depends on it, too.
//!
//! The quicksort of Bentley and McIlroy, "Engineering a Sort Function" (1993): the pivot is a
//! median of three, of nine where there are many, what equals it is gathered at both ends and
//! then swapped to the middle. Parts that lie behind the wanted front are left as they are.

use std::cmp::Ordering;

/// Fewer than these are sorted by insertion.
const FEW: usize = 7;
/// From more than these on, the pivot is a median of nine.
const MANY: usize = 40;

/// Sorts so that the first `wanted` items are what they are in a sorted slice.
pub(super) fn partial_sort<T>(
    items: &mut [T],
    wanted: usize,
    compare: impl Fn(&T, &T) -> Ordering,
) {
    // Parts that are still to be sorted: where they begin and end.
    let mut parts = vec![(0, items.len())];
    while let Some((start, end)) = parts.pop() {
        let Some(part) = items.get_mut(start..end).filter(|_| start < wanted) else { continue };
        if part.len() < FEW {
            insertion_sort(part, &compare);
            continue;
        }
        let (smaller, larger) = partition(part, &compare);
        parts.extend([(start, start + smaller), (end - larger, end)]);
    }
}

fn insertion_sort<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    for sorted in 1..items.len() {
        let mut at = sorted;
        while at > 0 && compare(&items[at - 1], &items[at]).is_gt() {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Parts the items by a pivot: how many are smaller, in front, and how many larger, at the end.
fn partition<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) -> (usize, usize) {
    let len = items.len();
    let pivot = pivot(items, compare);
    items.swap(0, pivot);
    // In front of `equal_front` and behind `equal_back` is what equals the pivot.
    let (mut equal_front, mut equal_back) = (1, len);
    let (mut front, mut back) = (1, len);
    loop {
        while front < back {
            match compare(&items[front], &items[0]) {
                Ordering::Greater => break,
                Ordering::Equal => {
                    items.swap(equal_front, front);
                    equal_front += 1;
                }
                Ordering::Less => {}
            }
            front += 1;
        }
        while front < back {
            match compare(&items[back - 1], &items[0]) {
                Ordering::Less => break,
                Ordering::Equal => {
                    equal_back -= 1;
                    items.swap(equal_back, back - 1);
                }
                Ordering::Greater => {}
            }
            back -= 1;
        }
        if front >= back {
            break;
        }
        items.swap(front, back - 1);
        front += 1;
        back -= 1;
    }
    let (smaller, larger) = (front - equal_front, equal_back - front);
    exchange(items, 0, front, equal_front.min(smaller));
    exchange(items, front, len, larger.min(len - equal_back));
    (smaller, larger)
}

/// Exchanges the first `count` items from `from` on with as many before `end`.
fn exchange<T>(items: &mut [T], from: usize, end: usize, count: usize) {
    for at in 0..count {
        items.swap(from + at, end - count + at);
    }
}

fn pivot<T>(items: &[T], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let len = items.len();
    let (mut low, mut middle, mut high) = (0, len / 2, len - 1);
    if len > FEW {
        let median = |a, b, c| median(items, [a, b, c], compare);
        if len > MANY {
            let step = len / 8;
            low = median(low, low + step, low + 2 * step);
            middle = median(middle - step, middle, middle + step);
            high = median(high - 2 * step, high - step, high);
        }
        middle = median(low, middle, high);
    }
    middle
}

/// Which of three items is in the middle; of equal ones the one that the paper takes.
fn median<T>(items: &[T], [a, b, c]: [usize; 3], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let is_less = |x: usize, y: usize| compare(&items[x], &items[y]).is_lt();
    if is_less(a, b) {
        match (is_less(b, c), is_less(a, c)) {
            (true, _) => b,
            (false, true) => c,
            (false, false) => a,
        }
    } else {
        match (compare(&items[b], &items[c]).is_gt(), is_less(a, c)) {
            (true, _) => b,
            (false, true) => a,
            (false, false) => c,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_front_is_that_of_a_sorted_slice(
            items in prop::collection::vec(0_u16..60, 0..300),
            wanted in 0_usize..300,
        ) {
            let mut sorted = items.clone();
            sorted.sort_unstable();
            let mut partly = items;
            partial_sort(&mut partly, wanted, Ord::cmp);
            let wanted = wanted.min(sorted.len());
            prop_assert_eq!(&partly[..wanted], &sorted[..wanted]);
            partly.sort_unstable();
            prop_assert_eq!(partly, sorted);
        }
    }
}
