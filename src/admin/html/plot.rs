//! Small plots of the last ten minutes. Their labels are HTML, so that the lines can stretch.

use std::fmt::Write;

use maud::{Markup, html};

use crate::view::peaks;

/// The seconds that a plot covers.
const SECONDS: usize = 600;
/// The points of a plot: each is the peak of four seconds.
pub(super) const POINTS: usize = 150;
/// The height of a plot in its own units.
const HEIGHT: f64 = 100.0;

/// One line of a plot.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) values: &'a [Option<u32>],
    /// Its class in the style sheet.
    pub(super) class: &'static str,
}

/// The greatest known value.
pub(super) fn peak(values: &[Option<u32>]) -> Option<u32> {
    values.iter().flatten().copied().max()
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(0.0, f64::from)
}

/// The path of a line; `top` is the value at the upper edge. Gaps stay open.
fn path(values: &[Option<u32>], top: f64) -> String {
    let (mut path, mut is_open) = (String::new(), false);
    for (at, value) in peaks(values, SECONDS, POINTS).into_iter().enumerate() {
        let Some(value) = value else {
            is_open = false;
            continue;
        };
        let y = HEIGHT - (f64::from(value) / top * (HEIGHT - 4.0)).min(HEIGHT - 2.0);
        let command = if is_open { 'L' } else { 'M' };
        // A single point is a short line.
        let dot = if is_open { "" } else { "h.4" };
        let _ = write!(path, "{command}{} {y:.1}{dot}", float(at));
        is_open = true;
    }
    path
}

/// A plot of `lines`, with a dashed line at `limit`. `label` says what it shows.
pub(super) fn plot(
    lines: &[Line<'_>],
    top: f64,
    limit: Option<f64>,
    strip: &Markup,
    label: &str,
) -> Markup {
    let top = if top > 0.0 { top } else { 1.0 };
    let limit = limit.map(|it| HEIGHT - it / top * (HEIGHT - 4.0)).filter(|y| *y >= 0.0);
    html! {
        svg .plot viewBox=(format!("0 0 {POINTS} {HEIGHT}")) preserveAspectRatio="none" role="img"
            aria-label=(label) {
            (strip)
            @if let Some(y) = limit {
                line .limit x1="0" x2=(POINTS) y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {}
            }
            @for line in lines {
                path class=(format!("line {}", line.class)) d=(path(line.values, top)) {}
            }
        }
    }
}

/// Coloured stretches of a plot's background; `states` has one class per point.
pub(super) fn strip(states: &[Option<&str>]) -> Markup {
    let mut runs: Vec<(usize, usize, &str)> = Vec::new();
    for (at, state) in states.iter().enumerate() {
        let Some(state) = state else { continue };
        match runs.last_mut() {
            Some((_, end, same)) if *end == at && same == state => *end = at + 1,
            _ => runs.push((at, at + 1, state)),
        }
    }
    html! {
        @for (from, end, state) in runs {
            rect class=(format!("strip {state}")) x=(from) y="0" width=(end - from) height="100" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_stay_open_and_high_values_stay_inside() {
        let mut values = vec![Some(0); 8];
        values.extend([None; 4]);
        values.extend([Some(1_000); 4]);
        let path = path(&values, 100.0);
        assert_eq!(path, "M146 100.0h.4L147 100.0M149 2.0h.4");
        let lines = [Line { values: &[], class: "lag" }];
        let plot = plot(&lines, 0.0, Some(5.0), &html! {}, "a <b>").into_string();
        assert!(plot.contains("aria-label=\"a &lt;b&gt;\"") && !plot.contains("limit"), "{plot}");
    }

    #[test]
    fn equal_states_are_one_stretch() {
        let strip = strip(&[None, Some("stale"), Some("stale"), Some("unknown")]).into_string();
        assert_eq!(strip.matches("<rect").count(), 2);
        assert!(strip.contains("strip stale\" x=\"1\" y=\"0\" width=\"2\""), "{strip}");
    }
}
