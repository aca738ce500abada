//! Requests with places to fill in: `SET {text} {value} PX {soon}`.
//!
//! Words are parted by blanks, requests that follow each other by ` ; `. A place that is a word of
//! its own may become several words; one that ends in `!` is filled in once, and means the same
//! wherever it stands again.

use super::keys::Kind;
use crate::support::Flavor;

/// The servers that know a request, a bit each.
#[derive(Clone, Copy, Debug)]
pub struct On(u8);

impl On {
    const REDIS62: u8 = 1;
    const REDIS70: u8 = 2;
    const REDIS82: u8 = 4;
    const VALKEY91: u8 = 8;

    pub fn has(self, flavor: Flavor) -> bool {
        let bit = match flavor {
            Flavor::Redis62 => Self::REDIS62,
            Flavor::Redis70 => Self::REDIS70,
            Flavor::Redis82 => Self::REDIS82,
            Flavor::Valkey91 => Self::VALKEY91,
        };
        self.0 & bit != 0
    }
}

/// A request and how often it is made, against the others.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    pub weight: u32,
    pub on: On,
    pub text: &'static str,
}

impl Template {
    /// Whether it names no key of these kinds. Scripts and functions do.
    pub fn keeps_from(&self, kinds: &[Kind]) -> bool {
        let places = self.text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        places.map(|(place, _)| place.trim_end_matches('!')).all(|place| {
            place != "script" && Kind::of_place(place).is_none_or(|kind| !kinds.contains(&kind))
        })
    }
}

/// Every server knows it.
pub const fn all(weight: u32, text: &'static str) -> Template {
    Template { weight, on: On(15), text }
}

/// Redis 6.2 does not know it.
pub const fn since70(weight: u32, text: &'static str) -> Template {
    let on = On(On::REDIS70 | On::REDIS82 | On::VALKEY91);
    Template { weight, on, text }
}

/// About the expiry of fields, or else of the newest of both.
pub const fn fields(weight: u32, text: &'static str) -> Template {
    Template { weight, on: On(On::REDIS82 | On::VALKEY91), text }
}

pub const fn redis62(weight: u32, text: &'static str) -> Template {
    Template { weight, on: On(On::REDIS62), text }
}

/// Any Redis, not Valkey.
pub const fn redis(weight: u32, text: &'static str) -> Template {
    Template { weight, on: On(On::REDIS62 | On::REDIS70 | On::REDIS82), text }
}

pub const fn redis82(weight: u32, text: &'static str) -> Template {
    Template { weight, on: On(On::REDIS82), text }
}

pub const fn valkey91(weight: u32, text: &'static str) -> Template {
    Template { weight, on: On(On::VALKEY91), text }
}

/// A part of a word.
#[derive(Clone, Debug)]
pub enum Piece {
    Text(&'static str),
    Place(&'static str),
}

/// A template, cut into its pieces.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub weight: u32,
    /// Requests of words of pieces.
    pub requests: Vec<Vec<Vec<Piece>>>,
}

impl Compiled {
    pub fn new(template: &Template) -> Self {
        let words = |request: &'static str| request.split_ascii_whitespace().map(pieces).collect();
        let requests = template.text.split(" ; ").map(words).collect();
        Self { weight: template.weight, requests }
    }
}

/// The pieces of one word.
pub fn pieces(mut word: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some((text, rest)) = word.split_once('{') {
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        let (place, rest) = rest.split_once('}').unwrap_or_else(|| panic!("no end in {rest}"));
        pieces.push(Piece::Place(place));
        word = rest;
    }
    if !word.is_empty() {
        pieces.push(Piece::Text(word));
    }
    pieces
}
