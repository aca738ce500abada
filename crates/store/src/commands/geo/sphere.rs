//! Points on a sphere, and their distances.

/// The Earth's radius, in metres.
pub(super) const RADIUS: f64 = 6_372_797.560_856;

/// A point, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) longitude: f64,
    pub(super) latitude: f64,
}

/// Converts degrees; multiplied as servers do, so that the last bit is theirs.
pub(super) fn radians(degrees: f64) -> f64 {
    degrees * (std::f64::consts::PI / 180.0)
}

pub(super) fn degrees(radians: f64) -> f64 {
    radians / (std::f64::consts::PI / 180.0)
}

/// Returns the metres between two latitudes along a meridian (`geohashGetLatDistance`).
pub(super) fn along_meridian(one: f64, other: f64) -> f64 {
    RADIUS * (radians(other) - radians(one)).abs()
}

/// Returns the metres between two points by the haversine formula (`geohashGetDistance`). With
/// `exact_meridians`, points of the same longitude are measured along it.
pub(super) fn distance(one: Point, other: Point, exact_meridians: bool) -> f64 {
    let v = ((radians(other.longitude) - radians(one.longitude)) / 2.0).sin();
    if v == 0.0 && exact_meridians {
        return along_meridian(one.latitude, other.latitude);
    }
    let (from, to) = (radians(one.latitude), radians(other.latitude));
    let u = ((to - from) / 2.0).sin();
    let a = u * u + from.cos() * to.cos() * v * v;
    2.0 * RADIUS * a.sqrt().asin()
}
