//! The cells that cover a shape (`geohashCalculateAreasByShapeWGS84`).

use super::bounds::Bounds;
use super::cell::{Cell, LATITUDES, MAX_STEP};
use super::shape::Shape;
use super::sphere::{Point, distance};
use crate::dialect::Dialect;

/// Half the width of a map of the world, in metres.
const MERCATOR_MAX: f64 = 20_037_726.37;

/// The cells that are looked at after the one in the middle, in this order: so many cells to the
/// east and to the north.
const NEIGHBORS: [(i8, i8); 8] =
    [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];

/// Returns the cells that together cover a shape, in the order in which servers look at them. None
/// comes twice in a row.
pub(super) fn cells(shape: &Shape, dialect: Dialect) -> Vec<Cell> {
    // The middle of a polygon may be beyond the grid: a server finds nothing then (measured).
    if !(LATITUDES.0..=LATITUDES.1).contains(&shape.center.latitude) {
        return Vec::new();
    }
    let bounds = shape.bounds();
    let mut step = steps(shape.reach(), shape.center.latitude);
    if step > 1 && is_too_small(Cell::of(shape.center, step), shape, bounds, dialect) {
        step -= 1;
    }
    let middle = Cell::of(shape.center, step);
    let area = middle.area();
    let is_useless = |(east, north): (i8, i8)| {
        step >= 2
            && (area.latitude.0 < bounds.latitude.0 && north < 0
                || area.latitude.1 > bounds.latitude.1 && north > 0
                || area.longitude.0 < bounds.longitude.0 && east < 0
                || area.longitude.1 > bounds.longitude.1 && east > 0)
    };
    let mut cells = vec![middle];
    // A shape may be so large that cells come twice. A cell that comes right after itself is not
    // looked at again, except for the one in the middle, by a server's mistake.
    let mut last = None;
    for (east, north) in NEIGHBORS.into_iter().filter(|&at| !is_useless(at)) {
        let cell = middle.beside(east, north);
        if last == Some(cell) {
            continue;
        }
        cells.push(cell);
        last = Some(cell);
    }
    cells
}

/// Returns how often the coordinates are halved so that a cell is about as large as the shape
/// (`geohashEstimateStepsByRadius`).
fn steps(mut reach: f64, latitude: f64) -> u8 {
    if reach == 0.0 {
        return MAX_STEP;
    }
    let mut step = 1_i32;
    // More steps than there are bits are not needed, however small the reach.
    while reach < MERCATOR_MAX && step < 128 {
        reach *= 2.0;
        step += 1;
    }
    // Larger cells cover a shape at the edge of a cell.
    step -= 2;
    // Near the poles cells are narrow.
    step -= i32::from(latitude.abs() > 66.0) + i32::from(latitude.abs() > 80.0);
    u8::try_from(step.clamp(1, MAX_STEP.into())).unwrap_or(1)
}

/// Whether the neighbouring cells do not reach as far as the shape.
fn is_too_small(cell: Cell, shape: &Shape, bounds: Bounds, dialect: Dialect) -> bool {
    let [north, south] = [1, -1].map(|by| cell.beside(0, by).area().latitude);
    let [east, west] = [1, -1].map(|by| cell.beside(by, 0).area().longitude);
    if dialect.covers_by_bounds() {
        return north.1 < bounds.latitude.1
            || south.0 > bounds.latitude.0
            || east.1 < bounds.longitude.1
            || west.0 > bounds.longitude.0;
    }
    let center = shape.center;
    let reach = shape.reach();
    let near = |point| distance(center, point, dialect.measures_meridians()) < reach;
    near(Point { latitude: north.1, ..center })
        || near(Point { latitude: south.0, ..center })
        || near(Point { longitude: east.1, ..center })
        || near(Point { longitude: west.0, ..center })
}
