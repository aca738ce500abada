//! Random commands that change data: every one that can appear in a replication stream, over every
//! type, for tests that hold two servers' data against each other.
//!
//! Not a test target: targets take it in by `#[path]`, next to `support`. It uses no connection.
//! The same seed gives the same commands; what servers make of them also depends on their clocks.

pub mod draw;
pub mod keys;
pub mod reads;
mod scripts;
mod template;
mod waiting;
mod writes;

use std::collections::VecDeque;

use crate::support::Flavor;
use draw::Draw;
use template::{Compiled, Piece};

pub use keys::{DATABASES, Kind};
pub use reads::{Compare, Read, Reader};
pub use waiting::WaitingRequests;

/// One request: its words.
pub type Request = Vec<Vec<u8>>;

/// How many requests a key gets, on average, before another one of its kind becomes the favourite:
/// collections have to grow until they change their form, and to shrink again.
const PHASE: u64 = 3000;

/// When databases are emptied: each way once soon, then seldom. By chance it would come too often
/// for anything to grow, or never in a short run.
const EMPTYING_EARLY: [u64; 4] = [3000, 5000, 7000, 9000];
const EMPTYING_EVERY: u64 = 40_000;

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
    /// Requests that belong to one that was made.
    following: VecDeque<Request>,
    is_whole: bool,
}

impl Workload {
    /// `types` are those of the values that it keeps to, as `TYPE` names them; all if there is
    /// none.
    pub fn new(seed: u64, flavor: Flavor, types: &[String]) -> Self {
        let wanted = |kind: Kind| types.is_empty() || types.iter().any(|it| it == kind.type_name());
        let unwanted: Vec<_> = Kind::ALL.into_iter().filter(|kind| !wanted(*kind)).collect();
        let tables = writes::TABLES.iter().flat_map(|table| table.iter());
        let fit = tables.filter(|template| {
            template.on.has(flavor) && (unwanted.is_empty() || template.keeps_from(&unwanted))
        });
        let templates: Vec<_> = fit.map(Compiled::new).collect();
        let mut sum = 0;
        let mut add = |template: &Compiled| {
            sum += template.weight;
            sum
        };
        let sums = templates.iter().map(&mut add).collect();
        let is_whole = unwanted.is_empty();
        let draw = Draw::new(seed, flavor, &unwanted);
        let (functions, following) = (Vec::new(), VecDeque::new());
        Self { draw, templates, sums, made: 0, transaction: None, functions, following, is_whole }
    }

    /// Leaves out what depends on chance or on the clock: what servers draw at random, the ids
    /// of entries that they choose, and times to live that end during a test. Leaves out, too, what
    /// a replica of a real server does not get.
    #[must_use]
    pub fn steady(mut self) -> Self {
        self.draw.is_steady = true;
        self
    }

    /// Whether it makes requests for all types.
    pub fn is_whole(&self) -> bool {
        self.is_whole
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
        if let Some(request) = self.emptying() {
            return request;
        }
        match self.transaction {
            // What belongs together is queued together, or not at all.
            Some(0) if self.following.is_empty() => self.end_transaction(),
            Some(left) => {
                self.transaction = Some(left.saturating_sub(1));
                self.one()
            }
            None if self.following.is_empty() && self.draw.one_in(60) => {
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

    /// A generator of reads of the keys that this workload has written.
    pub fn reader(&self, seed: u64) -> Reader {
        Reader::new(self.draw.fork(seed))
    }

    fn one(&mut self) -> Request {
        if let Some(request) = self.following.pop_front() {
            return request;
        }
        let total = self.sums.last().copied().unwrap_or(1);
        let drawn = self.draw.below(total);
        let at = self.sums.partition_point(|sum| *sum <= drawn);
        self.draw.forget();
        for words in &self.templates[at].requests {
            let mut request = Vec::with_capacity(words.len() + 2);
            for word in words {
                match word.as_slice() {
                    [Piece::Place(place)] => self.draw.words(place, &self.functions, &mut request),
                    pieces => request.push(self.draw.word(pieces, &self.functions)),
                }
            }
            self.following.push_back(request);
        }
        if self.draw.is_steady && self.following.iter().any(is_chancy) {
            self.following.clear();
            return self.one();
        }
        self.following.pop_front().unwrap_or_default()
    }

    /// What empties a database, when it is time for it.
    fn emptying(&self) -> Option<Request> {
        let late = EMPTYING_EVERY * EMPTYING_EARLY.len() as u64;
        let turn = match EMPTYING_EARLY.iter().position(|at| *at == self.made) {
            None if self.made > late && self.made.is_multiple_of(EMPTYING_EVERY) => {
                usize::try_from(self.made / EMPTYING_EVERY).ok()?
            }
            early => early?,
        };
        let text = writes::EMPTYING[turn % writes::EMPTYING.len()];
        Some(text.split(' ').map(|word| word.as_bytes().to_vec()).collect())
    }
}

/// Whether a server draws at random what the request does, or takes it from its clock; or whether it
/// makes a key of which it does not tell its replicas: BITFIELD does where each change fails.
fn is_chancy(request: &Request) -> bool {
    let has = |word: &[u8]| request.iter().any(|it| it == word);
    request[0] == b"SPOP" || request[0] == b"XADD" && has(b"*") || has(b"FAIL")
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
