//! Random commands that change data: every one that can appear in a replication stream, over every
//! type, for tests that hold two servers' data against each other.
//!
//! Not a test target: targets take it in by `#[path]`, next to `support`. It speaks to nobody. The
//! same seed gives the same commands; what servers make of them also depends on their clocks.

pub mod draw;
pub mod keys;
pub mod reads;
mod scripts;
mod template;
mod writes;

use crate::support::Flavor;
use draw::Draw;
use template::{Compiled, Piece};

pub use keys::{DATABASES, Kind};
pub use reads::{Compare, Read, Reader};

/// One request: its words.
pub type Request = Vec<Vec<u8>>;

/// How many requests a key gets, on average, before another one of its kind becomes the favourite:
/// collections have to grow until they change their form, and to shrink again.
const PHASE: u64 = 3000;

/// How seldom databases are emptied.
const EMPTYING_ONE_IN: u32 = 20_000;

/// A source of random commands.
#[derive(Debug)]
pub struct Workload {
    draw: Draw,
    templates: Vec<Compiled>,
    /// The sums of the templates' weights, up to and with each.
    sums: Vec<u32>,
    made: u64,
    /// Requests left in the transaction that is open, its end included.
    transaction: Option<u32>,
    functions: Vec<u8>,
}

impl Workload {
    pub fn new(seed: u64, flavor: Flavor) -> Self {
        let tables = writes::TABLES.iter().flat_map(|table| table.iter());
        let fit = tables.filter(|template| template.on.has(flavor));
        let templates: Vec<_> = fit.map(Compiled::new).collect();
        let mut sum = 0;
        let mut add = |template: &Compiled| {
            sum += template.weight;
            sum
        };
        let sums = templates.iter().map(&mut add).collect();
        let draw = Draw::new(seed, flavor);
        Self { draw, templates, sums, made: 0, transaction: None, functions: Vec::new() }
    }

    /// What `FUNCTION DUMP` gave, for FUNCTION RESTORE; without it there is none.
    pub fn offer_functions(&mut self, dump: &[u8]) {
        self.functions = dump.to_vec();
    }

    /// True while a MULTI waits for its EXEC: nothing else may be said on the connection.
    pub fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// The next request.
    pub fn next(&mut self) -> Request {
        self.made += 1;
        if self.made.is_multiple_of(PHASE) {
            self.draw.next_phase();
        }
        match self.transaction {
            Some(0) => self.end_transaction(),
            Some(left) => {
                self.transaction = Some(left - 1);
                self.one()
            }
            None if self.draw.one_in(60) => {
                self.transaction = Some(self.draw.below(8));
                vec![b"MULTI".to_vec()]
            }
            None => self.one(),
        }
    }

    fn end_transaction(&mut self) -> Request {
        self.transaction = None;
        vec![if self.draw.one_in(8) { b"DISCARD".to_vec() } else { b"EXEC".to_vec() }]
    }

    /// Whoever reads what this workload has written.
    pub fn reader(&self, seed: u64) -> Reader {
        Reader::new(self.draw.fork(seed))
    }

    fn one(&mut self) -> Request {
        if self.draw.one_in(EMPTYING_ONE_IN) {
            return self
                .draw
                .pick(writes::EMPTYING)
                .split(' ')
                .map(|word| word.as_bytes().to_vec())
                .collect();
        }
        let total = self.sums.last().copied().unwrap_or(1);
        let drawn = self.draw.below(total);
        let at = self.sums.partition_point(|sum| *sum <= drawn);
        let template = &self.templates[at];
        let mut request = Vec::with_capacity(template.words.len() + 2);
        for word in &template.words {
            match word.as_slice() {
                [Piece::Place(place)] => self.draw.words(place, &self.functions, &mut request),
                pieces => request.push(self.draw.word(pieces, &self.functions)),
            }
        }
        request
    }
}

/// A request as text, for reports; long words are cut.
pub fn show(request: &[Vec<u8>]) -> String {
    let word = |word: &Vec<u8>| {
        let head = &word[..word.len().min(60)];
        let more = if word.len() > 60 { format!("...({})", word.len()) } else { String::new() };
        format!("{}{more}", head.escape_ascii())
    };
    let words: Vec<_> = request.iter().take(24).map(word).collect();
    let more =
        if request.len() > 24 { format!(" ... {} words", request.len()) } else { String::new() };
    words.join(" ") + &more
}
