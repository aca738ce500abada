//! The circumstances of a call, its outcome, and the size of a database.

use tidegate_wire::resp::RespVersion;

/// The circumstances in which a command is called.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    /// The database that the call is for; the store has it.
    pub db: usize,
    /// The time of the call, in Unix milliseconds.
    pub now_ms: i64,
    /// The protocol in which the reply is written.
    pub version: RespVersion,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The reply is written.
    Replied,
    /// The reply is an error, and is written.
    Refused,
    /// The reply is an error, and is written: a server can read the value of the key, the store
    /// cannot.
    Opaque,
    /// The store has no such command, or not for this caller; nothing is written.
    Unknown,
    /// The call costs more than the [`crate::Budget`] has; nothing is written.
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
