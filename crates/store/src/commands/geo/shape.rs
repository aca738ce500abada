//! The shapes that can be searched: a circle, a box, a polygon.

use super::bounds::Bounds;
use super::polygon::Polygon;
use super::sphere::{Point, RADIUS, along_meridian, degrees, distance, radians};
use crate::dialect::Dialect;

/// The outline of an area around a point.
#[derive(Clone, Debug)]
pub(super) enum Outline {
    /// A circle of this radius.
    Circle(f64),
    /// A box of this width and height.
    Box(f64, f64),
    Polygon(Polygon),
}

/// An area that is searched.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) center: Point,
    pub(super) outline: Outline,
    /// The metres of the unit of its lengths.
    pub(super) unit: f64,
}

impl Shape {
    /// Returns how far a point inside is from the centre, in metres; `None` for a point outside.
    pub(super) fn distance_inside(&self, point: Point, dialect: Dialect) -> Option<f64> {
        let exact = dialect.measures_meridians();
        match &self.outline {
            Outline::Circle(radius) => {
                let away = distance(self.center, point, exact);
                (away <= radius * self.unit).then_some(away)
            }
            Outline::Box(width, height) => {
                let (width, height) = (width * self.unit, height * self.unit);
                let level = Point { latitude: point.latitude, ..self.center };
                let down = if exact {
                    along_meridian(point.latitude, self.center.latitude)
                } else {
                    distance(point, Point { latitude: self.center.latitude, ..point }, exact)
                };
                if down > height / 2.0 || distance(point, level, exact) > width / 2.0 {
                    return None;
                }
                Some(distance(self.center, point, exact))
            }
            Outline::Polygon(polygon) => {
                polygon.contains(point).then(|| distance(self.center, point, exact))
            }
        }
    }

    /// An upper bound of the metres from the centre to the farthest point.
    pub(super) fn reach(&self) -> f64 {
        match &self.outline {
            Outline::Circle(radius) => radius * self.unit,
            Outline::Box(width, height) => {
                let (x, y) = (width / 2.0, height / 2.0);
                (x * x + y * y).sqrt() * self.unit
            }
            Outline::Polygon(polygon) => polygon.reach(self.center),
        }
    }

    /// The degrees that the shape covers (`geohashBoundingBox`).
    pub(super) fn bounds(&self) -> Bounds {
        let (width, height) = match &self.outline {
            Outline::Circle(radius) => (*radius, *radius),
            Outline::Box(width, height) => (width / 2.0, height / 2.0),
            Outline::Polygon(polygon) => return polygon.bounds(),
        };
        let (width, height) = (self.unit * width, self.unit * height);
        let Point { longitude, latitude } = self.center;
        let up = degrees(height / RADIUS);
        let across = |at: f64| degrees(width / RADIUS / radians(at).cos());
        // The widest extent is on the side that is nearer to a pole.
        let aside = if latitude < 0.0 { across(latitude - up) } else { across(latitude + up) };
        Bounds {
            longitude: (longitude - aside, longitude + aside),
            latitude: (latitude - up, latitude + up),
        }
    }
}
