//! Polygons, which Valkey 9.1 can search.

use super::bounds::Bounds;
use super::sphere::{Point, degrees, distance, radians};

/// A polygon of at least three vertices, whose last edge closes it.
#[derive(Clone, Debug)]
pub(super) struct Polygon {
    vertices: Vec<Point>,
}

impl Polygon {
    pub(super) fn new(vertices: Vec<Point>) -> Self {
        Self { vertices }
    }

    /// The centre: that of its vertices in space, seen from the Earth's centre.
    pub(super) fn center(&self) -> Point {
        let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
        for vertex in &self.vertices {
            let (longitude, latitude) = (radians(vertex.longitude), radians(vertex.latitude));
            x += latitude.cos() * longitude.cos();
            y += latitude.cos() * longitude.sin();
            z += latitude.sin();
        }
        Point { longitude: degrees(y.atan2(x)), latitude: degrees(z.atan2((x * x + y * y).sqrt())) }
    }

    /// Whether a point is inside: a ray from it crosses the edges an odd number of times.
    pub(super) fn contains(&self, point: Point) -> bool {
        let Some(mut last) = self.vertices.last() else { return false };
        let mut inside = false;
        for vertex in &self.vertices {
            let crosses = (vertex.latitude > point.latitude) != (last.latitude > point.latitude)
                && point.longitude
                    < (last.longitude - vertex.longitude) * (point.latitude - vertex.latitude)
                        / (last.latitude - vertex.latitude)
                        + vertex.longitude;
            inside ^= crosses;
            last = vertex;
        }
        inside
    }

    /// The metres from the centre to the farthest corner of the bounds.
    pub(super) fn reach(&self, center: Point) -> f64 {
        let Bounds { longitude: (west, east), latitude: (south, north) } = self.bounds();
        let corners = [(west, south), (west, north), (east, south), (east, north)];
        let away = corners
            .map(|(longitude, latitude)| distance(center, Point { longitude, latitude }, true));
        away.into_iter().fold(0.0, f64::max)
    }

    /// The degrees that the polygon covers.
    pub(super) fn bounds(&self) -> Bounds {
        let least = |of: fn(&Point) -> f64| self.vertices.iter().map(of).fold(f64::MAX, f64::min);
        let most = |of: fn(&Point) -> f64| self.vertices.iter().map(of).fold(f64::MIN, f64::max);
        Bounds {
            longitude: (least(|p| p.longitude), most(|p| p.longitude)),
            latitude: (least(|p| p.latitude), most(|p| p.latitude)),
        }
    }
}
