//! The floating-point numbers of `INCRBYFLOAT` and `HINCRBYFLOAT`: x87's 80-bit numbers, bit for
//! bit.
//!
//! A number is a 64-bit mantissa times a power of two. Reading (glibc's `strtold`), adding and
//! writing (`%.17Lf` without trailing zeros) all round to the nearest, ties to even, so that every
//! digit is that of the server.

use num_bigint::{BigInt, BigUint, Sign};

use crate::call::CommandError;

/// The error of `INCRBYFLOAT` for an infinite sum.
pub(crate) const NOT_FINITE: CommandError =
    CommandError::new("ERR increment would produce NaN or Infinity");

/// The longest text that is read, in bytes (`MAX_LONG_DOUBLE_CHARS`).
const MAX_TEXT: usize = 5 * 1024 - 1;
/// The exponent of the smallest numbers.
const MIN_EXPONENT: i64 = -16445;
/// The exponent of the largest numbers, with a full mantissa.
const MAX_EXPONENT: i64 = 16320;
/// The most digits before the point of a finite number.
const MAX_DIGITS: i64 = 4940;
/// The most zeros after the point of a number other than zero.
const MAX_ZEROS: i64 = 4970;
/// The number of digits after the point that are written.
const DECIMALS: u32 = 17;
/// The distance in bits beyond which an addend only decides the rounding.
const FAR: i64 = 130;

/// A number of x87's extended precision, or an infinity; never NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LongDouble {
    negative: bool,
    size: Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// `mantissa * 2^exponent`; its highest bit is set unless the exponent is the lowest.
    Finite {
        mantissa: u64,
        exponent: i64,
    },
    Infinite,
}

impl LongDouble {
    /// The number zero.
    pub(crate) const ZERO: Self =
        Self { negative: false, size: Size::Finite { mantissa: 0, exponent: MIN_EXPONENT } };

    /// Reads the whole of `text` (`string2ld`): decimal, hexadecimal or infinite. `None` if Redis
    /// would refuse it, as it refuses numbers that are too large or too small to be distinguished
    /// from zero.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let (negative, size) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if size.eq_ignore_ascii_case(b"inf") || size.eq_ignore_ascii_case(b"infinity") {
            return Some(Self { negative, size: Size::Infinite });
        }
        let (digits, power, base) = match size {
            [b'0', b'x' | b'X', hex @ ..] => split(hex, 16, b"pP")?,
            _ => split(size, 10, b"eE")?,
        };
        let digits = BigUint::parse_bytes(&digits, base)?;
        if digits == BigUint::ZERO {
            return Some(Self { negative, ..Self::ZERO });
        }
        let number = if base == 16 {
            Self::round(negative, &digits, None, power)
        } else {
            Self::decimal(negative, &digits, power)?
        };
        let lost = matches!(number.size, Size::Infinite | Size::Finite { mantissa: 0, .. });
        (!lost).then_some(number)
    }

    /// Returns `digits * 10^power`; `None` if it is out of all bounds.
    fn decimal(negative: bool, digits: &BigUint, power: i64) -> Option<Self> {
        // A digit is between three and four bits.
        let bits = i64::try_from(digits.bits()).ok()?;
        if power.saturating_add(bits / 4) > MAX_DIGITS
            || power.saturating_add(bits / 3) < -MAX_ZEROS
        {
            return None;
        }
        let scale = BigUint::from(10_u8).pow(u32::try_from(power.unsigned_abs()).ok()?);
        Some(if power < 0 {
            Self::round(negative, digits, Some(&scale), 0)
        } else {
            Self::round(negative, &(digits * scale), None, 0)
        })
    }

    /// Returns the number nearest to `size / divisor * 2^exponent`.
    fn round(negative: bool, size: &BigUint, divisor: Option<&BigUint>, exponent: i64) -> Self {
        let divisor_bits = divisor.map_or(1, BigUint::bits);
        // Two or three bits more than fit, and whether any bit behind them is set.
        let shift = 66 - (i64::try_from(size.bits()).unwrap_or(i64::MAX) - divisor_bits as i64);
        let scaled = if shift > 0 { size << shift } else { size.clone() };
        let unit = match divisor {
            Some(divisor) => divisor.clone(),
            None => BigUint::from(1_u8),
        };
        let unit = if shift < 0 { unit << shift.unsigned_abs() } else { unit };
        let quotient = &scaled / &unit;
        let inexact = &quotient * &unit != scaled;
        let quotient = u128::try_from(&quotient).unwrap_or(u128::MAX);
        let exponent = exponent.saturating_sub(shift);
        let bits = i64::from(u128::BITS - quotient.leading_zeros());
        let drop = (bits - 64).max(MIN_EXPONENT.saturating_sub(exponent));
        Self { negative, size: Size::nearest(quotient, inexact, drop, exponent) }
    }

    /// Returns the sum; `None` if it is infinite or NaN.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let (
            Size::Finite { mantissa: mine, exponent: high },
            Size::Finite { mantissa: theirs, exponent: low },
        ) = (self.size, other.size)
        else {
            return None;
        };
        if high < low {
            return other.plus(self);
        }
        if mine == 0 && theirs == 0 {
            return Some(Self { negative: self.negative && other.negative, ..Self::ZERO });
        }
        let (theirs, low) = match high - low {
            ..=FAR => (theirs, low),
            _ => (theirs.min(1), high - FAR),
        };
        let sum = self.signed(mine) * (BigInt::from(1) << (high - low)) + other.signed(theirs);
        if sum.sign() == Sign::NoSign {
            return Some(Self::ZERO);
        }
        let sum = Self::round(sum.sign() == Sign::Minus, sum.magnitude(), None, low);
        (sum.size != Size::Infinite).then_some(sum)
    }

    fn signed(self, mantissa: u64) -> BigInt {
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        BigInt::from_biguint(sign, mantissa.into())
    }

    /// Whether the number is finite.
    pub(crate) fn is_finite(self) -> bool {
        self.size != Size::Infinite
    }

    /// Returns the number in decimal, with up to 17 digits after the point and no exponent
    /// (`LD_STR_HUMAN`).
    pub(crate) fn text(self) -> Vec<u8> {
        let mut text = Vec::new();
        if self.negative {
            text.push(b'-');
        }
        match self.size {
            Size::Infinite => text.extend_from_slice(b"inf"),
            Size::Finite { mantissa, exponent } if exponent >= 0 => {
                let whole = BigUint::from(mantissa) << exponent;
                text.extend_from_slice(whole.to_string().as_bytes());
            }
            Size::Finite { mantissa, exponent } => {
                let scale = 10_u128.pow(DECIMALS);
                // Less than 2^121, so no bit is lost.
                let scaled = shift_right(u128::from(mantissa) * scale, false, -exponent);
                text.extend_from_slice((scaled / scale).to_string().as_bytes());
                let decimals = format!(".{:017}", scaled % scale);
                text.extend_from_slice(
                    decimals.trim_end_matches('0').trim_end_matches('.').as_bytes(),
                );
            }
        }
        if text == b"-0" { b"0".to_vec() } else { text }
    }
}

impl Size {
    /// Returns `quotient * 2^exponent`, and a little more if it is `inexact`, without its lowest
    /// `drop` bits.
    fn nearest(quotient: u128, inexact: bool, drop: i64, exponent: i64) -> Self {
        let exponent = exponent.saturating_add(drop);
        let rounded = shift_right(quotient, inexact, drop);
        match u64::try_from(rounded) {
            _ if exponent > MAX_EXPONENT => Self::Infinite,
            Ok(mantissa) => Self::Finite { mantissa, exponent },
            // It was rounded up to 2^64.
            Err(_) if exponent == MAX_EXPONENT => Self::Infinite,
            Err(_) => Self::Finite { mantissa: 1 << 63, exponent: exponent + 1 },
        }
    }
}

/// Returns `number / 2^bits` to the nearest, ties to even; `inexact` if `number` is really a little
/// more.
fn shift_right(number: u128, inexact: bool, bits: i64) -> u128 {
    match u32::try_from(bits) {
        Ok(bits @ 1..128) => {
            let (kept, half) = (number >> bits, 1 << (bits - 1));
            let rest = number & (half | (half - 1));
            kept + u128::from(rest > half || rest == half && (inexact || kept & 1 == 1))
        }
        Ok(0) | Err(_) if bits <= 0 => number,
        // Numbers that are shifted here have fewer than 127 bits.
        _ => 0,
    }
}

/// Returns the digits of a number without their point, the power by which they are to be multiplied
/// (of ten, or, for hexadecimal digits, of two), and their base.
fn split(text: &[u8], base: u32, marks: &[u8]) -> Option<(Vec<u8>, i64, u32)> {
    let end = text.iter().position(|byte| marks.contains(byte)).unwrap_or(text.len());
    let (number, exponent) = text.split_at_checked(end)?;
    let power = match exponent {
        [] => 0,
        [_, b'-', digits @ ..] => -saturating(digits)?,
        [_, b'+', digits @ ..] | [_, digits @ ..] => saturating(digits)?,
    };
    let point = number.iter().position(|&byte| byte == b'.');
    let mut digits = number.to_vec();
    let decimals = point.map_or(0, |at| {
        digits.remove(at);
        number.len() - at - 1
    });
    if digits.is_empty() || !digits.iter().all(|&digit| char::from(digit).is_digit(base)) {
        return None;
    }
    let each = if base == 16 { 4 } else { 1 };
    Some((digits, power.saturating_sub(i64::try_from(decimals).ok()? * each), base))
}

/// Returns some digits as a number, at most a huge one.
fn saturating(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: i64, &digit: &u8| sum.saturating_mul(10).saturating_add((digit - b'0').into());
    Some(digits.iter().fold(0, add).min(1 << 40))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        let parsed = |text: &str| LongDouble::parse(text.as_bytes());
        let text = parsed(a)?.plus(parsed(b)?)?.text();
        Some(String::from_utf8(text).unwrap())
    }

    #[test]
    fn sums_as_the_servers_give_them() {
        // Measured.
        for (a, b, is) in [
            ("10.5", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("0x1.8p3", "0x.8", "12.5"),
            ("-1e-20", "0", "0"),
            ("-0", "-0", "0"),
            ("1e-4950", "0", "0"),
            ("3", "1.000000000000000005", "4.00000000000000001"),
            ("1e20", "1", "100000000000000000000"),
            ("1e19", "1", "10000000000000000001"),
        ] {
            assert_eq!(sum(a, b).as_deref(), Some(is), "{a} + {b}");
        }
    }

    #[test]
    fn texts_that_are_no_number_are_refused() {
        for bad in [
            "",
            "-",
            ".",
            "1e",
            "1e+",
            "0x",
            "0x1p",
            "nan",
            "-nan(1)",
            " 1",
            "1 ",
            "1..",
            "1\0",
            "--1",
            "+-1",
            "infi",
            "1e4940",
            "1e-4960",
            "1e99999999999999999999",
            "0x1p99999",
            "1f",
        ] {
            assert_eq!(LongDouble::parse(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(LongDouble::parse(&[b'1'; MAX_TEXT + 1]), None);
        assert_eq!(LongDouble::parse(b"0e99999999999999999999"), Some(LongDouble::ZERO));
        assert!(LongDouble::parse(b"-Infinity").is_some_and(|number| !number.is_finite()));
        assert_eq!(sum("inf", "1"), None);
        assert_eq!(sum("1e4932", "1e4932"), None);
    }
}
