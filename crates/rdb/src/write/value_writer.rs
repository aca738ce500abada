//! Writes values in whichever type the chosen form has for them. Builds nothing.

use std::io::Write;

use super::encoder::Encoder;
use crate::error::{Corrupt, WriteError};
use crate::form::stream_type;
use crate::module::Module;
use crate::packed::{Element, ListpackRef, packed_score};
use crate::stream::{Stream, StreamId};
use crate::text::Text;
use crate::types::{self, PACKED_NODE, PLAIN_NODE, Vendor};
use crate::value::{Hash, ListNode, Opaque, Set, SortedSet, Value};

/// A node of a list, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum NodeRef<'a> {
    /// A node of many elements.
    Packed(ListpackRef<'a>),
    /// A node of one large element.
    Plain(&'a [u8]),
}

impl<'a> From<&'a ListNode> for NodeRef<'a> {
    fn from(node: &'a ListNode) -> Self {
        match node {
            ListNode::Packed(listpack) => Self::Packed(listpack.view()),
            ListNode::Plain(element) => Self::Plain(element),
        }
    }
}

/// Writes one value. The caller calls exactly one of its methods. Every error is that of the
/// destination, if nothing else is said; then a part of the value has been written.
#[derive(Debug)]
pub struct ValueWriter<'a, W> {
    pub(super) to: &'a mut Encoder<W>,
    /// The key, which stands between the type and the value in a file.
    key: Option<&'a [u8]>,
}

impl<'a, W: Write> ValueWriter<'a, W> {
    /// Returns a writer of the value of `key`, or of a value without a key, as in a DUMP payload.
    pub fn new(to: &'a mut Encoder<W>, key: Option<&'a [u8]>) -> Self {
        Self { to, key }
    }

    pub(super) fn start(self, type_byte: u8) -> Result<&'a mut Encoder<W>, WriteError> {
        self.to.raw(&[type_byte])?;
        if let Some(key) = self.key {
            self.to.string(key)?;
        }
        Ok(self.to)
    }

    pub(super) fn not_in_form<T>(&self, what: &'static str) -> Result<T, WriteError> {
        Err(WriteError::NotInForm { what, version: self.to.form().version() })
    }

    /// Writes a string.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn string(self, string: &[u8]) -> Result<(), WriteError> {
        self.start(types::STRING)?.string(string)
    }

    /// Writes a string that is a number.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn int(self, number: i64) -> Result<(), WriteError> {
        self.start(types::STRING)?.int(number)
    }

    /// Writes a list, node by node; element by element if the form has no listpacks.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn list<'n, I>(self, nodes: I) -> Result<(), WriteError>
    where
        I: IntoIterator<Item = NodeRef<'n>>,
        I::IntoIter: ExactSizeIterator + Clone,
    {
        let nodes = nodes.into_iter();
        if !self.to.form().has_listpacks() {
            let to = self.start(types::LIST)?;
            to.count(nodes.clone().map(NodeRef::len).sum())?;
            for node in nodes {
                match node {
                    NodeRef::Plain(element) => to.string(element)?,
                    NodeRef::Packed(listpack) => to.elements(listpack)?,
                }
            }
            return Ok(());
        }
        let to = self.start(types::QUICKLIST_2)?;
        to.count(nodes.len())?;
        for node in nodes {
            match node {
                NodeRef::Plain(element) => {
                    to.length(PLAIN_NODE)?;
                    to.string(element)?;
                }
                NodeRef::Packed(listpack) => {
                    to.length(PACKED_NODE)?;
                    to.packed(listpack)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a set, member by member.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn set<'n, I>(self, members: I) -> Result<(), WriteError>
    where
        I: IntoIterator<Item = &'n [u8]>,
        I::IntoIter: ExactSizeIterator,
    {
        let members = members.into_iter();
        let to = self.start(types::SET)?;
        to.count(members.len())?;
        members.into_iter().try_for_each(|member| to.string(member))
    }

    /// Writes a set that is an intset of these bytes.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn set_ints(self, intset: &[u8]) -> Result<(), WriteError> {
        self.start(types::SET_INTSET)?.string(intset)
    }

    /// Writes a set in a listpack.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn set_packed(self, members: ListpackRef<'_>) -> Result<(), WriteError> {
        if self.to.form().has_packed_sets() {
            return self.start(types::SET_LISTPACK)?.packed(members);
        }
        let to = self.start(types::SET)?;
        to.count(members.len())?;
        to.elements(members)
    }

    /// Writes a sorted set, member by member, in any order.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn sorted_set<'n, I>(self, pairs: I) -> Result<(), WriteError>
    where
        I: IntoIterator<Item = (&'n [u8], f64)>,
        I::IntoIter: ExactSizeIterator,
    {
        let pairs = pairs.into_iter();
        let to = self.start(types::ZSET_2)?;
        to.count(pairs.len())?;
        for (member, score) in pairs {
            to.string(member)?;
            to.score(score)?;
        }
        Ok(())
    }

    /// Writes a sorted set in a listpack: member, score, and again, the lowest score first.
    ///
    /// # Errors
    /// [`WriteError::Corrupt`] if a score is no number.
    pub fn sorted_set_packed(self, pairs: ListpackRef<'_>) -> Result<(), WriteError> {
        if self.to.form().has_listpacks() {
            return self.start(types::ZSET_LISTPACK)?.packed(pairs);
        }
        let to = self.start(types::ZSET_2)?;
        to.count(pairs.len() / 2)?;
        let mut elements = pairs.iter();
        while let (Some(member), Some(score)) = (elements.next(), elements.next()) {
            to.element(member)?;
            let no_score = Corrupt::new("sorted set", "a score is not a number");
            to.score(packed_score(score).ok_or(no_score)?)?;
        }
        Ok(())
    }

    /// Writes a stream. Forms before Redis 7.0 have no place for all of it; what such a server does
    /// not have is left out.
    ///
    /// # Errors
    /// [`WriteError::NotInForm`] if the stream has what only later servers have: producers, or
    /// pending entries that were given back.
    pub fn stream(self, stream: &Stream) -> Result<(), WriteError> {
        let nodes = stream.nodes.iter().map(|node| (node.master(), node.listpack().view()));
        self.stream_of(stream, nodes)
    }

    /// Writes a stream with other nodes: their ids and listpacks.
    ///
    /// # Errors
    /// As [`Self::stream`].
    pub fn stream_of<'n>(
        self,
        stream: &Stream,
        nodes: impl ExactSizeIterator<Item = (StreamId, ListpackRef<'n>)>,
    ) -> Result<(), WriteError> {
        let mut form = self.to.form().stream();
        if form < 5 && stream.groups.iter().any(|group| !group.nacked.is_empty()) {
            return self.not_in_form("pending entries that were given back");
        }
        match &stream.idempotence {
            Some(it) if form < 4 && !it.producers.is_empty() => {
                return self.not_in_form("the producers of a stream");
            }
            // The master had no such times: later servers read the older form too.
            None => form = form.min(3),
            Some(_) => {}
        }
        self.start(stream_type(form))?.stream(stream, nodes, form)
    }

    /// Writes the value of a module.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn module(self, module: &Module) -> Result<(), WriteError> {
        let to = self.start(types::MODULE)?;
        to.length(module.id)?;
        to.raw(&module.body)
    }

    /// Writes a value that could not be read, as it came.
    ///
    /// # Errors
    /// [`WriteError::NotInForm`] if servers of this form do not read that of the value.
    pub fn opaque(self, opaque: &Opaque) -> Result<(), WriteError> {
        let form = self.to.form();
        let is_of_vendor = Vendor::of_version(opaque.version) == form.vendor();
        // Valkey reads what Redis wrote up to version 11, whose types are the same.
        let reads = is_of_vendor && opaque.version <= form.version()
            || opaque.version <= 11 && form.vendor() == Vendor::Valkey;
        if !reads {
            return self.not_in_form("a value of a later version that cannot be read here");
        }
        self.start(opaque.type_byte)?.raw(&opaque.body)
    }

    /// Refuses a value of which nothing is known.
    ///
    /// # Errors
    /// [`WriteError::NotInForm`], always.
    pub fn unknown(self) -> Result<(), WriteError> {
        self.not_in_form(
            "a value that a command of the master changed and that cannot be read here",
        )
    }

    /// Writes a value as it was read.
    ///
    /// # Errors
    /// Those of the methods above.
    pub fn value(self, value: &Value) -> Result<(), WriteError> {
        match value {
            Value::String(Text::Bytes(bytes)) => self.string(bytes),
            Value::String(Text::Int(number)) => self.int(*number),
            Value::List(nodes) => self.list(nodes.iter().map(NodeRef::from)),
            Value::Set(Set::Members(members)) => self.set(members.iter()),
            Value::Set(Set::Ints(ints)) => self.set_ints(ints.view().as_bytes()),
            Value::Set(Set::Packed(listpack)) => self.set_packed(listpack.view()),
            Value::Hash(Hash::Pairs(pairs)) => self.hash(pairs.pairs()),
            Value::Hash(Hash::Packed(listpack)) => self.hash_packed(listpack.view()),
            Value::Hash(Hash::PairsTtl { pairs, expires_ms }) => {
                let fields = pairs.pairs().zip(expires_ms);
                self.hash_ttl(fields.map(|((field, value), at)| (field, value, *at)))
            }
            Value::Hash(Hash::PackedTtl(listpack)) => self.hash_packed_ttl(listpack.view()),
            Value::SortedSet(SortedSet::Pairs { members, scores }) => {
                self.sorted_set(members.iter().zip(scores.iter().copied()))
            }
            Value::SortedSet(SortedSet::Packed(listpack)) => {
                self.sorted_set_packed(listpack.view())
            }
            Value::Stream(stream) => self.stream(stream),
            Value::Module(module) => self.module(module),
            Value::Opaque(opaque) => self.opaque(opaque),
        }
    }
}

impl NodeRef<'_> {
    fn len(self) -> usize {
        match self {
            Self::Packed(listpack) => listpack.len(),
            Self::Plain(_) => 1,
        }
    }
}

impl<W: Write> Encoder<W> {
    /// Writes an element of a listpack as a string.
    pub(super) fn element(&mut self, element: Element<'_>) -> Result<(), WriteError> {
        match element {
            Element::Bytes(bytes) => self.string(bytes),
            Element::Int(number) => self.int(number),
        }
    }

    pub(super) fn elements(&mut self, listpack: ListpackRef<'_>) -> Result<(), WriteError> {
        listpack.iter().try_for_each(|element| self.element(element))
    }
}
