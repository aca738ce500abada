//! Where the boxes and arrows of the picture are: in columns, or for a narrow screen one below the
//! other.

/// The most replicas in the picture.
pub(super) const REPLICAS_MAX: usize = 8;

/// A box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

impl Place {
    const fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    pub(super) fn middle(self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    pub(super) fn right(self) -> f64 {
        self.x + self.w
    }

    pub(super) fn bottom(self) -> f64 {
        self.y + self.h
    }
}

/// The places of all boxes.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) is_wide: bool,
    pub(super) size: (f64, f64),
    pub(super) clients: Place,
    pub(super) proxy: Place,
    pub(super) master: Place,
    pub(super) replicas: Vec<Place>,
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(0.0, f64::from)
}

impl Layout {
    /// Clients, proxy, master and replicas from the left to the right.
    pub(super) fn wide(replicas: usize) -> Self {
        let (top, step) = (104.0, 72.0);
        let height = (top + float(replicas) * step).max(180.0);
        let middle = (height / 2.0).clamp(90.0, 190.0);
        let place = |at| Place::new(652.0, top + float(at) * step, 240.0, 58.0);
        Self {
            is_wide: true,
            size: (1_000.0, height),
            clients: Place::new(8.0, middle - 29.0, 130.0, 58.0),
            proxy: Place::new(238.0, middle - 36.0, 150.0, 72.0),
            master: Place::new(480.0, 8.0, 240.0, 62.0),
            replicas: (0..replicas).map(place).collect(),
        }
    }

    /// The same from the top to the bottom.
    pub(super) fn tall(replicas: usize) -> Self {
        let (top, step) = (296.0, 70.0);
        let place = |at| Place::new(56.0, top + float(at) * step, 264.0, 58.0);
        Self {
            is_wide: false,
            size: (380.0, top + float(replicas) * step),
            clients: Place::new(104.0, 8.0, 168.0, 50.0),
            proxy: Place::new(104.0, 98.0, 168.0, 62.0),
            master: Place::new(56.0, 204.0, 264.0, 62.0),
            replicas: (0..replicas).map(place).collect(),
        }
    }
}
