//! The kind of values that are durations.

use std::time::Duration;

use toml::de::DeValue;

use super::{Kind, Raw, Read, Switch, Wrong, as_integer, quoted};

/// Every unit with its milliseconds, the largest first.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A time from `.0` to `.1`: a string of a number and its unit.
#[derive(Debug)]
pub(crate) struct Time(pub(crate) Duration, pub(crate) Duration);

/// The time in `text`; `None` if it is no number with a unit.
#[must_use]
pub fn duration_of(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(*millis)?))
}

/// `time` in the largest unit that shows it exactly; a key's times are whole milliseconds.
fn shown(time: Duration) -> String {
    let millis = time.as_millis();
    let fits = |(_, unit): &&(&str, u64)| millis > 0 && millis.is_multiple_of(u128::from(*unit));
    UNITS.iter().find(fits).map_or_else(
        || "0s".to_owned(),
        |(name, unit)| format!("{}{name}", millis / u128::from(*unit)),
    )
}

impl Kind for Time {
    type Value = Duration;

    fn accepted(&self) -> String {
        let (min, max) = (shown(self.0), shown(self.1));
        format!(
            "a time from {min} to {max} with its unit, such as \"300ms\", \"1s\", \"5m\", \"1h\""
        )
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Duration> {
        raw.get_ref()
            .as_str()
            .and_then(duration_of)
            .filter(|time| (self.0..=self.1).contains(time))
            .map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &Duration) -> String {
        quoted(&shown(*value))
    }
}

impl Switch for Time {
    const OFF: &'static str = "\"0s\"";

    fn is_off(raw: &DeValue<'_>) -> bool {
        match raw {
            DeValue::String(text) => duration_of(text) == Some(Duration::ZERO),
            _ => as_integer(raw) == Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_and_show() {
        for (text, millis, back) in [
            ("300ms", 300, "300ms"),
            ("1s", 1000, "1s"),
            ("5m", 300_000, "5m"),
            ("1h", 3_600_000, "1h"),
            ("90s", 90_000, "90s"),
            ("120s", 120_000, "2m"),
            ("0ms", 0, "0s"),
        ] {
            let read = duration_of(text).unwrap();
            assert_eq!(read, Duration::from_millis(millis), "{text}");
            assert_eq!(shown(read), back);
        }
        for text in ["", "5", "s", "-1s", "1.5s", "1 s", "1S", "1d", "99999999999999999999h"] {
            assert_eq!(duration_of(text), None, "{text}");
        }
        assert_eq!(duration_of("18446744073709551615h"), None);
    }
}
