//! Numbers as servers read and write them.

use super::*;
use crate::dialect::Vendor;
use proptest::prelude::*;

fn redis(version: &str) -> Dialect {
    Dialect::new(Vendor::Redis, version)
}

fn shown(text: Text) -> String {
    String::from_utf8(text.as_bytes().to_vec()).unwrap()
}

#[test]
fn texts_are_read() {
    let old = redis("7.0");
    let good = [
        ("1", 1.0),
        ("+1", 1.0),
        ("-.5e1", -5.0),
        ("5.", 5.0),
        ("INF", f64::INFINITY),
        ("-infinity", f64::NEG_INFINITY),
        ("0x1.8p1", 3.0),
        ("-0X.8", -0.5),
        ("0x1.fffffffffffff8p0", 2.0),
        ("0x1.fffffffffffff7ffffffp0", 2.0 - f64::EPSILON),
        ("0x1.8p-1075", 5e-324),
        ("0x1p-1022", f64::MIN_POSITIVE),
        ("0e-999", 0.0),
        ("1e-320", 1e-320),
    ];
    for (text, value) in good {
        assert_eq!(parse(text.as_bytes(), old), Some(value), "{text}");
    }
    let bad = [
        "",
        " 1",
        "1 ",
        "nan",
        "-nan",
        "infin",
        "1e",
        "e1",
        ".",
        "+",
        "+-1",
        "0x",
        "0x1p",
        "1e400",
        "1e-400",
        "0x1p2000",
        "0x1p-1075",
        "1_0",
        "1\0",
    ];
    for text in bad {
        assert_eq!(parse(text.as_bytes(), old), None, "{text}");
    }
    assert_eq!(parse(b"0x1", Dialect::new(Vendor::Valkey, "9.1")), None);
}

#[test]
fn bounds_are_read_loosely() {
    let (old, new) = (redis("7.0"), redis("8.2"));
    for (text, value) in [("", 0.0), ("1\0x", 1.0), ("1e400", f64::INFINITY), ("-1e-400", 0.0)] {
        assert_eq!(parse_bound(text.as_bytes(), old), Some(value), "{text}");
        assert_eq!(parse_bound(text.as_bytes(), new), Some(value), "{text}");
    }
    for text in [" 1", "\x0b1", "0x1"] {
        assert_eq!(parse_bound(text.as_bytes(), old), Some(1.0), "{text}");
        assert_eq!(parse_bound(text.as_bytes(), new), None, "{text}");
    }
    for text in [" ", "1 ", "nan", "a", "+"] {
        assert_eq!(parse_bound(text.as_bytes(), old), None, "{text}");
    }
}

#[test]
fn numbers_are_written() {
    let cases = [
        (0.1, "0.1", "0.10000000000000001"),
        (-0.0, "-0", "-0"),
        (1e17, "100000000000000000", "1e+17"),
        (1e19, "1e+19", "1e+19"),
        (1.23e22, "12300000000000001000000", "1.2300000000000001e+22"),
        (-1.5e-7, "-1.5e-7", "-1.4999999999999999e-07"),
        (0.00001, "0.00001", "1.0000000000000001e-05"),
        (0.000_123, "0.000123", "0.00012300000000000001"),
        (100.5, "100.5", "100.5"),
        (5e-324, "5e-324", "4.9406564584124654e-324"),
        (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
        (f64::NEG_INFINITY, "-inf", "-inf"),
    ];
    for (value, short_text, long_text) in cases {
        assert_eq!(shown(short(value)), short_text);
        assert_eq!(shown(seventeen(value)), long_text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn written_numbers_are_read_again(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        for text in [short(value), seventeen(value)] {
            let read = parse(text.as_bytes(), redis("8.2")).unwrap();
            prop_assert_eq!(read.to_bits(), bits);
        }
    }

    #[test]
    fn integers_are_written_as_other_numbers_are(number in -2_000_000_000_000_000_000..2_000_000_000_000_000_000_i64, shift in 0..61_u32) {
        #[expect(clippy::cast_precision_loss, reason = "any number will do")]
        let value = (number >> shift) as f64;
        prop_assume!(value != 0.0);
        let both = (seventeen(value), rounded(value));
        prop_assert_eq!(both.0.as_bytes(), both.1.as_bytes(), "{}", value);
    }

    #[test]
    fn any_text_is_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = (parse(&text, redis("7.0")), parse_bound(&text, redis("7.0")));
    }

    #[test]
    fn hex_is_exact(bits: u64) {
        let value = f64::from_bits(bits & !(1 << 63));
        prop_assume!(value.is_finite());
        let (fraction, exponent) = (bits & ((1 << 52) - 1), bits >> 52 & 0x7ff);
        let text = match exponent {
            0 => format!("0x0.{fraction:013x}p-1022"),
            _ => format!("0x1.{fraction:013x}p{}", i64::try_from(exponent).unwrap() - 1023),
        };
        prop_assert_eq!(parse(text.as_bytes(), redis("7.0")), Some(value));
    }
}
