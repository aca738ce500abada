//! What clients did, what they were told and what the servers hold in the end: the values that the
//! checker reads. Nothing here runs anything.

use std::collections::BTreeMap;

/// A time, in microseconds since the run began.
pub type Micros = u64;

pub const MILLISECOND: Micros = 1_000;
pub const SECOND: Micros = 1_000_000;

/// What a client asked for. A tag is unique in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Adds `tag` to the end of each list: to all of them or to none.
    Append { lists: Vec<String>, tag: u64 },
    /// Adds one to a number.
    Increment { key: String },
    /// Sets the value of a key; each client has its own keys and counts the versions up.
    Write { key: String, version: u64 },
    /// Reads the value of such a key.
    Read { key: String },
    /// Replaces the number `from` by the next one, unless another client was quicker (WATCH).
    Swap { key: String, from: i64 },
    /// Takes an element from the front of a list, or waits for one.
    Pop { queue: String },
    /// Publishes a number; each publisher counts up in a channel of its own.
    Publish { channel: String, number: u64 },
    /// Has its argument sent back.
    Echo,
}

impl Action {
    /// Whether it changes data.
    pub fn writes(&self) -> bool {
        !matches!(self, Self::Read { .. } | Self::Publish { .. } | Self::Echo)
    }

    /// The tag by which a server's MONITOR shows it.
    pub fn tag(&self) -> Option<u64> {
        match self {
            Self::Append { tag, .. } => Some(*tag),
            Self::Write { version, .. } => Some(*version),
            _ => None,
        }
    }
}

/// What a success says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Nothing,
    Number(i64),
    /// The version of the value; `None` if the key does not exist.
    Version(Option<u64>),
    /// The element that was taken; `None` after waiting in vain.
    Element(Option<u64>),
}

/// How a request ended for its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done(Answer),
    /// An error that says that nothing was done, or what the client saw that says so.
    Refused(String),
    /// The client cannot know whether it was done: the error, or what happened to the connection.
    Unknown(String),
    /// A reply that does not belong to this request, or none at all.
    Wrong(String),
}

impl Outcome {
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// What an error reply says of its request.
    pub fn of_error(text: &str) -> Self {
        let code = text.split(' ').next().unwrap_or_default();
        match code {
            "INDOUBT" | "NOACK" => Self::Unknown(text.to_owned()),
            // For reads only.
            _ if text == "ERR No reply within request-timeout" => {
                Self::Unknown("timeout".to_owned())
            }
            "MASTERDOWN" | "READONLY" | "NOREPLICAS" | "LOADING" | "EXECABORT" | "UNBLOCKED"
            | "TRYAGAIN" | "BUSY" => Self::Refused(text.to_owned()),
            _ => Self::Wrong(text.to_owned()),
        }
    }

    /// A short word for tables: the code of an error.
    pub fn word(&self) -> &str {
        match self {
            Self::Done(_) => "ok",
            Self::Refused(text) | Self::Unknown(text) => match text.split_once(' ') {
                Some((code, _)) if code.chars().all(|c| c.is_ascii_uppercase()) => code,
                _ => text,
            },
            Self::Wrong(_) => "wrong reply",
        }
    }
}

/// One request of one client.
#[derive(Clone, Debug)]
pub struct Operation {
    pub client: usize,
    /// The kind of the client, for tables.
    pub kind: &'static str,
    pub begun: Micros,
    pub ended: Micros,
    pub action: Action,
    pub outcome: Outcome,
}

/// A message that a subscriber got.
#[derive(Clone, Debug)]
pub struct Reception {
    pub subscriber: usize,
    /// Counts the subscriber's connections.
    pub session: u32,
    pub channel: String,
    pub number: u64,
    pub at: Micros,
}

/// A tagged write that a server ran for a client, not for its master (MONITOR).
#[derive(Clone, Copy, Debug)]
pub struct Execution {
    pub server: usize,
    pub at: Micros,
    pub tag: u64,
}

/// A time in which something was wrong with a server, or with everything.
#[derive(Clone, Debug)]
pub struct Disturbance {
    pub what: String,
    pub server: Option<usize>,
    pub from: Micros,
    pub until: Micros,
}

impl Disturbance {
    pub fn overlaps(&self, from: Micros, until: Micros) -> bool {
        self.from <= until && from <= self.until
    }
}

/// What the last master holds when all is calm again.
#[derive(Clone, Debug, Default)]
pub struct Finals {
    pub lists: BTreeMap<String, Vec<u64>>,
    pub numbers: BTreeMap<String, i64>,
    pub versions: BTreeMap<String, u64>,
}

/// What a server said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    pub at: Micros,
    pub server: usize,
    pub is_master: bool,
    pub replid: String,
    pub replid2: String,
    pub offset: i64,
    /// Where the history that it was promoted with ends; -1 if it was not promoted.
    pub second_offset: i64,
    /// Its replicas that are online.
    pub followers: u32,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub operations: Vec<Operation>,
    pub receptions: Vec<Reception>,
    pub executions: Vec<Execution>,
    pub disturbances: Vec<Disturbance>,
    pub samples: Vec<Sample>,
    pub finals: Finals,
}
