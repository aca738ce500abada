//! Values as a snapshot has them: packed values stay packed, older packed forms have become
//! listpacks.

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
    /// A value of a module.
    Module(Module),
    /// A value that servers take and that cannot be read here.
    Opaque(Opaque),
}

/// A value as it is written. Its end was found, and its contents cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// The version of the form in which the value is written.
    pub version: u16,
    /// The type byte.
    pub type_byte: u8,
    /// The bytes that follow the type byte and, in a file, the key.
    pub body: Vec<u8>,
    /// Why the value cannot be read.
    pub why: String,
}

impl Opaque {
    /// The kind of a value whose type is unknown.
    pub const NO_KIND: &'static str = "unknown";

    /// What `TYPE` calls the value, if its type is known.
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

/// A node of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListNode {
    /// A node of many elements.
    Packed(Listpack),
    /// A node of one large element.
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

/// A hash. The reader does not check whether a field comes twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hash {
    /// Field, value, field, value, in any order.
    Pairs(Strings),
    /// Few fields: field, value, field, value.
    Packed(Listpack),
    /// Fields that may expire: field, value, field, value, in any order.
    PairsTtl {
        /// Fields and values.
        pairs: Strings,
        /// When each field expires, in Unix milliseconds; 0 is never.
        expires_ms: Vec<u64>,
    },
    /// Few fields that may expire: field, value, expiry (0 is never), and again. The field that
    /// expires soonest is first, those that never expire are last.
    PackedTtl(Listpack),
}

/// A sorted set. The reader does not check whether a member comes twice.
#[derive(Clone, Debug, PartialEq)]
pub enum SortedSet {
    /// Members and scores, in any order.
    Pairs {
        /// Members.
        members: Strings,
        /// The score of each member, never NaN.
        scores: Vec<f64>,
    },
    /// Few members: member, score, member, score. Scores are numbers, by which a server sorts the
    /// members; the reader does not check their order.
    Packed(Listpack),
}

impl ListNode {
    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Packed(listpack) => listpack.len(),
            Self::Plain(_) => 1,
        }
    }

    /// Whether the node has no elements.
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
    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Members(members) => members.len(),
            Self::Ints(ints) => ints.view().len(),
            Self::Packed(listpack) => listpack.len(),
        }
    }

    /// Whether the set has no members.
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
    /// The number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Pairs(pairs) | Self::PairsTtl { pairs, .. } => pairs.len() / 2,
            Self::Packed(listpack) => listpack.len() / 2,
            Self::PackedTtl(listpack) => listpack.len() / 3,
        }
    }

    /// Whether the hash has no fields.
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
    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Pairs { scores, .. } => scores.len(),
            Self::Packed(listpack) => listpack.len() / 2,
        }
    }

    /// Whether the sorted set has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Value {
    /// What `TYPE` calls the value; `module` for a module's value.
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

    /// The form in which the value came.
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

    /// The number of elements; a string or a module's value is one.
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

    /// Whether the value is a collection without elements. A stream may be: XDEL leaves it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
