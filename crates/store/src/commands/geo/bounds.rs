//! The range of longitudes and latitudes that an area covers.

/// The range of degrees that covers a shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) longitude: (f64, f64),
    pub(super) latitude: (f64, f64),
}
