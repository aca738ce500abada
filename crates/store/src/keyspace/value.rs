//! The value of a key: a writer owns it, a reader borrows it.

use std::io::Write;

use super::module::Module;
use super::opaque::Opaque;
use crate::call::STEP_BYTES;
use crate::dialect::Dialect;
use crate::packing::Packing;
use crate::primitives::{Digest, Hasher, InsertError, Kind};
use crate::values::hashes::{self, Hash, HashRef};
use crate::values::lists::{Fill, List, ListRef};
use crate::values::sets::{self, Set, SetRef};
use crate::values::sorted_sets::{self, SortedSet, SortedSetRef};
use crate::values::streams::Stream;
use crate::values::strings::{Str, StrRef};
use tidegate_rdb::{self as rdb, ValueWriter, WriteError};

/// A value, owned.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Str(Str),
    List(List),
    Set(Set),
    Hash(Hash),
    SortedSet(SortedSet),
    Stream(Box<Stream>),
    Module(Box<Module>),
    Opaque(Box<Opaque>),
}

/// A value, borrowed, in any form.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ValueRef<'a> {
    Str(StrRef<'a>),
    List(ListRef<'a>),
    Set(SetRef<'a>),
    Hash(HashRef<'a>),
    SortedSet(SortedSetRef<'a>),
    Stream(&'a Stream),
    Module(&'a Module),
    Opaque(&'a Opaque),
}

/// A type of values, for the commands of that type.
pub(crate) trait Typed: Sized {
    /// The borrowed form, for readers.
    type Ref<'a>: Copy;

    /// Returns the value if it is of this type.
    fn of_ref(value: ValueRef<'_>) -> Option<Self::Ref<'_>>;

    /// Returns the value to be changed if it is of this type.
    fn of(value: &mut Value) -> Option<&mut Self>;

    /// Returns an empty value, to which the first element is added.
    fn empty() -> Value;
}

/// Implements [`Typed`] with the variant of a type and its empty value.
macro_rules! typed {
    ($($variant:ident($type:ty), $type_ref:ty, $empty:expr;)*) => {$(
        impl Typed for $type {
            type Ref<'a> = $type_ref;

            fn of_ref(value: ValueRef<'_>) -> Option<Self::Ref<'_>> {
                if let ValueRef::$variant(it) = value { Some(it) } else { None }
            }

            fn of(value: &mut Value) -> Option<&mut Self> {
                if let Value::$variant(it) = value { Some(it) } else { None }
            }

            fn empty() -> Value {
                Value::$variant($empty)
            }
        }
    )*};
}

typed! {
    Str(Str), StrRef<'a>, Str::raw(Vec::new());
    List(List), ListRef<'a>, List::default();
    Set(Set), SetRef<'a>, Set::default();
    Hash(Hash), HashRef<'a>, Hash::default();
    SortedSet(SortedSet), SortedSetRef<'a>, SortedSet::new();
    Stream(Stream), &'a Stream, Box::default();
}

impl Default for Value {
    fn default() -> Self {
        Self::Str(Str::default())
    }
}

impl Value {
    /// The bytes of a value that fits into a small slot, and their kind.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        match self {
            Self::Str(text) => Some(text.at_rest()),
            Self::List(list) => list.at_rest(),
            Self::Set(set) => set.at_rest(),
            Self::Hash(hash) => hash.at_rest(),
            Self::SortedSet(zset) => zset.at_rest(),
            Self::Stream(_) | Self::Module(_) | Self::Opaque(_) => None,
        }
    }

    /// Returns the value that was stored as `kind`.
    pub(crate) fn from_rest(kind: Kind, bytes: &[u8]) -> Self {
        match kind {
            Kind::Int | Kind::Embedded | Kind::Raw => Self::Str(Str::from_rest(kind, bytes)),
            Kind::List => Self::List(List::from_rest(bytes)),
            Kind::IntSet | Kind::PackedSet => Self::Set(Set::from_rest(kind, bytes)),
            Kind::Hash | Kind::HashTtl => Self::Hash(Hash::from_rest(kind, bytes)),
            Kind::SortedSet => Self::SortedSet(SortedSet::from_rest(bytes)),
        }
    }

    /// Returns a value of a snapshot, packed if the limits allow it.
    pub(crate) fn from_snapshot(
        value: rdb::Value,
        packing: &Packing,
        dialect: Dialect,
        hasher: Hasher,
    ) -> Result<Self, InsertError> {
        Ok(match value {
            rdb::Value::Hash(hash) => {
                let rules = hashes::Rules::of_snapshot(*packing, dialect, hasher);
                let hash = Hash::from_snapshot(hash, &rules);
                Self::Hash(hash.map_err(|fault| InsertError::Value(fault.to_string()))?)
            }
            rdb::Value::List(nodes) => {
                Self::List(List::from_snapshot(nodes, Fill::new(packing, dialect)))
            }
            rdb::Value::Set(set) => {
                let rules = sets::Rules::new(packing, dialect, hasher);
                Self::Set(Set::from_snapshot(set, rules).map_err(InsertError::Value)?)
            }
            rdb::Value::SortedSet(set) => {
                let rules = sorted_sets::Rules::new(*packing, dialect, hasher);
                let set = SortedSet::from_snapshot(set, &rules);
                Self::SortedSet(set.map_err(|fault| InsertError::Value(fault.to_string()))?)
            }
            rdb::Value::String(text) => Self::Str(Str::new(text.into_bytes())),
            rdb::Value::Stream(stream) => {
                let stream = Stream::from_snapshot(*stream);
                let stream = stream.map_err(|fault| InsertError::Value(fault.to_string()))?;
                Self::Stream(Box::new(stream))
            }
            rdb::Value::Module(module) => Self::Module(Box::new(Module::new(module))),
            rdb::Value::Opaque(opaque) => Self::Opaque(Box::new(Opaque::new(opaque))),
        })
    }

    #[inline]
    pub(crate) fn view(&self) -> ValueRef<'_> {
        match self {
            Self::Str(text) => ValueRef::Str(text.view()),
            Self::List(list) => ValueRef::List(list.view()),
            Self::Set(set) => ValueRef::Set(set.view()),
            Self::Hash(hash) => ValueRef::Hash(hash.view()),
            Self::SortedSet(zset) => ValueRef::SortedSet(zset.view()),
            Self::Stream(stream) => ValueRef::Stream(stream),
            Self::Module(module) => ValueRef::Module(module),
            Self::Opaque(opaque) => ValueRef::Opaque(opaque),
        }
    }

    /// Whether the value is a collection without elements, which a key cannot have. A stream may be
    /// empty.
    #[inline]
    pub(crate) fn is_gone(&self) -> bool {
        match self {
            Self::List(list) => list.view().is_empty(),
            Self::Set(set) => set.view().is_empty(),
            Self::Hash(hash) => hash.view().is_empty(),
            Self::SortedSet(zset) => zset.view().is_empty(),
            Self::Str(_) | Self::Stream(_) | Self::Module(_) | Self::Opaque(_) => false,
        }
    }

    /// The bytes on the heap; may walk the whole value.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Str(text) => text.heap_bytes(),
            Self::List(list) => list.heap_bytes(),
            Self::Set(set) => set.heap_bytes(),
            Self::Hash(hash) => hash.heap_bytes(),
            Self::SortedSet(zset) => zset.heap_bytes(),
            Self::Stream(stream) => stream.heap_bytes(),
            Self::Module(module) => module.heap_bytes(),
            Self::Opaque(opaque) => opaque.heap_bytes(),
        }
    }
}

impl<'a> ValueRef<'a> {
    /// Returns the value that is stored as `kind`.
    pub(crate) fn resting(kind: Kind, bytes: &'a [u8]) -> Self {
        match kind {
            Kind::Int | Kind::Embedded | Kind::Raw => Self::Str(StrRef { kind, bytes }),
            Kind::List => Self::List(ListRef::resting(bytes)),
            Kind::IntSet | Kind::PackedSet => Self::Set(SetRef::resting(kind, bytes)),
            Kind::Hash | Kind::HashTtl => Self::Hash(HashRef::resting(kind, bytes)),
            Kind::SortedSet => Self::SortedSet(SortedSetRef::resting(bytes)),
        }
    }

    /// The name of the type, as `TYPE` shows it.
    pub(crate) fn type_name(self) -> &'a str {
        match self {
            Self::Str(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Hash(_) => "hash",
            Self::SortedSet(_) => "zset",
            Self::Stream(_) => "stream",
            Self::Module(module) => module.type_name(),
            Self::Opaque(opaque) => opaque.type_name(),
        }
    }

    /// About how many steps it takes to walk all of the value, as far as that is known without
    /// walking: by its elements, or by the bytes of a string or of a module's value.
    pub(crate) fn weight(self) -> usize {
        match self {
            Self::Str(text) => text.bytes.len() / STEP_BYTES,
            Self::List(list) => list.len(),
            Self::Set(set) => set.len(),
            Self::Hash(hash) => hash.len(),
            Self::SortedSet(zset) => zset.len(),
            Self::Stream(stream) => usize::try_from(stream.len()).unwrap_or(usize::MAX),
            Self::Module(module) => module.heap_bytes() / STEP_BYTES,
            Self::Opaque(opaque) => opaque.heap_bytes() / STEP_BYTES,
        }
    }

    /// The name of the value's form in `OBJECT ENCODING`, under a key of `key_len` bytes.
    pub(crate) fn encoding(self, dialect: Dialect, key_len: usize, expires: bool) -> &'static str {
        match self {
            Self::Str(text) => text.encoding(dialect, key_len, expires),
            Self::List(list) => list.encoding(dialect),
            Self::Set(set) => set.encoding(),
            Self::Hash(hash) => hash.encoding(dialect),
            Self::SortedSet(zset) => zset.encoding(dialect),
            Self::Stream(stream) => stream.encoding(),
            Self::Module(_) | Self::Opaque(_) => "unknown",
        }
    }

    /// Adds the value to a digest, its type first (`xorObjectDigest`). Of a module's value only the
    /// type is added; a value that cannot be read adds nothing. `now` is for fields that expire.
    pub(crate) fn digest(self, dialect: Dialect, now: i64, digest: &mut Digest) {
        match self {
            Self::Str(text) => text.digest(digest),
            Self::List(list) => list.digest(digest),
            Self::Set(set) => set.digest(digest),
            Self::Hash(hash) => hash.digest(dialect, now, digest),
            Self::SortedSet(zset) => zset.digest(dialect, digest),
            Self::Stream(stream) => stream.digest(digest),
            Self::Module(_) => digest.mix(&5_u32.to_be_bytes()),
            Self::Opaque(_) => {}
        }
    }

    /// Writes the value into a file or a payload.
    pub(crate) fn write<W: Write>(self, to: ValueWriter<'_, W>) -> Result<(), WriteError> {
        match self {
            Self::Str(text) => text.write(to),
            Self::List(list) => list.write(to),
            Self::Set(set) => set.write(to),
            Self::Hash(hash) => hash.write(to),
            Self::SortedSet(zset) => zset.write(to),
            Self::Stream(stream) => stream.write(to),
            Self::Module(module) => to.module(&module.raw),
            Self::Opaque(opaque) => match opaque.raw() {
                Some(raw) => to.opaque(raw),
                None => to.unknown(),
            },
        }
    }
}
