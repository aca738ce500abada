//! The durations of one class as numbers: how many requests fell into each bucket, and the
//! percentiles that follow.

/// The upper bound of each bucket in nanoseconds, and its label: 100 us to 10 s.
pub(super) const BOUNDS: [(u64, &str); 16] = [
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5"),
    (10_000_000_000, "10"),
];
pub(super) const BUCKETS: usize = BOUNDS.len() + 1;

/// How many requests took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buckets(pub(super) [u64; BUCKETS]);

impl Buckets {
    /// What was counted after `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut counts = self.0;
        for (count, before) in counts.iter_mut().zip(earlier.0) {
            *count = count.wrapping_sub(before);
        }
        Self(counts)
    }

    /// The number of requests.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The duration in microseconds that `percent` of the requests did not exceed, `None` without a
    /// request. Within a bucket requests count as evenly spread, as in PromQL's
    /// `histogram_quantile`. A request beyond the last bound counts as that long.
    #[must_use]
    pub fn percentile_us(&self, percent: u32) -> Option<u32> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        // The rank, in hundredths of a request.
        let rank = count.saturating_mul(percent.into());
        let (mut below, mut lower) = (0_u64, 0_u64);
        for (bucket, (upper, _)) in self.0.iter().zip(BOUNDS) {
            let here = bucket.saturating_mul(100);
            if *bucket > 0 && below.saturating_add(here) >= rank {
                let width = u128::from(upper - lower);
                let part = width * u128::from(rank.saturating_sub(below)) / u128::from(here);
                let nanos = u128::from(lower) + part;
                return Some(u32::try_from(nanos / 1_000).unwrap_or(u32::MAX));
            }
            below = below.saturating_add(here);
            lower = upper;
        }
        Some(u32::try_from(lower / 1_000).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(counts: &[(usize, u64)]) -> Buckets {
        let mut all = Buckets::default();
        counts.iter().for_each(|(at, count)| all.0[*at] = *count);
        all
    }

    #[test]
    fn percentiles_lie_within_their_bucket() {
        assert_eq!(Buckets::default().percentile_us(50), None);
        let one = buckets(&[(0, 100)]);
        assert_eq!([1, 50, 99, 100].map(|it| one.percentile_us(it)), [1, 50, 99, 100].map(Some));
        let two = buckets(&[(1, 50), (4, 50)]);
        assert_eq!(two.percentile_us(50), Some(250));
        assert_eq!(two.percentile_us(75), Some(1_750));
        assert_eq!(two.percentile_us(100), Some(2_500));
        let slow = buckets(&[(0, 1), (BUCKETS - 1, 9)]);
        assert_eq!(slow.percentile_us(50), Some(10_000_000), "the last bound");
    }

    #[test]
    fn differences_count_what_came_after() {
        let (early, late) = (buckets(&[(0, 5)]), buckets(&[(0, 7), (3, 1)]));
        assert_eq!(late.since(&early), buckets(&[(0, 2), (3, 1)]));
        assert_eq!(late.since(&early).count(), 3);
    }
}
