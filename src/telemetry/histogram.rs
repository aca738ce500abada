//! How long requests take, by class: cells in which a worker counts, and totals for a scrape.
//!
//! Replies that arrive together are one increment, so this costs less than a histogram that takes
//! one sample at a time.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::Class;
use super::buckets::{BOUNDS, BUCKETS, Buckets};
use super::exposition::Exposition;

const CLASSES: usize = Class::ALL.len();

/// The durations that one worker measured since its last tick.
#[derive(Debug, Default)]
pub struct DurationCounts([Cells; CLASSES]);

#[derive(Debug, Default)]
struct Cells {
    buckets: [Cell<u64>; BUCKETS],
    nanos: Cell<u64>,
}

impl DurationCounts {
    /// Counts `n` requests of `class` that took `took`.
    #[inline]
    pub fn observe(&self, class: Class, took: Duration, n: u64) {
        if n == 0 {
            return;
        }
        let whole = took.as_secs().saturating_mul(1_000_000_000);
        let nanos = whole.saturating_add(u64::from(took.subsec_nanos()));
        let cells = &self.0[class as usize];
        let bucket = &cells.buckets[BOUNDS.partition_point(|(bound, _)| *bound < nanos)];
        bucket.set(bucket.get().wrapping_add(n));
        cells.nanos.set(cells.nanos.get().wrapping_add(nanos.saturating_mul(n)));
    }

    /// Adds all counts to the totals and sets them to 0.
    pub fn flush(&self, totals: &Durations) {
        for (cells, totals) in self.0.iter().zip(&totals.0) {
            let nanos = cells.nanos.take();
            if nanos > 0 {
                totals.nanos.fetch_add(nanos, Relaxed);
            }
            for (cell, total) in cells.buckets.iter().zip(&totals.buckets) {
                let n = cell.take();
                if n > 0 {
                    total.fetch_add(n, Relaxed);
                }
            }
        }
    }
}

/// The durations that all workers measured.
#[derive(Debug, Default)]
pub struct Durations([Totals; CLASSES]);

#[derive(Debug, Default)]
struct Totals {
    buckets: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

impl Durations {
    /// What was counted so far, in the order of [`Class::ALL`].
    #[must_use]
    pub fn read(&self) -> [Buckets; CLASSES] {
        let read = |it: &Totals| Buckets(std::array::from_fn(|at| it.buckets[at].load(Relaxed)));
        std::array::from_fn(|class| read(&self.0[class]))
    }

    /// Writes the family.
    pub(super) fn render(&self, page: &mut Exposition) {
        let help = "Time from a request's arrival to the last byte of its reply from the backend.";
        let mut family = page.histogram("tidegate_request_duration_seconds", help);
        for (class, totals) in Class::ALL.into_iter().zip(&self.0) {
            let class = ("class", class.as_str());
            let bounds = BOUNDS.iter().map(|(_, label)| *label).chain(["+Inf"]);
            let mut count = 0_u64;
            for (bound, bucket) in bounds.zip(&totals.buckets) {
                count = count.wrapping_add(bucket.load(Relaxed));
                family.sample_of("_bucket", &[class, ("le", bound)], count);
            }
            let sum = Duration::from_nanos(totals.nanos.load(Relaxed));
            family.sample_of("_sum", &[class], sum.as_secs_f64());
            family.sample_of("_count", &[class], count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_the_bounds() {
        for (nanos, label) in BOUNDS {
            let seconds: f64 = label.parse().expect("a number");
            assert_eq!(Duration::from_secs_f64(seconds), Duration::from_nanos(nanos));
        }
        assert!(BOUNDS.is_sorted());
    }

    #[test]
    fn counts_appear_in_buckets_sum_and_count() {
        let (cells, totals) = (DurationCounts::default(), Durations::default());
        cells.observe(Class::Read, Duration::from_micros(100), 3);
        cells.observe(Class::Read, Duration::from_nanos(100_001), 2);
        cells.observe(Class::Read, Duration::from_secs(60), 1);
        cells.observe(Class::Write, Duration::ZERO, 0);
        cells.observe(Class::Pinned, Duration::MAX, 1);
        cells.flush(&totals);
        cells.flush(&totals);
        let mut page = Exposition::default();
        totals.render(&mut page);
        let text = page.into_text();
        let value = |labels: &str| {
            let line = text.lines().find(|line| line.contains(labels)).expect("a line");
            line.rsplit(' ').next().map(str::to_owned)
        };
        let bucket = |le: &str| value(&format!("bucket{{class=\"read\",le=\"{le}\"}}"));
        assert_eq!(bucket("0.0001").as_deref(), Some("3"));
        assert_eq!(bucket("0.00025").as_deref(), Some("5"));
        assert_eq!(bucket("10").as_deref(), Some("5"));
        assert_eq!(bucket("+Inf").as_deref(), Some("6"));
        assert_eq!(value("count{class=\"read\"}").as_deref(), Some("6"));
        assert_eq!(value("sum{class=\"read\"}").as_deref(), Some("60.000500002"));
        assert_eq!(value("count{class=\"write\"}").as_deref(), Some("0"));
        assert_eq!(value("count{class=\"pinned\"}").as_deref(), Some("1"));
    }
}
