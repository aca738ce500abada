//! Floating-point numbers as the servers read and write them: scores, distances, `-inf`.
//!
//! The numbers of `INCRBYFLOAT`, which are long doubles, are elsewhere.

mod found;
mod grisu;
mod hex;
#[cfg(test)]
mod tests;

use super::dialect::Dialect;
use crate::c_text::{c_str, skip_blanks};
use found::Found;

/// The longest text of a double: 17 digits, a sign, a point, an exponent; or, in the short form,
/// a few zeros besides.
const TEXT_MAX: usize = 32;

/// Integers up to this size are printed digit by digit where doubles are printed short
/// (`double2ll`; measured).
const WHOLE_MAX: f64 = 4_611_686_018_427_387_904.0;

/// Integers below this one have at most 17 digits.
const SEVENTEEN_DIGITS: u64 = 100_000_000_000_000_000;

/// The text of a double, on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    bytes: [u8; TEXT_MAX],
    len: usize,
}

/// Reads a score or another argument (`getDoubleFromObject`): all of `text`, no blanks, no NaN.
pub(crate) fn parse(text: &[u8], dialect: Dialect) -> Option<f64> {
    let found = strtod(text, dialect.reads_hex_doubles());
    let whole = found.len == text.len() && found.len > 0;
    (whole && !found.lost && !found.value.is_nan()).then_some(found.value)
}

/// Reads an end of a range of scores, without its parenthesis (`zslParseRange`), as `strtod` does,
/// up to the end or a zero byte.
pub(crate) fn parse_bound(text: &[u8], dialect: Dialect) -> Option<f64> {
    let text = c_str(text);
    let loose = dialect.reads_loose_bounds();
    let trimmed = if loose { skip_blanks(text) } else { text };
    let found = strtod(trimmed, loose);
    if found.len == 0 {
        // An empty text is zero; blanks alone are no number, because they are left over.
        return text.is_empty().then_some(0.0);
    }
    (found.len == trimmed.len() && !found.value.is_nan()).then_some(found.value)
}

/// Reads a sort key of `SORT` as `strtod` does, up to the end or a zero byte.
pub(crate) fn parse_weight(text: &[u8], dialect: Dialect) -> Option<f64> {
    let text = c_str(text);
    let loose = dialect.reads_loose_bounds();
    let trimmed = if loose { skip_blanks(text) } else { text };
    let found = strtod(trimmed, loose);
    if found.len == 0 {
        return (text.is_empty() && dialect.has_empty_weights()).then_some(0.0);
    }
    let lost = match (loose, found.lost) {
        // For the C library a subnormal number, which is not exact, is lost too.
        (true, lost) => lost || found.value.is_subnormal(),
        (false, lost) => lost && !dialect.has_empty_weights(),
    };
    (found.len == trimmed.len() && !found.value.is_nan() && !lost).then_some(found.value)
}

/// Returns the number at the start of `text`, which must not be a blank.
fn strtod(text: &[u8], with_hex: bool) -> Found {
    let (negative, sign) = match text.first() {
        Some(b'-') => (true, 1),
        Some(b'+') => (false, 1),
        _ => (false, 0),
    };
    let body = text.get(sign..).unwrap_or_default();
    let mut found = word(body)
        .or_else(|| hex::parse(body).filter(|_| with_hex))
        .or_else(|| decimal(body))
        .unwrap_or(Found { value: 0.0, len: 0, lost: false });
    if found.len > 0 {
        found.len += sign;
    }
    if negative {
        found.value = -found.value;
    }
    found
}

/// Reads `inf`, `infinity` or `nan`.
fn word(body: &[u8]) -> Option<Found> {
    let words = [("infinity", f64::INFINITY), ("inf", f64::INFINITY), ("nan", f64::NAN)];
    let is = |word: &str| {
        body.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    let (word, value) = words.into_iter().find(|(word, _)| is(word))?;
    Some(Found { value, len: word.len(), lost: false })
}

/// Reads digits, with a point and an exponent.
fn decimal(body: &[u8]) -> Option<Found> {
    let digits = |from: usize| {
        body.get(from..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count())
    };
    let whole = digits(0);
    let mut len = whole;
    if body.get(len) == Some(&b'.') {
        let fraction = digits(len + 1);
        if whole + fraction == 0 {
            return None;
        }
        len += 1 + fraction;
    }
    if len == 0 {
        return None;
    }
    let mantissa = len;
    if matches!(body.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(body.get(len + 1), Some(b'+' | b'-')));
        let exponent = digits(len + 1 + sign);
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    let value: f64 = std::str::from_utf8(body.get(..len)?).ok()?.parse().ok()?;
    let something = body.iter().take(mantissa).any(|byte| matches!(byte, b'1'..=b'9'));
    Some(Found { value, len, lost: value.is_infinite() || value == 0.0 && something })
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; TEXT_MAX], len: 0 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut text = Self::new();
        for part in parts {
            text.push(part);
        }
        text
    }

    /// Adds bytes; those beyond the longest text are cut off.
    fn push(&mut self, bytes: &[u8]) {
        for (place, byte) in self.bytes.iter_mut().skip(self.len).zip(bytes) {
            *place = *byte;
            self.len += 1;
        }
    }
}

impl std::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// Returns the text of a number without digits.
fn special(value: f64) -> Option<Text> {
    match value {
        _ if value.is_nan() => Some(Text::of(&[b"nan"])),
        _ if value == f64::INFINITY => Some(Text::of(&[b"inf"])),
        _ if value == f64::NEG_INFINITY => Some(Text::of(&[b"-inf"])),
        _ if value == 0.0 => Some(Text::of(&[if value.is_sign_negative() { b"-0" } else { b"0" }])),
        _ => None,
    }
}

/// Returns the integer that the number is, if it is one that fits well.
#[expect(clippy::cast_possible_truncation, reason = "it is compared afterwards")]
pub(crate) fn whole(value: f64) -> Option<i64> {
    let number = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "that is what is looked for")]
    let back = number as f64;
    (value.abs() <= WHOLE_MAX && back == value).then_some(number)
}

/// Returns the text of a number in a reply.
pub(crate) fn text(value: f64, dialect: Dialect) -> Text {
    if dialect.has_short_doubles() { short(value) } else { seventeen(value) }
}

/// Returns the text of a number for `DEBUG DIGEST`: never with the digits of a long integer.
pub(crate) fn digest_text(value: f64, dialect: Dialect) -> Text {
    if dialect.has_short_doubles() { shortest(value) } else { seventeen(value) }
}

/// Returns the text with as few digits as Redis 7.2 and later find; integers have all their digits.
fn short(value: f64) -> Text {
    match whole(value) {
        Some(number) if value != 0.0 => Text::of(&[itoa::Buffer::new().format(number).as_bytes()]),
        _ => shortest(value),
    }
}

/// Returns the text with few digits, in the layout of `fpconv`.
fn shortest(value: f64) -> Text {
    if let Some(text) = special(value) {
        return text;
    }
    let (digits, exponent) = grisu::digits(value.abs());
    let sign: &[u8] = if value < 0.0 { b"-" } else { b"" };
    let digits = digits.as_bytes();
    let count = i32::try_from(digits.len()).unwrap_or(0);
    let magnitude = (exponent + count - 1).abs();
    if exponent >= 0 && magnitude < count + 7 {
        return Text::of(&[sign, digits, zeros(exponent)]);
    }
    if exponent < 0 && (exponent > -7 || magnitude < 4) {
        return match usize::try_from(exponent + count) {
            Ok(before) if before > 0 => {
                let (whole, fraction) = digits.split_at(before.min(digits.len()));
                Text::of(&[sign, whole, b".", fraction])
            }
            _ => Text::of(&[sign, b"0.", zeros(-exponent - count), digits]),
        };
    }
    let (first, rest) = digits.split_at(digits.len().min(1));
    let point: &[u8] = if rest.is_empty() { b"" } else { b"." };
    let towards: &[u8] = if exponent + count > 0 { b"e+" } else { b"e-" };
    let mut buffer = itoa::Buffer::new();
    Text::of(&[sign, first, point, rest, towards, buffer.format(magnitude).as_bytes()])
}

/// Returns so many zeros; no layout has more than a few.
fn zeros(count: i32) -> &'static [u8] {
    const ZEROS: &[u8] = b"00000000000000000000";
    usize::try_from(count).ok().and_then(|count| ZEROS.get(..count)).unwrap_or_default()
}

/// Returns the text with 17 significant digits and no zeros behind them: `%.17g`.
pub(crate) fn seventeen(value: f64) -> Text {
    if let Some(text) = special(value) {
        return text;
    }
    match whole(value).filter(|number| number.unsigned_abs() < SEVENTEEN_DIGITS) {
        Some(number) => Text::of(&[itoa::Buffer::new().format(number).as_bytes()]),
        None => rounded(value),
    }
}

/// As [`seventeen`], for any finite number. It takes longer.
fn rounded(value: f64) -> Text {
    use std::fmt::Write as _;

    let mut scientific = Text::new();
    // Writing cannot fail, because there is room for all of it.
    let _ = write!(scientific, "{:.16e}", value.abs());
    let sign: &[u8] = if value < 0.0 { b"-" } else { b"" };
    let all = scientific.as_bytes();
    let at = all.iter().position(|&byte| byte == b'e').unwrap_or(all.len());
    let exponent = std::str::from_utf8(all.get(at + 1..).unwrap_or_default());
    let exponent: i32 = exponent.ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut digits = Text::of(&[all.get(..1).unwrap_or_default()]);
    digits.push(all.get(2..at).unwrap_or_default());
    let kept = digits.as_bytes().iter().rposition(|&byte| byte != b'0').map_or(1, |at| at + 1);
    let full = digits.as_bytes();
    let significant = full.get(..kept).unwrap_or_default();
    match exponent {
        -4..0 => Text::of(&[sign, b"0.", zeros(-exponent - 1), significant]),
        0..17 => {
            let before = usize::try_from(exponent + 1).unwrap_or(1);
            let fraction = significant.get(before..).unwrap_or_default();
            let point: &[u8] = if fraction.is_empty() { b"" } else { b"." };
            Text::of(&[sign, full.get(..before).unwrap_or_default(), point, fraction])
        }
        _ => {
            let (first, rest) = significant.split_at(significant.len().min(1));
            let point: &[u8] = if rest.is_empty() { b"" } else { b"." };
            let towards: &[u8] = if exponent < 0 { b"e-" } else { b"e+" };
            let pad: &[u8] = if exponent.abs() < 10 { b"0" } else { b"" };
            let mut buffer = itoa::Buffer::new();
            let power = buffer.format(exponent.abs()).as_bytes();
            Text::of(&[sign, first, point, rest, towards, pad, power])
        }
    }
}
