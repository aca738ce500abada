//! Single bits, counts, positions, operations, fields.

use super::*;
use tidegate_wire::resp::RespVersion;

#[test]
fn single_bits() {
    Twin::each(|mut twin| {
        twin.lines(&[
            "SETBIT b 7 1",
            "SETBIT b 7 1",
            "SETBIT b 7 0",
            "SETBIT b 100 1",
            "GET b",
            "SETBIT none 9 0",
            "GET none",
            "SETBIT b -1 1",
            "SETBIT b 4294967296 1",
            "SETBIT b 1 2",
            "SETBIT b x 1",
            "SETBIT b 1 x",
            "SETBIT b 18446744073709551615 1",
            "GETBIT b 100",
            "GETBIT b 101",
            "GETBIT b 4294967295",
            "GETBIT b 4294967296",
            "GETBIT b -1",
            "GETBIT b x",
            "GETBIT missing 1",
            "SET i 12",
            "GETBIT i 2",
            "SETBIT i 2 1",
            "GET i",
            "SETBIT b #1 1",
        ]);
        for key in ["b", "none", "i"] {
            same_inside(&mut twin, key.as_bytes());
        }
    });
}

#[test]
fn counts_and_positions() {
    Twin::each(|mut twin| {
        twin.lines(&[
            "SET s foobar",
            "BITCOUNT s",
            "BITCOUNT none",
            "BITCOUNT s 0",
            "BITCOUNT none 0",
            "BITCOUNT s 0 1 FOO",
            "BITCOUNT s 0 1 BIT X",
            "BITCOUNT s x 1",
            "BITCOUNT s 0 x FOO",
            "BITCOUNT s -1 -3 FOO",
            "BITCOUNT s -1 -3 FOO X",
            "BITCOUNT s -3 -1 FOO",
            "BITCOUNT s 3 1 FOO",
            "BITCOUNT s -1 x FOO",
            "BITCOUNT none x 1",
            "BITCOUNT none 0 1 FOO",
            "BITCOUNT none 0 1 BIT X",
            "BITCOUNT s x",
            "BITCOUNT none x",
            "BITPOS s 2",
            "BITPOS s x",
            "BITPOS s 1 x",
            "BITPOS s 1 0 x",
            "BITPOS s 1 0 1 FOO",
            "BITPOS s 1 0 x FOO",
            "BITPOS s 1 0 1 BIT X",
            "BITPOS none 1",
            "BITPOS none 0",
            "BITPOS none 0 x",
            "BITPOS none 0 0 1 FOO",
            "BITPOS none 1 0 5",
            "BITPOS s 1 9223372036854775807",
            "BITPOS s 0 -9223372036854775808",
        ]);
        let values = ["foobar", "\u{7f}", "\0\0\0\0\0\0\0\0\0\0x", "\0\0\0"];
        let full = [0xff; 12];
        for value in values.iter().map(|value| value.as_bytes()).chain([&full[..], &[]]) {
            twin.same(&[b"SET", &b"s"[..], value]);
            twin.lines(&["BITPOS s 0", "BITPOS s 1", "BITCOUNT s"]);
            for start in [-99, -13, -9, -2, -1, 0, 1, 2, 7, 8, 9, 11, 50, 99] {
                twin.line(&format!("BITPOS s 0 {start}"));
                twin.line(&format!("BITPOS s 1 {start}"));
                for end in [-99, -12, -8, -1, 0, 1, 3, 8, 10, 15, 47, 90, 99] {
                    for unit in ["", " BYTE", " bit"] {
                        twin.line(&format!("BITCOUNT s {start} {end}{unit}"));
                        twin.line(&format!("BITPOS s 0 {start} {end}{unit}"));
                        twin.line(&format!("BITPOS s 1 {start} {end}{unit}"));
                    }
                }
            }
        }
    });
}

#[test]
fn operations() {
    Twin::each(|mut twin| {
        twin.lines(&[
            "SET a foobar",
            "SET b abcdefghijk",
            "SET i 123",
            "BITOP FOO d a",
            "BITOP NOT d a b",
            "BITOP NOT d a",
            "GET d",
            "BITOP AND d none",
            "GET d",
            "BITOP NOT d none",
            "BITOP DIFF d a",
            "BITOP diff1 d a",
            "BITOP ANDOR d a",
            "BITOP ONE d a",
            "SET d x EX 100",
            "BITOP or d a b",
            "GET d",
            "BITOP AND a a b",
            "GET a",
        ]);
        same_inside(&mut twin, b"d");
        twin.same(&["SET", "empty", ""]);
        for operation in ["AND", "OR", "XOR", "DIFF", "DIFF1", "ANDOR", "ONE"] {
            for sources in ["a", "a b", "b a", "a b i", "i none", "none a b", "a a", "empty none"] {
                twin.line(&format!("BITOP {operation} d {sources}"));
                twin.line("GET d");
            }
        }
    });
}

#[test]
fn fields() {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.lines(&[
                "BITFIELD s",
                "BITFIELD s GET",
                "BITFIELD s GET u8",
                "BITFIELD s GET u64 0",
                "BITFIELD s GET u0 0",
                "BITFIELD s GET i65 0",
                "BITFIELD s GET x8 0",
                "BITFIELD s GET u8x 0",
                "BITFIELD s GET u 0",
                "BITFIELD s GET u8 #",
                "BITFIELD s GET u8 -1",
                "BITFIELD s GET u8 #-1",
                "BITFIELD s GET u8 x",
                "BITFIELD s GET u8 4294967295",
                "BITFIELD s GET u8 4294967296",
                "BITFIELD s GET u8 #536870911",
                "BITFIELD s GET u8 #536870912",
                "BITFIELD s GET u8 #9223372036854775807",
                "BITFIELD s SET u8 0 x",
                "BITFIELD s INCRBY u8 0 x",
                "BITFIELD s SET u8 0",
                "BITFIELD s OVERFLOW foo",
                "BITFIELD s OVERFLOW",
                "BITFIELD s OVERFLOW wrap",
                "BITFIELD s foo",
                "BITFIELD_RO s SET u8 0 1",
                "BITFIELD_RO s OVERFLOW sat",
                "BITFIELD_RO s",
                "BITFIELD_RO s GET u8 0 SET u8 0 x",
                "BITFIELD_RO none GET u8 0 GET i16 4",
                "BITFIELD none GET u8 0",
                "GET none",
                "BITFIELD s SET u8 0 255 OVERFLOW FAIL INCRBY u8 0 1 GET i8 0 OVERFLOW SAT \
                 INCRBY i8 #3 200 OVERFLOW WRAP INCRBY i8 #3 200",
            ]);
        }
        same_inside(&mut twin, b"s");
    });
}

#[test]
fn random_fields() {
    Twin::each(|mut twin| {
        let mut choose = Chooser::new("fields");
        for _ in 0..3000 {
            let mut line = format!("BITFIELD {}", choose.of(&["a", "b"]));
            for _ in 0..choose.0.usize(1..5) {
                let bits = choose.0.usize(1..=64);
                let sign = if bits == 64 { "i" } else { choose.of(&["i", "u"]) };
                let at = format!("{}{}", choose.of(&["", "#"]), choose.0.usize(0..30));
                let number = match choose.0.usize(0..4) {
                    0 => choose.0.i64(..),
                    1 => choose.0.i64(..) >> choose.0.u32(0..64),
                    2 => i64::MAX >> choose.0.u32(0..64),
                    _ => i64::MIN >> choose.0.u32(0..64),
                };
                line += &match choose.0.usize(0..4) {
                    0 => format!(" GET {sign}{bits} {at}"),
                    1 => format!(" SET {sign}{bits} {at} {number}"),
                    2 => format!(" INCRBY {sign}{bits} {at} {number}"),
                    _ => format!(" OVERFLOW {}", choose.of(&["wrap", "SAT", "fail"])),
                };
            }
            twin.line(&line);
            if choose.chance(20) {
                same_inside(&mut twin, b"a");
                same_inside(&mut twin, b"b");
                twin.line(choose.of(&["GETDEL a", "GETDEL b", "SET a 12", "SET b foobar"]));
            }
        }
    });
}
