//! Floating-point numbers in hexadecimal, which `strtod` reads: `0x1.8p3`.

use super::found::Found;

/// The bits of a double's mantissa, the hidden one included.
const MANTISSA: i64 = 53;
/// The exponent of the smallest normal double.
const MIN_EXPONENT: i64 = -1022;
/// The exponent of the largest double.
const MAX_EXPONENT: i64 = 1023;
/// An exponent beyond any that matters, and far from an overflow.
const FAR: i64 = 1 << 40;

/// Returns the number at the start of `body`, which has no sign.
pub(super) fn parse(body: &[u8]) -> Option<Found> {
    let [b'0', b'x' | b'X', rest @ ..] = body else { return None };
    let (mut mantissa, mut exponent, mut len) = (0_u64, 0_i64, 0);
    let (mut any, mut point) = (false, false);
    for &byte in rest {
        let Some(digit) = char::from(byte).to_digit(16) else {
            if byte == b'.' && !point {
                (point, len) = (true, len + 1);
                continue;
            }
            break;
        };
        any = true;
        len += 1;
        if mantissa >> 59 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            exponent -= if point { 4 } else { 0 };
        } else {
            // Of bits that do not fit it matters only whether any is set.
            mantissa |= u64::from(digit != 0);
            exponent += if point { 0 } else { 4 };
        }
    }
    if !any {
        return None;
    }
    let power = rest.get(len..).and_then(power);
    let (more, power_len) = power.unwrap_or((0, 0));
    let (value, lost) = compose(mantissa, exponent + more);
    Some(Found { value, len: 2 + len + power_len, lost })
}

/// Reads `p` and a decimal exponent. Returns the exponent, and how many bytes it takes.
fn power(text: &[u8]) -> Option<(i64, usize)> {
    let [b'p' | b'P', rest @ ..] = text else { return None };
    let (negative, sign) = match rest.first() {
        Some(b'-') => (true, 1),
        Some(b'+') => (false, 1),
        _ => (false, 0),
    };
    let digits = rest.get(sign..)?.iter().take_while(|byte| byte.is_ascii_digit());
    let (mut number, mut count) = (0_i64, 0);
    for &digit in digits {
        number = (number * 10 + i64::from(digit - b'0')).min(FAR);
        count += 1;
    }
    (count > 0).then_some((if negative { -number } else { number }, 1 + sign + count))
}

/// Returns the double nearest to `mantissa` times two to the `exponent`, ties to even, and whether
/// it is lost. The lowest bit of a mantissa of 60 bits or more may stand for many.
fn compose(mantissa: u64, exponent: i64) -> (f64, bool) {
    if mantissa == 0 {
        return (0.0, false);
    }
    let bits = i64::from(u64::BITS - mantissa.leading_zeros());
    let top = exponent + bits - 1;
    if top > MAX_EXPONENT {
        return (f64::INFINITY, true);
    }
    let normal = top >= MIN_EXPONENT;
    let kept = if normal { MANTISSA } else { MANTISSA - (MIN_EXPONENT - top) };
    if kept < 0 {
        return (0.0, true);
    }
    let rounded = match bits - kept {
        drop @ 1.. => {
            // At most 64 bits are dropped: `kept` is not negative.
            let half = 1_u128 << (drop - 1);
            let wide = u128::from(mantissa);
            let (quotient, rest) = (wide >> drop, wide & (2 * half - 1));
            quotient + u128::from(rest > half || rest == half && quotient & 1 == 1)
        }
        room => u128::from(mantissa) << -room,
    };
    let rounded = u64::try_from(rounded).unwrap_or(0);
    let value = if normal {
        // A mantissa rounded up to one bit more carries into the exponent, as it should.
        let biased = u64::try_from(top - MIN_EXPONENT).unwrap_or(0);
        f64::from_bits((biased << 52) + rounded)
    } else {
        f64::from_bits(rounded)
    };
    (value, value.is_infinite() || value == 0.0)
}
