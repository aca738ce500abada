//! The circumstances of a call, its outcome, and the size of a database.

use tidegate_wire::resp::RespVersion;

/// The circumstances in which a command is called.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    /// The number of the database, which the store has.
    pub db: usize,
    /// The time of the call, in Unix milliseconds.
    pub now_ms: i64,
    /// The protocol in which the reply is written.
    pub version: RespVersion,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The reply was written.
    Replied,
    /// An error was written.
    Refused,
    /// An error was written: a server can read the value of the key, the store cannot.
    Opaque,
    /// Nothing was written: the store has no such command, or not for this caller.
    Unknown,
    /// Nothing was written: the call costs more than the [`crate::Budget`] has.
    Excessive,
}

/// The size of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyspace {
    /// The number of the database.
    pub db: usize,
    /// The number of keys, expired ones included.
    pub keys: usize,
    /// How many of them expire.
    pub expires: usize,
    /// How many of them are hashes with fields that expire.
    pub volatile_hashes: usize,
}
