//! Numbers as C's `printf` writes them with `%.<precision>g`.

/// `number` as `%.<precision>g` writes it: the digits that Lua, cjson and Redis show.
pub(crate) fn general(number: f64, precision: usize) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let digits = precision.max(1);
    let scientific = format!("{number:.*e}", digits - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let power: i32 = exponent.parse().unwrap_or(0);
    let precision = i32::try_from(digits).unwrap_or(i32::MAX);
    if (-4..precision).contains(&power) {
        let decimals = usize::try_from(precision - 1 - power).unwrap_or(0);
        return without_zeros(&format!("{number:.decimals$}")).to_owned();
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(mantissa), power.unsigned_abs())
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_printf() {
        let expected = [
            (0.0, 17, "0"),
            (-0.0, 17, "-0"),
            (3.0, 17, "3"),
            (0.1, 17, "0.10000000000000001"),
            (0.1, 14, "0.1"),
            (1e20, 17, "1e+20"),
            (1e15, 14, "1e+15"),
            (123_456_789_012_345.0, 14, "1.2345678901234e+14"),
            (1e-5, 17, "1.0000000000000001e-05"),
            (0.0001, 14, "0.0001"),
            (1.0 / 3.0, 14, "0.33333333333333"),
            (9.5, 1, "1e+01"),
            (f64::MAX, 17, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, 14, "-inf"),
        ];
        for (number, precision, text) in expected {
            assert_eq!(general(number, precision), text);
        }
    }
}
