//! A type byte and what follows it become a [`Value`].

use std::io::Read;

use super::input::Input;
use crate::error::{Corrupt, Fault};
use crate::packed::{
    Element, Intset, Listpack, ListpackBuilder, packed_score, parse_score, ziplist, zipmap,
};
use crate::strings::Strings;
use crate::types::{self, PACKED_NODE, PLAIN_NODE, Vendor};
use crate::value::{Hash, ListNode, Set, SortedSet, Value};

/// The length of a node where a list comes as single elements, as servers do by default.
const NODE: usize = 8192;

impl<R: Read> Input<R> {
    /// Reads the value that follows its type byte.
    pub(crate) fn value(&mut self, type_byte: u8, vendor: Vendor) -> Result<Value, Fault> {
        self.reset_budget();
        Ok(match type_byte {
            types::STRING => Value::String(self.text()?),
            types::LIST | types::LIST_ZIPLIST | types::QUICKLIST | types::QUICKLIST_2 => {
                Value::List(self.list(type_byte)?)
            }
            types::SET => {
                let count = self.number()?;
                Value::Set(Set::Members(self.strings(count)?))
            }
            types::SET_INTSET => Value::Set(self.packed(|it| Intset::new(it).map(Set::Ints))?),
            types::SET_LISTPACK => {
                Value::Set(self.packed(|it| Listpack::new(it).map(Set::Packed))?)
            }
            types::ZSET | types::ZSET_2 | types::ZSET_ZIPLIST | types::ZSET_LISTPACK => {
                Value::SortedSet(self.sorted_set(type_byte)?)
            }
            types::HASH | types::HASH_ZIPMAP | types::HASH_ZIPLIST | types::HASH_LISTPACK => {
                Value::Hash(self.hash(type_byte)?)
            }
            types::HASH_TTL_EARLY..=types::HASH_LISTPACK_TTL => {
                Value::Hash(self.hash_with_ttls(type_byte, vendor)?)
            }
            types::STREAM => Value::Stream(self.stream(1)?),
            types::STREAM_2 => Value::Stream(self.stream(2)?),
            types::STREAM_3 => Value::Stream(self.stream(3)?),
            types::STREAM_4 if vendor == Vendor::Redis => Value::Stream(self.stream(4)?),
            types::STREAM_5 if vendor == Vendor::Redis => Value::Stream(self.stream(5)?),
            types::MODULE => Value::Module(self.module()?),
            types::MODULE_OLD => return Err(Fault::Unsupported("a module's value of before 4.0")),
            other => return Err(Fault::UnknownType(other)),
        })
    }

    /// Reads a value that is one string. Returns an empty value if it is invalid and is read to its
    /// end.
    fn packed<T: Default>(
        &mut self,
        unpack: impl FnOnce(Vec<u8>) -> Result<T, Corrupt>,
    ) -> Result<T, Fault> {
        let unpacked = unpack(self.string()?);
        Ok(self.sound(unpacked)?.unwrap_or_default())
    }

    fn list(&mut self, type_byte: u8) -> Result<Vec<ListNode>, Fault> {
        if type_byte == types::LIST_ZIPLIST {
            return self.packed(|it| Ok(vec![ListNode::Packed(ziplist::to_listpack(&it)?)]));
        }
        let count = self.number()?;
        if type_byte == types::LIST {
            return self.list_of_elements(count);
        }
        let mut nodes = Vec::with_capacity(self.room_for(count) / size_of::<ListNode>());
        for _ in 0..count {
            let node = if type_byte == types::QUICKLIST {
                let bytes = self.string()?;
                self.sound(ziplist::to_listpack(&bytes))?.map(ListNode::Packed)
            } else {
                match self.number()? {
                    PLAIN_NODE => Some(ListNode::Plain(self.string()?)),
                    PACKED_NODE => {
                        let bytes = self.string()?;
                        self.sound(Listpack::new(bytes))?.map(ListNode::Packed)
                    }
                    _ => return Err(Corrupt::new("list", "a node is of no kind").into()),
                }
            };
            let Some(node) = node else { continue };
            // Some servers left empty nodes behind.
            if !node.is_empty() {
                nodes.push(node);
            }
        }
        Ok(nodes)
    }

    fn list_of_elements(&mut self, count: u64) -> Result<Vec<ListNode>, Fault> {
        let (mut nodes, mut builder) = (Vec::new(), ListpackBuilder::new());
        for _ in 0..count {
            let element = self.string()?;
            if !builder.is_empty() && builder.byte_len() + element.len() > NODE {
                nodes.push(ListNode::Packed(std::mem::take(&mut builder).finish()?));
            }
            if element.len() > NODE {
                nodes.push(ListNode::Plain(element));
            } else {
                builder.push_bytes(&element);
            }
        }
        if !builder.is_empty() {
            nodes.push(ListNode::Packed(builder.finish()?));
        }
        Ok(nodes)
    }

    fn hash(&mut self, type_byte: u8) -> Result<Hash, Fault> {
        if type_byte == types::HASH {
            let count = self.number()?;
            let count = count.checked_mul(2).ok_or(Fault::BadLength)?;
            return Ok(Hash::Pairs(self.strings(count)?));
        }
        self.packed(|bytes| {
            let listpack = match type_byte {
                types::HASH_ZIPMAP => zipmap::to_listpack(&bytes)?,
                types::HASH_ZIPLIST => ziplist::to_listpack(&bytes)?,
                _ => Listpack::new(bytes)?,
            };
            if listpack.len() % 2 != 0 {
                return Err(Corrupt::new("hash", "a field has no value"));
            }
            Ok(Hash::Packed(listpack))
        })
    }

    fn hash_with_ttls(&mut self, type_byte: u8, vendor: Vendor) -> Result<Hash, Fault> {
        match (vendor, type_byte) {
            (Vendor::Valkey, types::VALKEY_HASH_TTL) => self.valkey_hash_with_ttls(),
            (Vendor::Redis, types::HASH_TTL_EARLY) => self.redis_hash_with_ttls(None),
            (Vendor::Redis, types::HASH_TTL) => {
                let soonest = u64::from_le_bytes(self.array()?);
                self.redis_hash_with_ttls(Some(soonest))
            }
            (Vendor::Redis, types::HASH_LISTPACK_TTL_EARLY) => self.packed_hash_with_ttls(),
            (Vendor::Redis, types::HASH_LISTPACK_TTL) => {
                // The soonest expiry, which is in the listpack too.
                self.array::<8>()?;
                self.packed_hash_with_ttls()
            }
            _ => Err(Fault::UnknownType(type_byte)),
        }
    }

    /// Reads expiry, field and value of each field. An expiry is relative to `soonest`, plus one,
    /// so that 0 means none.
    fn redis_hash_with_ttls(&mut self, soonest: Option<u64>) -> Result<Hash, Fault> {
        let count = self.number()?;
        let room = self.room_for(count);
        let (mut pairs, mut expires_ms) = (Strings::default(), Vec::with_capacity(room));
        for _ in 0..count {
            let ttl = self.number()?;
            expires_ms.push(match soonest {
                Some(soonest) if ttl > 0 => soonest
                    .checked_add(ttl - 1)
                    .ok_or(Corrupt::new("hash", "a field expires at no time"))?,
                _ => ttl,
            });
            self.push_string(&mut pairs)?;
            self.push_string(&mut pairs)?;
        }
        Ok(Hash::PairsTtl { pairs, expires_ms })
    }

    /// Reads field, value and expiry of each field. An expiry of -1 means never.
    fn valkey_hash_with_ttls(&mut self) -> Result<Hash, Fault> {
        let count = self.number()?;
        let room = self.room_for(count);
        let (mut pairs, mut expires_ms) = (Strings::default(), Vec::with_capacity(room));
        for _ in 0..count {
            self.push_string(&mut pairs)?;
            self.push_string(&mut pairs)?;
            expires_ms.push(match i64::from_le_bytes(self.array()?) {
                -1 => 0,
                at => u64::try_from(at)
                    .map_err(|_| Corrupt::new("hash", "a field expires at no time"))?,
            });
        }
        Ok(Hash::PairsTtl { pairs, expires_ms })
    }

    fn packed_hash_with_ttls(&mut self) -> Result<Hash, Fault> {
        self.packed(|bytes| {
            let listpack = Listpack::new(bytes)?;
            if listpack.len() % 3 != 0 {
                return Err(Corrupt::new("hash", "a field has no value or no expiry"));
            }
            let mut expiries = listpack.iter().skip(2).step_by(3);
            if !expiries.all(|it| matches!(it, Element::Int(at) if at >= 0)) {
                return Err(Corrupt::new("hash", "a field expires at no time"));
            }
            Ok(Hash::PackedTtl(listpack))
        })
    }

    fn sorted_set(&mut self, type_byte: u8) -> Result<SortedSet, Fault> {
        if [types::ZSET, types::ZSET_2].contains(&type_byte) {
            let count = self.number()?;
            let room = self.room_for(count);
            let (mut members, mut scores) =
                (Strings::with_capacity(room), Vec::with_capacity(room));
            for _ in 0..count {
                self.push_string(&mut members)?;
                let score = match type_byte {
                    types::ZSET => self.score_text()?,
                    _ => f64::from_le_bytes(self.array()?),
                };
                if score.is_nan() {
                    return Err(no_score().into());
                }
                scores.push(score);
            }
            return Ok(SortedSet::Pairs { members, scores });
        }
        self.packed(|bytes| {
            let listpack = match type_byte {
                types::ZSET_ZIPLIST => ziplist::to_listpack(&bytes)?,
                _ => Listpack::new(bytes)?,
            };
            if listpack.len() % 2 != 0 {
                return Err(Corrupt::new("sorted set", "a member has no score"));
            }
            if listpack.iter().skip(1).step_by(2).any(|score| packed_score(score).is_none()) {
                return Err(no_score());
            }
            Ok(SortedSet::Packed(listpack))
        })
    }

    /// Reads a score as text behind its length, or as one of three lengths that stand for a score.
    fn score_text(&mut self) -> Result<f64, Fault> {
        match self.byte()? {
            253 => Ok(f64::NAN),
            254 => Ok(f64::INFINITY),
            255 => Ok(f64::NEG_INFINITY),
            len => {
                self.with(len.into(), |text| parse_score(text).ok_or_else(|| no_score().into()))?
            }
        }
    }
}

const fn no_score() -> Corrupt {
    Corrupt::new("sorted set", "a score is not a number")
}
