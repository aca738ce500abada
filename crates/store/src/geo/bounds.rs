//! The range of longitudes and latitudes that an area covers.

/// Degrees that a shape reaches, at least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) longitude: (f64, f64),
    pub(super) latitude: (f64, f64),
}
