//! How the store is asked, and what it tells of itself.

use tidegate_wire::resp::RespVersion;

/// How a request is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// In which database; one that the store has.
    pub db: usize,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// In which protocol the reply is to be written.
    pub version: RespVersion,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its reply is written.
    Replied,
    /// Its reply is an error, written.
    Refused,
    /// Its reply is an error, written: the value of a key cannot be read here, but at a server.
    Opaque,
    /// The store has no such command, or not for this caller; nothing is written.
    Unknown,
    /// It costs more than the [`super::Budget`] has; nothing is written.
    Excessive,
}

/// How much a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyspace {
    /// Its number.
    pub db: usize,
    /// Keys, expired ones included.
    pub keys: usize,
    /// How many of them expire.
    pub expires: usize,
    /// How many are hashes with fields that expire.
    pub volatile_hashes: usize,
}
