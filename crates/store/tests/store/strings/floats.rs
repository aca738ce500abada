//! `INCRBYFLOAT`: every digit is that of the server.

use super::*;

const ODD: &[&str] = &[
    "",
    "0",
    "-0",
    "1.",
    ".5",
    ".",
    "-",
    "+1",
    " 1",
    "1 ",
    "nan",
    "-nan(1)",
    "inf",
    "-inf",
    "INFINITY",
    "infinit",
    "0x",
    "0x1",
    "0x1p",
    "0x1.8p3",
    "0X.8P-2",
    "0x1p99999",
    "1e",
    "1e+",
    "1e5",
    "1E-5",
    "1e400",
    "1e4932",
    "1.2e4932",
    "1e4933",
    "-1e4932",
    "1e-4950",
    "1e-4951",
    "1e-4960",
    "1e99999999999999999999",
    "0e99999999999999999999",
    "1e-20",
    "-1e-20",
    "1e19",
    "18446744073709551615",
    "18446744073709551616",
    "36893488147419103233",
    "0.1",
    "3.3",
    "x",
    "1.00000000000000000005",
    "0.000000000000000005",
    "0.000000000000000015",
    "5e-18",
    "1\0",
];

#[test]
fn odd_numbers_with_each_other() {
    Twin::each(|mut twin| {
        for number in ODD {
            for by in ODD {
                twin.same(&["SET", "n", number]);
                twin.same(&["INCRBYFLOAT", "n", by]);
            }
            twin.same(&["INCRBYFLOAT", "none", number]);
            twin.line("GETDEL none");
        }
        for len in [5118, 5119, 5120, 5121] {
            twin.same(&["INCRBYFLOAT", "none", &"1".repeat(len)]);
            twin.same(&["INCRBYFLOAT", "none", &format!("0.{}", "7".repeat(len - 2))]);
            twin.line("GETDEL none");
        }
        twin.lines(&["SET n 3.0e3", "INCRBYFLOAT n 200", "SET e 1 EX 100", "INCRBYFLOAT e 1"]);
        same_inside(&mut twin, b"n");
        same_inside(&mut twin, b"e");
    });
}

#[test]
fn random_numbers() {
    // All four servers compute it with the same instructions, so one server is enough.
    let mut twin = Twin::new(Flavor::Redis70);
    let mut choose = Chooser::new("floats");
    for _ in 0..6000 {
        if choose.chance(4) {
            twin.same(&["SET", "n", &number(&mut choose)]);
        }
        twin.same(&["INCRBYFLOAT", "n", &number(&mut choose)]);
    }
}

/// Mostly usual numbers, and some unusual ones.
fn number(choose: &mut Chooser) -> String {
    let sign = choose.of(&["", "", "-"]);
    let rng = &mut choose.0;
    let mut digits = |max: usize| -> String {
        let len = rng.usize(0..=max);
        (0..len).map(|_| rng.digit(10)).collect()
    };
    let (whole, decimals) = (digits(6), digits(3));
    let (long, longer) = (digits(25), digits(60));
    match choose.0.usize(0..8) {
        0 => format!("{sign}1{long}.{longer}"),
        1 => format!("{sign}0.{longer}1"),
        2 => format!("{sign}{}e{}", choose.0.u64(..), choose.0.i32(-40..40)),
        3 => format!("{sign}1.{long}e{}", choose.0.i32(-4960..4935)),
        4 => format!(
            "{sign}0x{:x}.{:x}p{}",
            choose.0.u64(..),
            choose.0.u64(..),
            choose.0.i32(-90..90)
        ),
        5 => format!("{sign}{}", f64::from_bits(choose.0.u64(..) >> 2 | 0x3000_0000_0000_0000)),
        _ => format!("{sign}1{whole}.{decimals}0"),
    }
}
