//! The key space: a few keys for each kind of value, in a few databases.

/// The databases that are written to.
pub const DATABASES: [u32; 4] = [0, 1, 2, 9];

/// Keys of one kind.
pub const KEYS_PER_KIND: u32 = 6;

/// What a key holds, mostly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Counter,
    List,
    Set,
    Integers,
    Hash,
    Sorted,
    /// A sorted set whose scores are all equal. Only there do ranges of members mean something:
    /// elsewhere what they find depends on chance, so nothing else ever comes into these keys.
    Lexical,
    Stream,
    Bits,
    Hyper,
    Geo,
}

impl Kind {
    pub const ALL: [Self; 12] = [
        Self::Text,
        Self::Counter,
        Self::List,
        Self::Set,
        Self::Integers,
        Self::Hash,
        Self::Sorted,
        Self::Lexical,
        Self::Stream,
        Self::Bits,
        Self::Hyper,
        Self::Geo,
    ];

    /// The kinds whose keys may hold anything.
    pub const MIXED: [Self; 11] = [
        Self::Text,
        Self::Counter,
        Self::List,
        Self::Set,
        Self::Integers,
        Self::Hash,
        Self::Sorted,
        Self::Stream,
        Self::Bits,
        Self::Hyper,
        Self::Geo,
    ];

    /// The kind of the keys that a template's place is for.
    pub fn of_place(place: &str) -> Option<Self> {
        Some(match place {
            "text" => Self::Text,
            "counter" => Self::Counter,
            "list" => Self::List,
            "set" => Self::Set,
            "intset" => Self::Integers,
            "hash" => Self::Hash,
            "zset" => Self::Sorted,
            "lex" => Self::Lexical,
            "stream" | "other-stream" => Self::Stream,
            "bitmap" => Self::Bits,
            "hll" => Self::Hyper,
            "geo" => Self::Geo,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Counter => "counter",
            Self::List => "list",
            Self::Set => "set",
            Self::Integers => "integers",
            Self::Hash => "hash",
            Self::Sorted => "zset",
            Self::Lexical => "lex",
            Self::Stream => "stream",
            Self::Bits => "bits",
            Self::Hyper => "hll",
            Self::Geo => "geo",
        }
    }

    /// The key with this number, taken modulo [`KEYS_PER_KIND`]. The last one's name is binary.
    pub fn key(self, number: u32) -> Vec<u8> {
        match number % KEYS_PER_KIND {
            5 => [self.name().as_bytes(), b"\xff\r\n\0"].concat(),
            number => format!("{}:{number}", self.name()).into_bytes(),
        }
    }

    /// What `TYPE` says of it.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Text | Self::Counter | Self::Bits | Self::Hyper => "string",
            Self::List => "list",
            Self::Set | Self::Integers => "set",
            Self::Hash => "hash",
            Self::Sorted | Self::Lexical | Self::Geo => "zset",
            Self::Stream => "stream",
        }
    }
}
