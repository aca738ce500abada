//! Numbers of bytes for people (`bytesToHuman`).

/// Returns a number of bytes as text, like `1.01M`.
pub(super) fn bytes(n: u64) -> String {
    let units = [("K", 1_u64 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)];
    let unit = units.into_iter().rev().find(|(_, unit)| n >= *unit);
    // Exact enough for two decimals.
    #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
    unit.map_or_else(
        || format!("{n}B"),
        |(name, unit)| format!("{:.2}{name}", n as f64 / unit as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_as_redis_shows_them() {
        for (n, shown) in [(0, "0B"), (1023, "1023B"), (1_063_384, "1.01M"), (1 << 30, "1.00G")] {
            assert_eq!(bytes(n), shown);
        }
    }
}
