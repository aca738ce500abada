//! Hashes: thousands of commands over few keys, around the limits of packed hashes.

use super::hashes::{self, EXPIRING, narrow, same_inside};
use super::{Order, Twin};
use crate::support::Flavor;
use crate::twin::seed;

const STEPS: usize = 5000;
const KEYS: [&str; 3] = ["h", "i", "j"];
const FIELDS: [&str; 14] = [
    "a",
    "b",
    "c",
    "",
    "1",
    "-5",
    "127",
    "128",
    "4096",
    "70000",
    "01",
    "sixteen bytes ok",
    "seventeen bytes .",
    "x",
];
const VALUES: [&str; 12] = [
    "",
    "v",
    "0",
    "13",
    "-1",
    "9223372036854775807",
    "3.5",
    "99999",
    "sixteen bytes ok",
    "not sixteen bytes",
    "text",
    "-70000",
];
const TIMES: [&str; 6] =
    ["1", "9999999999999", "9999999999999", "9999999999998", "9999999999990", "8888888888888"];

struct Draw {
    random: fastrand::Rng,
    expiring: bool,
    wide: bool,
}

impl Draw {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.usize(..of.len())]
    }

    /// Mostly short fields, so that hashes stay packed for a while.
    fn field(&mut self) -> &'static str {
        let all = if self.wide { FIELDS.len() } else { 7 };
        self.one(&FIELDS[..all])
    }

    fn value(&mut self) -> &'static str {
        let all = if self.random.u8(..60) == 0 { VALUES.len() } else { 9 };
        self.one(&VALUES[..all])
    }

    fn fields(&mut self) -> Vec<&'static str> {
        (0..self.random.usize(1..4)).map(|_| self.field()).collect()
    }

    fn pairs(&mut self) -> Vec<&'static str> {
        (0..self.random.usize(1..4)).flat_map(|_| [self.field(), self.value()]).collect()
    }

    fn counted(&self, words: &mut Vec<String>, fields: &[&str], each: usize) {
        words.extend(["FIELDS".to_owned(), (fields.len() / each).to_string()]);
        words.extend(fields.iter().map(|&it| it.to_owned()));
    }

    fn plain(&mut self, key: &str) -> Vec<String> {
        let mut words: Vec<&str> = vec![""; 0];
        match self.random.u8(..10) {
            0..=2 => {
                words.extend(["HSET", key]);
                words.extend(self.pairs());
            }
            3 => {
                words.extend(["HMSET", key]);
                words.extend(self.pairs());
            }
            4 => words.extend(["HSETNX", key, self.field(), self.value()]),
            5 => words.extend(["HINCRBY", key, self.field(), self.one(&["1", "-200", "5000"])]),
            6 => words.extend(["HINCRBYFLOAT", key, self.field(), self.one(&["1", "0.5", "-3e2"])]),
            _ => {
                words.extend(["HDEL", key]);
                words.extend(self.fields());
            }
        }
        words.into_iter().map(str::to_owned).collect()
    }

    fn with_times(&mut self, key: &str) -> Vec<String> {
        let kind = self.random.u8(..6);
        let name = ["HPEXPIREAT", "HPEXPIREAT", "HPERSIST", "HGETEX", "HSETEX", "HGETDEL"];
        let mut words = vec![name[usize::from(kind)].to_owned(), key.to_owned()];
        let fields = self.fields();
        match kind {
            0 | 1 => {
                words.push(self.one(&TIMES).to_owned());
                let condition = self.one(&["", "", "NX", "XX", "GT", "LT"]);
                words.extend((!condition.is_empty()).then(|| condition.to_owned()));
            }
            3 | 4 => {
                let option =
                    self.one(&["", "PXAT", "PXAT", if kind == 3 { "PERSIST" } else { "KEEPTTL" }]);
                if !option.is_empty() {
                    words.push(option.to_owned());
                }
                if option == "PXAT" {
                    words.push(self.one(&TIMES).to_owned());
                }
                if kind == 4 {
                    let condition = self.one(&["", "", "FNX", "FXX"]);
                    words.extend((!condition.is_empty()).then(|| condition.to_owned()));
                    let pairs = self.pairs();
                    self.counted(&mut words, &pairs, 2);
                    return words;
                }
            }
            _ => {}
        }
        self.counted(&mut words, &fields, 1);
        words
    }
}

#[test]
fn random_commands() {
    let seed = seed();
    eprintln!("TIDEGATE_SEED={seed}");
    std::thread::scope(|scope| {
        for flavor in Flavor::ALL {
            scope.spawn(move || run(flavor, seed));
        }
    });
}

fn run(flavor: Flavor, seed: u64) {
    let mut twin = narrow(flavor);
    let expiring = EXPIRING.contains(&flavor);
    let mut draw = Draw { random: fastrand::Rng::with_seed(seed), expiring, wide: false };
    for step in 0..STEPS {
        // Now and then all begins anew, because a hash that is a table stays one.
        if step % 40 == 0 {
            for key in KEYS {
                let mut words = vec!["HDEL", key];
                words.extend(FIELDS);
                twin.same(&words);
            }
            draw.wide = draw.random.bool();
        }
        let key = draw.one(&KEYS);
        let with_times = draw.expiring && draw.random.bool();
        let words = if with_times { draw.with_times(key) } else { draw.plain(key) };
        twin.same(&words);
        same_inside(&mut twin, key);
        read(&mut twin, &mut draw, key);
    }
}

/// Runs one of the commands that read.
fn read(twin: &mut Twin, draw: &mut Draw, key: &str) {
    let order = hashes::order(twin, key);
    let any = if order == Order::Exact { Order::Exact } else { Order::Any };
    match draw.random.u8(..8) {
        0 => drop(twin.compare(&["HKEYS", key], any)),
        1 => drop(twin.compare(&["HVALS", key], any)),
        2 => drop(twin.same(&["HSTRLEN", key, draw.field()])),
        3 => drop(twin.same(&["HEXISTS", key, draw.field()])),
        4 => drop(twin.same(&["HMGET", key, draw.field(), draw.field()])),
        5 if order == Order::Exact => drop(twin.same(&["HSCAN", key, "0", "MATCH", "*s*"])),
        6 if draw.expiring => {
            let mut words = vec!["HPEXPIRETIME", key, "FIELDS", "14"];
            words.extend(FIELDS);
            twin.same(&words);
        }
        _ => drop(twin.compare(&["HRANDFIELD", key, "100", "WITHVALUES"], Order::AnyPairs)),
    }
}
