//! Values as a snapshot brings them: what came packed stays packed, older packed forms have
//! become listpacks.

use super::module::Module;
use super::stream::Stream;
use super::strings::Strings;
use super::text::Text;
use super::types;
use crate::packed::{Intset, Listpack};

/// The value of a key. Collections may be empty: some servers wrote such keys by mistake.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    String(Text),
    /// A list, node by node.
    List(Vec<ListNode>),
    /// A set.
    Set(Set),
    /// A hash.
    Hash(Hash),
    /// A sorted set.
    SortedSet(SortedSet),
    /// A stream.
    Stream(Box<Stream>),
    /// What only a module understands.
    Module(Module),
    /// What servers take and cannot be read here.
    Opaque(Opaque),
}

/// A value as it is written: it was found where it ends, and what it holds cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// The version of the form that it is written in.
    pub version: u16,
    /// Its type byte.
    pub type_byte: u8,
    /// What follows the type byte, and the key in a file.
    pub body: Vec<u8>,
    /// Why it cannot be read.
    pub why: String,
}

impl Opaque {
    /// The kind of a value whose type is not known.
    pub const NO_KIND: &'static str = "unknown";

    /// What `TYPE` calls it, if the type is known.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match types::name(self.type_byte) {
            "sorted set" => "zset",
            "hash with field expiries" => "hash",
            kind @ ("string" | "list" | "set" | "hash" | "stream") => kind,
            _ => Self::NO_KIND,
        }
    }
}

/// A piece of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListNode {
    /// Many elements.
    Packed(Listpack),
    /// One large element.
    Plain(Vec<u8>),
}

/// A set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// Members in any order.
    Members(Strings),
    /// Integers only.
    Ints(Intset),
    /// Few members.
    Packed(Listpack),
}

/// A hash. That no field comes twice is not checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hash {
    /// Field, value, field, value, in any order.
    Pairs(Strings),
    /// Few of them: field, value, field, value.
    Packed(Listpack),
    /// With fields that expire: field, value, field, value, in any order.
    PairsTtl {
        /// Fields and values.
        pairs: Strings,
        /// For each field, when it expires in Unix milliseconds; 0 is never.
        expires_ms: Vec<u64>,
    },
    /// Few of them, with fields that expire: field, value, when (0 is never), and again; the
    /// soonest to expire first, those that do not last.
    PackedTtl(Listpack),
}

/// A sorted set. That no member comes twice is not checked here.
#[derive(Clone, Debug, PartialEq)]
pub enum SortedSet {
    /// In any order.
    Pairs {
        /// Members.
        members: Strings,
        /// For each member its score, never NaN.
        scores: Vec<f64>,
    },
    /// Few of them: member, score, member, score. Scores are numbers, by which a server sorts
    /// them; that they ascend is not checked here.
    Packed(Listpack),
}

impl ListNode {
    /// How many elements it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Packed(listpack) => listpack.len(),
            Self::Plain(_) => 1,
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for Set {
    fn default() -> Self {
        Self::Members(Strings::default())
    }
}

impl Set {
    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Members(members) => members.len(),
            Self::Ints(ints) => ints.view().len(),
            Self::Packed(listpack) => listpack.len(),
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for Hash {
    fn default() -> Self {
        Self::Pairs(Strings::default())
    }
}

impl Hash {
    /// How many fields it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Pairs(pairs) | Self::PairsTtl { pairs, .. } => pairs.len() / 2,
            Self::Packed(listpack) => listpack.len() / 2,
            Self::PackedTtl(listpack) => listpack.len() / 3,
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for SortedSet {
    fn default() -> Self {
        Self::Pairs { members: Strings::default(), scores: Vec::new() }
    }
}

impl SortedSet {
    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Pairs { scores, .. } => scores.len(),
            Self::Packed(listpack) => listpack.len() / 2,
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Value {
    /// What `TYPE` calls it; a module's type is `module`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Hash(_) => "hash",
            Self::SortedSet(_) => "zset",
            Self::Stream(_) => "stream",
            Self::Module(_) => "module",
            Self::Opaque(opaque) => opaque.kind(),
        }
    }

    /// In which form it came.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::String(Text::Int(_)) => "int",
            Self::String(Text::Bytes(_)) => "raw",
            Self::List(_) => "quicklist",
            Self::Set(Set::Ints(_)) => "intset",
            Self::Set(Set::Packed(_))
            | Self::Hash(Hash::Packed(_))
            | Self::SortedSet(SortedSet::Packed(_)) => "listpack",
            Self::Set(Set::Members(_)) | Self::Hash(Hash::Pairs(_)) => "hashtable",
            Self::Hash(Hash::PairsTtl { .. }) => "hashtable with expiries",
            Self::Hash(Hash::PackedTtl(_)) => "listpack with expiries",
            Self::SortedSet(SortedSet::Pairs { .. }) => "skiplist",
            Self::Stream(_) => "stream",
            Self::Module(_) => "module",
            Self::Opaque(_) => "opaque",
        }
    }

    /// How many elements it has; a string or a module's value is one.
    #[must_use]
    pub fn len(&self) -> u64 {
        let len = match self {
            Self::String(_) | Self::Module(_) | Self::Opaque(_) => 1,
            Self::List(nodes) => nodes.iter().map(ListNode::len).sum(),
            Self::Set(set) => set.len(),
            Self::Hash(hash) => hash.len(),
            Self::SortedSet(zset) => zset.len(),
            Self::Stream(stream) => return stream.length,
        };
        len as u64
    }

    /// Whether it is a collection without elements. A stream may be: XDEL leaves it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
