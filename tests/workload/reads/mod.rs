//! Every request that only reads, by the type of the key, and how two servers' answers are to be
//! compared.
//!
//! Some have wrong arguments: errors are answers too.

mod collections;
mod keyspace;
mod streams;
mod strings;

use super::draw::Draw;
use super::keys::{KEYS_PER_KIND, Kind};
use super::template::{On, Piece, Template, pieces};

/// How the answers of two servers that hold the same data may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Not in a byte.
    Exact,
    /// In the order of their items, which is a hash table's.
    Unordered,
    /// In the order of items within items, too.
    UnorderedAll,
    /// In the order of their pairs.
    UnorderedPairs,
    /// In the items, which are drawn at random, not in their number.
    Length,
    /// In the value, not in its type: it is an estimate, or drawn at random.
    Form,
    /// Each integer by so much: it is a time to live.
    Within(i64),
    /// The bytes, as long as RESTORE makes the same value of them.
    Restored,
    /// In cursors and order: the iteration is to be ended, its items are a set of single items, or
    /// of pairs. The cursor is the word with this number.
    Scan { cursor: usize, pairs: bool },
    /// In what clocks show, and in what the stream does not tell of groups: the fields named idle,
    /// inactive, seen-time, active-time, entries-read and lag.
    Untold,
    /// In the third item of every item: how long an entry is pending.
    PendingTimes,
    /// As `OBJECT ENCODING` may: a snapshot's reader chooses anew, and small values stay in the
    /// form that they once outgrew.
    Encoding,
}

/// A read, and how its answers are compared.
#[derive(Clone, Debug)]
pub struct Read {
    pub request: Vec<Vec<u8>>,
    pub compare: Compare,
}

/// A template of a read.
#[derive(Clone, Copy, Debug)]
pub struct ReadTemplate {
    on: On,
    text: &'static str,
    compare: Compare,
}

impl ReadTemplate {
    const fn new(template: Template, compare: Compare) -> Self {
        Self { on: template.on, text: template.text, compare }
    }
}

const fn exact(text: &'static str) -> ReadTemplate {
    compared(Compare::Exact, text)
}

const fn compared(compare: Compare, text: &'static str) -> ReadTemplate {
    ReadTemplate::new(super::template::all(1, text), compare)
}

const fn since70(compare: Compare, text: &'static str) -> ReadTemplate {
    ReadTemplate::new(super::template::since70(1, text), compare)
}

const fn fields(compare: Compare, text: &'static str) -> ReadTemplate {
    ReadTemplate::new(super::template::fields(1, text), compare)
}

const fn redis(compare: Compare, text: &'static str) -> ReadTemplate {
    ReadTemplate::new(super::template::redis(1, text), compare)
}

const fn valkey91(compare: Compare, text: &'static str) -> ReadTemplate {
    ReadTemplate::new(super::template::valkey91(1, text), compare)
}

const fn redis62(compare: Compare, text: &'static str) -> ReadTemplate {
    ReadTemplate::new(super::template::redis62(1, text), compare)
}

/// The reads of a type, as `TYPE` names it.
fn table(type_name: &str) -> &'static [ReadTemplate] {
    match type_name {
        "string" => strings::TABLE,
        "list" => collections::LISTS,
        "set" => collections::SETS,
        "hash" => collections::HASHES,
        "zset" => collections::SORTED_SETS,
        "stream" => streams::TABLE,
        _ => &[],
    }
}

const TYPES: [&str; 6] = ["string", "list", "set", "hash", "zset", "stream"];

/// Makes reads.
#[derive(Debug)]
pub struct Reader {
    draw: Draw,
}

impl Reader {
    pub fn new(draw: Draw) -> Self {
        Self { draw }
    }

    /// Every read that `TYPE key` calls for, and some for other types.
    pub fn of(&mut self, key: &[u8], type_name: &str) -> Vec<Read> {
        let own = table(type_name).iter().chain(keyspace::OF_A_KEY);
        let mut reads: Vec<_> = own.filter_map(|template| self.fill(template, key)).collect();
        for other in TYPES.iter().filter(|other| **other != type_name) {
            let template = self.draw.pick(table(other));
            // It sorts sets too, but in an order of their own.
            if !template.text.starts_with("SORT_RO") {
                reads.extend(self.fill(&template, key));
            }
        }
        reads
    }

    /// The reads of a database as a whole.
    pub fn of_database(&mut self) -> Vec<Read> {
        keyspace::OF_A_DATABASE.iter().filter_map(|template| self.fill(template, b"")).collect()
    }

    /// Every key that could be there.
    pub fn keys() -> Vec<Vec<u8>> {
        let of_kind = |kind: Kind| (0..KEYS_PER_KIND).map(move |number| kind.key(number));
        let mut keys: Vec<_> = Kind::ALL.into_iter().flat_map(of_kind).collect();
        keys.push(b"stream:clock".to_vec());
        keys
    }

    /// The first words of all reads, for a look at what is missing; a subcommand is `object|help`.
    pub fn names() -> Vec<String> {
        let tables = TYPES.iter().flat_map(|name| table(name));
        let all = tables.chain(keyspace::OF_A_KEY).chain(keyspace::OF_A_DATABASE);
        let mut names: Vec<_> = all
            .flat_map(|template| {
                let mut words = template.text.split(' ');
                let first = words.next().unwrap_or_default().to_lowercase();
                let sub = words.next().unwrap_or_default().to_lowercase();
                [first.clone(), format!("{first}|{sub}")]
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    fn fill(&mut self, template: &ReadTemplate, key: &[u8]) -> Option<Read> {
        if !template.on.has(self.draw.flavor()) {
            return None;
        }
        let mut request = Vec::new();
        for word in template.text.split_ascii_whitespace() {
            match pieces(word).as_slice() {
                [Piece::Place("key")] => request.push(key.to_vec()),
                [Piece::Place(place)] => self.draw.words(place, b"", &mut request),
                pieces => request.push(self.draw.word(pieces, b"")),
            }
        }
        Some(Read { request, compare: template.compare })
    }
}
