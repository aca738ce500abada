//! Random bytes and values for the libraries of scripts: the replies are those of a real server.

use tidegate_test_support::Flavor;
use tidegate_wire::resp::RespVersion;

use crate::twin::Twin;

/// How many of each kind.
const ROUNDS: u64 = 1_500;

/// A generator of numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

const VALUES: [&str; 30] = [
    "nil",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "127",
    "128",
    "-129",
    "65536",
    "2^31",
    "2^32",
    "-2^31",
    "2^53",
    "1e15",
    "1e300",
    "0.1",
    "-2.5",
    "1/3",
    "''",
    "'a'",
    "'\\0\\255'",
    "'12'",
    "'x/y\"'",
    "cjson.null",
    "{}",
    "{1,2,3}",
    "{a=1}",
    "{[3]=1}",
    "{{},{1}}",
];

/// A value of Lua, as source.
fn value(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.below(3) > 0 {
        return random.pick(&VALUES).to_owned();
    }
    let count = random.below(4);
    let items: Vec<String> = (0..count).map(|_| value(random, depth - 1)).collect();
    match random.below(3) {
        // One key: the order of several is that of Lua's tables, which is the same only for the
        // same history.
        0 => format!("{{k={}}}", items.first().map_or("1", |it| it)),
        _ => format!("{{{}}}", items.join(",")),
    }
}

/// A text that is almost JSON.
fn json(random: &mut Random) -> String {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\"",
        "1",
        "-2.5e3",
        "true",
        "false",
        "null",
        " ",
        "\"\\\\u00e9\"",
        "\"\\\\n\"",
        "nan",
        "0x1f",
        "\\0",
        "x",
        "[1,2]",
        "{\"b\":[]}",
        "1e",
        "\"",
        "\\\\",
        "-",
        "inf",
        "\"\\\\ud83d\\\\ude00\"",
        "[[[]]]",
        "01",
    ];
    let count = 1 + random.below(7);
    (0..count).map(|_| random.pick(&parts)).collect()
}

/// Bytes as a string of Lua, some of them often.
fn bytes(random: &mut Random) -> String {
    let count = random.below(14);
    let byte = |random: &mut Random| match random.below(3) {
        0 => random.below(256),
        1 => random.below(8),
        _ => 0x80 + random.below(0x60),
    };
    (0..count).map(|_| format!("\\{:03}", byte(random))).collect()
}

/// A format of `struct`.
fn format(random: &mut Random) -> String {
    let parts = [
        "b", "B", "h", "H", "l", "L", "i", "I", "i1", "I3", "i8", "f", "d", "s", "c0", "c2", "x",
        ">", "<", "!", "!2", "!4", " ", "T", "i16", "z", "c", "!8", "Bc0",
    ];
    let count = 1 + random.below(5);
    (0..count).map(|_| random.pick(&parts)).collect()
}

fn script(random: &mut Random) -> String {
    const SHOW: &str = "local function show(...) local t = {} for i = 1, select('#', ...) do \
        local v = (select(i, ...)) t[i] = type(v) == 'table' and v or tostring(v) end return t end ";
    let call = match random.below(8) {
        0 => format!("cjson.encode, {}", value(random, 3)),
        1 => format!("cjson.decode, '{}'", json(random)),
        2 => format!("cmsgpack.pack, {}, {}", value(random, 3), value(random, 1)),
        3 => format!("cmsgpack.unpack, '{}'", bytes(random)),
        4 => format!("cmsgpack.unpack_limit, '{}', {}", bytes(random), random.below(4)),
        5 => {
            let (format, a, b) = (format(random), value(random, 0), value(random, 0));
            format!("struct.pack, '{format}', {a}, {b}")
        }
        6 => format!("struct.unpack, '{}', '{}'", format(random), bytes(random)),
        _ => {
            let names =
                ["band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror", "tohex"];
            format!("bit.{}, {}, {}", random.pick(&names), value(random, 0), value(random, 0))
        }
    };
    format!("{SHOW} return show(pcall({call}))")
}

#[test]
fn libraries_have_the_replies_of_a_server() {
    let mut twin = Twin::spawn(Flavor::Redis70);
    let mut differences = Vec::new();
    for seed in 0..ROUNDS * 8 {
        let source = script(&mut Random(seed));
        let (expected, found) = twin.command(&["EVAL", &source, "0"], RespVersion::V2);
        // The address of a table differs.
        let is_address = |bytes: &[u8]| bytes.windows(6).any(|it| it == b": 0x00");
        if expected != found && !is_address(&expected) {
            let call = source.split("pcall").nth(1).unwrap();
            let (expected, found) = (expected.escape_ascii(), found.escape_ascii());
            differences
                .push(format!("seed {seed}{call}\n  server: {expected}\n   crate: {found}\n"));
        }
    }
    let count = differences.len();
    differences.truncate(25);
    assert!(count == 0, "{count} replies differ:\n{}", differences.join("\n"));
}
