//! The arrows of the picture, as thick as their traffic.

use maud::{Markup, html};

/// The direction in which an arrow ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heading {
    Right,
    Left,
    Down,
}

/// An arrow with its label.
#[derive(Debug)]
pub(super) struct Arrow {
    /// Its way up to the head, as an SVG path.
    pub(super) path: String,
    /// Where its head ends.
    pub(super) tip: (f64, f64),
    pub(super) heading: Heading,
    /// Its class in the style sheet.
    pub(super) kind: &'static str,
    /// What passes per second; its thickness.
    pub(super) per_s: f64,
    /// The label and its place.
    pub(super) label: String,
    pub(super) at: (f64, f64),
    pub(super) anchor: &'static str,
}

/// The length of a head for a line of this width.
pub(super) fn head_length(width: f64) -> f64 {
    6.0 + width * 1.1
}

/// The width of a line on which so much passes per second: it grows with the logarithm, so that a
/// hundred times the traffic is visible as well as twice of it.
pub(super) fn width(per_s: f64) -> f64 {
    (1.5 + 1.5 * (1.0 + per_s.max(0.0)).log10()).min(11.0)
}

impl Arrow {
    pub(super) fn draw(&self) -> Markup {
        let width = width(self.per_s);
        let idle = if self.per_s < 0.05 { "idle" } else { "" };
        let (x, y) = self.tip;
        let (long, half) = (head_length(width), 3.5 + width * 0.75);
        let head = match self.heading {
            Heading::Right => format!(
                "{x:.1},{y:.1} {:.1},{:.1} {:.1},{:.1}",
                x - long,
                y - half,
                x - long,
                y + half
            ),
            Heading::Left => format!(
                "{x:.1},{y:.1} {:.1},{:.1} {:.1},{:.1}",
                x + long,
                y - half,
                x + long,
                y + half
            ),
            Heading::Down => format!(
                "{x:.1},{y:.1} {:.1},{:.1} {:.1},{:.1}",
                x - half,
                y - long,
                x + half,
                y - long
            ),
        };
        html! {
            g .arrow .(self.kind) .(idle) {
                path d=(self.path) stroke-width=(format!("{width:.1}")) {}
                polygon points=(head) {}
                text x=(format!("{:.1}", self.at.0)) y=(format!("{:.1}", self.at.1))
                    text-anchor=(self.anchor) { (self.label) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_traffic_is_a_thicker_line() {
        let widths = [0.0, 1.0, 100.0, 10_000.0, 1e6, 1e12].map(width);
        assert!(widths.is_sorted() && widths[0] >= 1.0 && widths[5] <= 11.0, "{widths:?}");
    }
}
