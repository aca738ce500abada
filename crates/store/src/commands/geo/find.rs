//! Finds the members of a sorted set in a shape.

use std::cmp::Ordering;

use super::cell::Cell;
use super::cover;
use super::options::{Order, Search};
use super::shape::Shape;
use super::sphere::Point;
use crate::call::CommandError;
use crate::execution::ReadCx;
use crate::partial_sort;
use crate::values::sorted_sets::{ScoreRange, SortedSetRef};
use tidegate_rdb::Element;

/// A member that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) member: Element<'a>,
    pub(super) score: f64,
    pub(super) point: Point,
    /// The metres from the centre.
    pub(super) distance: f64,
}

/// Returns the members in the shape of a search, in its order.
pub(super) fn find<'a>(
    cx: &ReadCx<'_>,
    set: SortedSetRef<'a>,
    search: &Search,
    shape: &Shape,
) -> Result<Vec<Found<'a>>, CommandError> {
    let enough = if search.any { search.count } else { None };
    let mut found = in_cells(cx, set, shape, enough)?;
    // To find the nearest members, all have to be sorted.
    let order = match search.order {
        None if search.count.is_some() && !search.any => Some(Order::Nearest),
        order => order,
    };
    let wanted = search.count.unwrap_or(usize::MAX);
    match order {
        Some(Order::Nearest) => sort(&mut found, wanted, |a, b| a.distance.total_cmp(&b.distance)),
        Some(Order::Farthest) => sort(&mut found, wanted, |a, b| b.distance.total_cmp(&a.distance)),
        None => {}
    }
    found.truncate(wanted);
    Ok(found)
}

/// Sorts as many members as are wanted. A part is sorted by another algorithm than all of them.
fn sort<'a>(
    found: &mut [Found<'a>],
    wanted: usize,
    compare: impl Fn(&Found<'a>, &Found<'a>) -> Ordering,
) {
    if wanted < found.len() {
        partial_sort::sort(found, &(0..wanted), compare);
    } else {
        found.sort_by(compare);
    }
}

/// Returns the members in the shape, cell by cell, until there are `enough`
/// (`membersOfAllNeighbors`).
fn in_cells<'a>(
    cx: &ReadCx<'_>,
    set: SortedSetRef<'a>,
    shape: &Shape,
    enough: Option<usize>,
) -> Result<Vec<Found<'a>>, CommandError> {
    let dialect = cx.dialect();
    let enough = enough.unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for cell in cover::cells(shape, dialect) {
        let range = ScoreRange::half_open(cell.score(), cell.next_score());
        let span = set.score_span(&range);
        // A distance takes some time, and the members that are found are sorted.
        cx.spend(span.len().min(enough).saturating_mul(4))?;
        for (member, score) in set.entries(span) {
            if found.len() >= enough {
                return Ok(found);
            }
            let point = Cell::of_score(score).middle();
            if let Some(distance) = shape.distance_inside(point, dialect) {
                found.push(Found { member, score, point, distance });
            }
        }
    }
    Ok(found)
}
