//! Rates, times and sizes for people. What is not known is a dash.

/// What stands for a value that is not known.
pub const DASH: &str = "\u{2013}";

/// A rate per second, without its unit: `0`, `4.2`, `850`, `12.3k`, `4.56M`.
#[must_use]
pub fn rate(per_s: f64) -> String {
    match per_s {
        it if it < 0.05 => "0".to_owned(),
        it if it < 9.95 => format!("{it:.1}"),
        it if it < 999.5 => format!("{it:.0}"),
        it if it < 99_950.0 => format!("{:.1}k", it / 1e3),
        it if it < 999_500.0 => format!("{:.0}k", it / 1e3),
        it => format!("{:.2}M", it / 1e6),
    }
}

/// A duration in milliseconds: `250 us`, `1.25 ms`, `83 ms`, `1.50 s`, `4 min 10 s`.
#[must_use]
pub fn ms(ms: f64) -> String {
    match ms {
        it if it < 0.9995 => format!("{:.0} \u{b5}s", it * 1e3),
        it if it < 9.995 => format!("{it:.2} ms"),
        it if it < 99.95 => format!("{it:.1} ms"),
        it if it < 999.5 => format!("{it:.0} ms"),
        it if it < 59_995.0 => format!("{:.2} s", it / 1e3),
        it if it < 1e15 => span(whole(it)),
        _ => DASH.to_owned(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 1e15, above 0")]
const fn whole(value: f64) -> u64 {
    value as u64
}

/// A duration of whole milliseconds, as `ms`.
#[must_use]
pub fn lag(value: Option<u64>) -> String {
    let exact = |it: u64| match u32::try_from(it) {
        Ok(0) => "0 ms".to_owned(),
        Ok(small) if small < 1_000 => format!("{small} ms"),
        Ok(small) => ms(small.into()),
        Err(_) => span(it),
    };
    value.map_or_else(|| DASH.to_owned(), exact)
}

/// A duration that may be unknown, as [`ms`].
#[must_use]
pub fn maybe_ms(value: Option<f64>) -> String {
    value.map_or_else(|| DASH.to_owned(), ms)
}

/// A long time with its two greatest units: `5 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`.
#[must_use]
pub fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{minutes} min {} s", seconds % 60),
        3_600..=86_399 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// How long ago something was: `now`, `5 s ago`.
#[must_use]
pub fn ago(ms: u64) -> String {
    if ms < 1_000 { "now".to_owned() } else { format!("{} ago", span(ms)) }
}

/// A number of bytes, with 1024 of them in a KiB: `17 B`, `1.5 KiB`.
#[must_use]
pub fn bytes(value: Option<f64>) -> String {
    let Some(mut value) = value else { return DASH.to_owned() };
    if value < 1024.0 {
        return format!("{value:.0} B");
    }
    let mut unit = "";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 99.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// A whole number of bytes, as [`bytes()`].
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn size(value: Option<u64>) -> String {
    bytes(value.map(|it| it as f64))
}

/// A whole number with thin spaces between thousands.
#[must_use]
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// The time of day in UTC of a moment in milliseconds since 1970: `14:03:22`.
#[must_use]
pub fn clock(unix_ms: u64) -> String {
    let seconds = unix_ms / 1_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_their_unit() {
        let rates = [0.0, 4.24, 9.97, 850.0, 12_340.0, 120_400.0, 4_560_000.0].map(rate);
        assert_eq!(rates, ["0", "4.2", "10", "850", "12.3k", "120k", "4.56M"]);
        let times = [0.25, 1.254, 83.06, 412.0, 1_500.0, 250_000.0].map(ms);
        assert_eq!(times, ["250 \u{b5}s", "1.25 ms", "83.1 ms", "412 ms", "1.50 s", "4 min 10 s"]);
        assert_eq!(
            [None, Some(0), Some(42), Some(1_042)].map(lag),
            [DASH, "0 ms", "42 ms", "1.04 s"]
        );
        let spans = [999, 5_000, 250_000, 11_100_000, 187_200_000].map(span);
        assert_eq!(spans, ["0 s", "5 s", "4 min 10 s", "3 h 5 min", "2 d 4 h"]);
        assert_eq!([999, 5_000].map(ago), ["now", "5 s ago"]);
        let sizes = [Some(17.0), Some(1_536.0), Some(2.5e9), None].map(bytes);
        assert_eq!(size(Some(5 << 40)), "5.0 TiB");
        assert_eq!(sizes, ["17 B", "1.5 KiB", "2.3 GiB", DASH]);
        assert_eq!(
            [7, 1_234, 1_234_567].map(number),
            ["7", "1\u{202f}234", "1\u{202f}234\u{202f}567"]
        );
        assert_eq!(clock(50_602_000), "14:03:22");
    }
}
