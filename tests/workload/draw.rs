//! What stands in a template's places, drawn at random.

use std::time::{SystemTime, UNIX_EPOCH};

use super::keys::{DATABASES, KEYS_PER_KIND, Kind};
use super::scripts;
use super::template::Piece;
use crate::support::Flavor;

/// Members and fields: `m0` and on. More than any form for small collections holds.
const MEMBERS: u32 = 1500;
/// Entries that a stream's ids are drawn from, counted back from the newest.
const RECENT: u64 = 400;
/// Bytes that values are cut out of.
const NOISE: usize = 64 * 1024;

/// The random source, and what it has to remember.
#[derive(Clone, Debug)]
pub struct Draw {
    random: fastrand::Rng,
    flavor: Flavor,
    /// The kinds whose keys may hold anything.
    mixed: Vec<Kind>,
    noise: Vec<u8>,
    /// How many ids of entries were given out; ids grow over all streams.
    entries: u64,
    /// The number of the keys that get most requests.
    favourite: u32,
    /// What stands in the places that end in `!`.
    same: Vec<(&'static str, Vec<u8>)>,
    /// Whether nothing is to depend on chance or on the clock: what expires does so much later.
    pub is_steady: bool,
}

impl Draw {
    pub fn new(seed: u64, flavor: Flavor, unwanted: &[Kind]) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let noise = (0..NOISE).map(|_| random.u8(..)).collect();
        let mixed = Kind::MIXED.into_iter().filter(|kind| !unwanted.contains(kind)).collect();
        let (same, is_steady) = (Vec::new(), false);
        Self { random, flavor, mixed, noise, entries: 1, favourite: 0, same, is_steady }
    }

    /// One in three times to live is short.
    fn is_short(&mut self) -> bool {
        !self.is_steady && self.one_in(3)
    }

    /// The same state, but another future.
    pub fn fork(&self, seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), ..self.clone() }
    }

    /// Another template: its places have nothing to do with the last one's.
    pub fn forget(&mut self) {
        self.same.clear();
    }

    /// Turns to other keys.
    pub fn next_phase(&mut self) {
        self.favourite = self.below(KEYS_PER_KIND);
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        self.random.u32(..bound.max(1))
    }

    pub fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.random.usize(..from.len())]
    }

    /// A key that holds this kind of value, mostly: one in a hundred is of another one.
    pub fn key(&mut self, kind: Kind) -> Vec<u8> {
        let other = kind != Kind::Lexical && self.one_in(100);
        let kind = if other { self.any_kind() } else { kind };
        let number = if self.one_in(3) { self.below(KEYS_PER_KIND) } else { self.favourite };
        kind.key(number)
    }

    fn any_kind(&mut self) -> Kind {
        self.mixed[self.random.usize(..self.mixed.len())]
    }

    /// One word of several pieces.
    pub fn word(&mut self, pieces: &[Piece], functions: &[u8]) -> Vec<u8> {
        let mut word = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => word.extend_from_slice(text.as_bytes()),
                Piece::Place(place) => {
                    let mut words = Vec::new();
                    self.words(place, functions, &mut words);
                    word.extend(words.into_iter().flatten());
                }
            }
        }
        word
    }

    /// Appends what stands in `place`: a word, or several.
    pub fn words(&mut self, place: &'static str, functions: &[u8], out: &mut Vec<Vec<u8>>) {
        match place {
            "members" => self.several(|draw| vec![draw.member()], out),
            "integers" => self.several(|draw| vec![draw.member_integer()], out),
            "values" => self.several(|draw| vec![draw.element()], out),
            "pairs" => self.several(|draw| vec![draw.member(), draw.value()], out),
            "few-pairs" => self.few(|draw| vec![draw.member(), draw.value()], out),
            "scored" => self.several(|draw| vec![draw.score(), draw.member()], out),
            "places" => self.several(Self::place, out),
            "ids" => self.few(|draw| vec![draw.old_id()], out),
            "counted-ids" => self.counted(|draw| vec![draw.old_id()], out),
            "fields" => self.counted(|draw| vec![draw.field()], out),
            "brief-fields" => self.counted(|draw| vec![draw.numbered('b')], out),
            "brief-pairs" => self.counted(|draw| vec![draw.numbered('b'), draw.value()], out),
            "field-pairs" => self.counted(|draw| vec![draw.field(), draw.value()], out),
            "functions" => out.push(functions.to_vec()),
            "script" => scripts::script(self, out),
            "library" => out.push(scripts::library(self.below(4), self.below(3))),
            _ if place.ends_with('!') => out.push(self.same(place)),
            _ => out.push(self.one(place)),
        }
    }

    /// What stands in `place` in this template.
    fn same(&mut self, place: &'static str) -> Vec<u8> {
        let known = self.same.iter().find(|(known, _)| *known == place);
        if let Some((_, word)) = known {
            return word.clone();
        }
        let word = self.one(place.trim_end_matches('!'));
        self.same.push((place, word.clone()));
        word
    }

    fn one(&mut self, place: &str) -> Vec<u8> {
        if let Some(kind) = Kind::of_place(place) {
            return self.key(kind);
        }
        match place {
            "any" => {
                let kind = self.any_kind();
                self.key(kind)
            }
            "value" => self.value(),
            "member" => self.member(),
            "element" => self.element(),
            "integer" => self.member_integer(),
            "field" => self.field(),
            "steady" => self.numbered('n'),
            "score" => self.score(),
            "min" | "max" => self.score_bound(place == "max"),
            "lexmin" | "lexmax" => self.lex_bound(place == "lexmax"),
            "new-id" => self.new_id(),
            "old-id" => self.old_id(),
            "group" => format!("g{}", self.below(3)).into_bytes(),
            "consumer" => format!("c{}", self.below(4)).into_bytes(),
            "channel" => format!("channel{}", self.below(3)).into_bytes(),
            "pixel" => format!("#{}", self.below(2000)).into_bytes(),
            "bits" => self.bit_type(),
            "unit" => self.pick(&["m", "km", "mi", "ft"]).into(),
            "database" => self.pick(&DATABASES).to_string().into_bytes(),
            "float" => self.float(),
            _ => self.number(place).to_string().into_bytes(),
        }
    }

    fn number(&mut self, place: &str) -> i64 {
        match place {
            "n" => self.any_integer(),
            "small" => self.random.i64(0..12),
            "count" => self.random.i64(1..20),
            "index" => self.random.i64(-30..30),
            "length" => self.random.i64(0..300),
            "rank" => self.random.i64(-700..700),
            "large" => self.random.i64(100..700),
            "bit" => self.random.i64(0..40_000),
            "offset" => self.offset(),
            "0or1" => self.random.i64(0..2),
            "lon" => self.random.i64(-179..180),
            "lat" => self.random.i64(-84..85),
            "radius" => self.random.i64(1..4000),
            "library-number" => self.random.i64(0..4),
            "new-ms" => self.new_ms(),
            // Times to live, and moments: far, or hardly there.
            "s" => self.random.i64(1000..100_000),
            "ms" if self.is_short() => self.random.i64(1..50),
            "ms" => self.random.i64(1_000_000..100_000_000),
            "far" => self.random.i64(1_000_000..100_000_000),
            "far-at" => now_ms() + self.random.i64(1_000_000..100_000_000),
            "at" => now_ms() / 1000 + self.random.i64(1000..100_000),
            "ms-at" if self.is_short() => now_ms() + self.random.i64(-5..50),
            "ms-at" => now_ms() + self.random.i64(1_000_000..100_000_000),
            "now" => now_ms() - self.random.i64(0..1000),
            other => panic!("no such place: {other}"),
        }
    }

    fn offset(&mut self) -> i64 {
        let bound = if self.one_in(30) { 20_000 } else { 200 };
        self.random.i64(0..bound)
    }

    /// One or a few, rarely many.
    fn several(&mut self, one: impl Fn(&mut Self) -> Vec<Vec<u8>>, out: &mut Vec<Vec<u8>>) {
        let count = match self.below(40) {
            0 => 100 + self.below(60),
            1 if self.one_in(4) => 500 + self.below(60),
            2..=10 => 1 + self.below(10),
            _ => 1,
        };
        out.extend((0..count).flat_map(|_| one(self)));
    }

    fn few(&mut self, one: impl Fn(&mut Self) -> Vec<Vec<u8>>, out: &mut Vec<Vec<u8>>) {
        out.extend((0..1 + self.below(4)).flat_map(|_| one(self)));
    }

    /// A few, after their number.
    fn counted(&mut self, one: impl Fn(&mut Self) -> Vec<Vec<u8>>, out: &mut Vec<Vec<u8>>) {
        let count = 1 + self.below(4);
        out.push(count.to_string().into_bytes());
        out.extend((0..count).flat_map(|_| one(self)));
    }

    /// A member or field. Most come from the low numbers, so that requests meet them again; some
    /// look like integers, some are long or binary.
    pub fn member(&mut self) -> Vec<u8> {
        let bound = if self.one_in(4) { MEMBERS } else { 60 };
        let number = self.below(bound);
        match number % 50 {
            47 => [&b"\xff\0\r\n"[..], number.to_string().as_bytes()].concat(),
            48 if number > 1000 => format!("{number:0>70}").into_bytes(),
            49 => number.to_string().into_bytes(),
            _ => format!("m{number}").into_bytes(),
        }
    }

    /// A member of a set of integers, of every width.
    fn member_integer(&mut self) -> Vec<u8> {
        let number = match self.below(40) {
            0 if self.one_in(20) => self.any_integer(),
            1 => self.random.i64(-40_000..40_000),
            2..=20 => self.random.i64(0..900),
            _ => self.random.i64(0..30),
        };
        number.to_string().into_bytes()
    }

    /// A field: one of a few, or any.
    fn field(&mut self) -> Vec<u8> {
        if self.one_in(4) { self.member() } else { format!("m{}", self.below(12)).into_bytes() }
    }

    /// A field of a family of few.
    fn numbered(&mut self, family: char) -> Vec<u8> {
        format!("{family}{}", self.below(10)).into_bytes()
    }

    /// An element of a list: often one that others are, too.
    fn element(&mut self) -> Vec<u8> {
        if self.random.bool() { self.member() } else { self.value() }
    }

    /// A value: of every length and form that encodings tell apart.
    pub fn value(&mut self) -> Vec<u8> {
        match self.below(200) {
            0..70 => self.random.i64(-5..10_020).to_string().into_bytes(),
            70..90 => self.any_integer().to_string().into_bytes(),
            90..130 => self.member(),
            130..140 => Vec::new(),
            140..160 => self.noise(1, 64),
            160..180 => self.text(30, 80),
            180..192 => self.noise(64, 300),
            192..197 => self.text(300, 3000),
            197 => self.noise(1000, 6000),
            198 => self.text(10_000, 20_000),
            _ if self.one_in(4) => self.noise(16_000, 40_000),
            _ => self.float(),
        }
    }

    fn noise(&mut self, least: usize, most: usize) -> Vec<u8> {
        let len = self.random.usize(least..most);
        let from = self.random.usize(..NOISE - len);
        self.noise[from..from + len].to_vec()
    }

    fn text(&mut self, least: usize, most: usize) -> Vec<u8> {
        let (len, shift) = (self.random.usize(least..most), self.random.usize(..26));
        let letters = (b'a'..=b'z').flat_map(|letter| [letter; 3]).cycle();
        letters.skip(shift).take(len).collect()
    }

    fn any_integer(&mut self) -> i64 {
        const EDGES: [i64; 16] = [
            0,
            -1,
            12,
            13,
            127,
            128,
            -128,
            -129,
            4095,
            4096,
            32_767,
            32_768,
            8_388_608,
            2_147_483_648,
            i64::MAX,
            i64::MIN,
        ];
        if self.one_in(3) { self.pick(&EDGES) } else { self.random.i64(-100_000..100_000) }
    }

    fn float(&mut self) -> Vec<u8> {
        const FLOATS: [&str; 8] = ["0.5", "-1.25", "3.0e3", "0.1", "-0", "1e10", "3", "-7.7"];
        self.pick(&FLOATS).into()
    }

    /// A score. No -0, which is 0 in a listpack only: a snapshot may bring the one for the other.
    fn score(&mut self) -> Vec<u8> {
        match self.below(60) {
            0 => b"inf".to_vec(),
            1 => b"-inf".to_vec(),
            2 => self.any_integer().to_string().into_bytes(),
            4..=20 => (f64::from(self.below(1000)) / 7.0).to_string().into_bytes(),
            _ => self.random.i64(-3..20).to_string().into_bytes(),
        }
    }

    fn score_bound(&mut self, is_max: bool) -> Vec<u8> {
        if self.one_in(6) {
            return if is_max { b"+inf".to_vec() } else { b"-inf".to_vec() };
        }
        let from = if is_max { 2 } else { -3 };
        let open = if self.one_in(3) { "(" } else { "" };
        format!("{open}{}", self.random.i64(from..from + 30)).into_bytes()
    }

    fn lex_bound(&mut self, is_max: bool) -> Vec<u8> {
        if self.one_in(6) {
            return if is_max { b"+".to_vec() } else { b"-".to_vec() };
        }
        let open = if self.random.bool() { b"(" } else { b"[" };
        [&open[..], &self.member()].concat()
    }

    /// The id of an entry to be: larger than all before.
    fn new_id(&mut self) -> Vec<u8> {
        self.entries += 1;
        id(self.entries)
    }

    /// The part of a new id before the hyphen.
    fn new_ms(&mut self) -> i64 {
        self.entries += 1;
        i64::try_from(1000 + self.entries / 3).unwrap_or(i64::MAX)
    }

    /// The id of an entry that may be there.
    fn old_id(&mut self) -> Vec<u8> {
        let back = self.random.u64(..RECENT);
        id(self.entries.saturating_sub(back))
    }

    fn bit_type(&mut self) -> Vec<u8> {
        let sign = self.pick(&["u", "i"]);
        format!("{sign}{}", 1 + self.below(63)).into_bytes()
    }

    /// Longitude, latitude, member.
    fn place(&mut self) -> Vec<Vec<u8>> {
        let mut degrees = |bound: f64| (self.random.f64() * 2.0 - 1.0) * bound;
        let (lon, lat) = (degrees(180.0), degrees(85.0));
        vec![format!("{lon:.6}").into(), format!("{lat:.6}").into(), self.member()]
    }

    pub fn flavor(&self) -> Flavor {
        self.flavor
    }
}

/// Several entries share their milliseconds.
fn id(entry: u64) -> Vec<u8> {
    format!("{}-{}", 1000 + entry / 3, entry).into_bytes()
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
