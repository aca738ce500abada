//! Reads what look-ups will read, in an order in which one read does not wait for the other: the
//! processor has it in its cache then. Changes nothing, and what it finds may be another key's.

use super::Database;
use crate::keyspace::slot::Slot;
use crate::keyspace::value::ValueRef;
use crate::values::hashes::fields::Fields;
use crate::values::hashes::view::Form;
use crate::values::sets::SetRef;
use crate::values::sets::members::Members;

/// The most requests that are prepared at once.
const MOST: usize = 16;

/// A table in which a request finds the word behind its key.
#[derive(Clone, Copy)]
enum Inner<'a> {
    Members(&'a Members),
    Fields(&'a Fields),
}

impl Database {
    /// Prepares requests, of which each has a key and perhaps the name of a member or field.
    /// Returns a value that depends on all that was read.
    pub(crate) fn warm(&self, requests: &[[&[u8]; 2]]) -> u32 {
        let requests = &requests[..requests.len().min(MOST)];
        let mut hashes = [0; MOST];
        let mut sum = 0_u32;
        for (hash, [key, _]) in hashes.iter_mut().zip(requests) {
            *hash = self.hasher.hash(key);
            sum = sum.wrapping_add(self.slots.approach(*hash));
        }
        let mut inner = [None; MOST];
        for (hash, (inner, [_, name])) in hashes.iter().zip(inner.iter_mut().zip(requests)) {
            let Some(slot) = self.slots.candidate(*hash) else { continue };
            sum = sum.wrapping_add(slot.touch().into());
            *inner = Inner::of(slot).filter(|_| !name.is_empty());
        }
        let inner = &inner[..requests.len()];
        if inner.iter().any(Option::is_some) {
            sum.wrapping_add(warm(inner, requests))
        } else {
            sum
        }
    }
}

fn warm(inner: &[Option<Inner<'_>>], requests: &[[&[u8]; 2]]) -> u32 {
    let mut hashes = [0; MOST];
    let mut sum = 0_u32;
    for (hash, (inner, [_, name])) in hashes.iter_mut().zip(inner.iter().zip(requests)) {
        let Some(inner) = inner else { continue };
        let read;
        (*hash, read) = inner.approach(name);
        sum = sum.wrapping_add(read);
    }
    for (hash, inner) in hashes.iter().zip(inner) {
        sum = sum.wrapping_add(inner.map_or(0, |inner| inner.first_byte(*hash).into()));
    }
    sum
}

impl<'a> Inner<'a> {
    fn of(slot: &'a Slot) -> Option<Self> {
        let Slot::Large(large) = slot else { return None };
        match large.value.view() {
            ValueRef::Set(SetRef::Table(members)) => Some(Self::Members(members)),
            ValueRef::Hash(hash) => match hash.form() {
                Form::Table(fields) => Some(Self::Fields(fields)),
                Form::Packed(_) => None,
            },
            _ => None,
        }
    }

    /// Reads what a look-up reads first. Returns the hash, and a value that depends on it.
    fn approach(self, name: &[u8]) -> (u32, u32) {
        match self {
            Self::Members(members) => members.approach(name),
            Self::Fields(fields) => fields.approach(name),
        }
    }

    /// Returns the first byte of an entry with this hash.
    fn first_byte(self, hash: u32) -> u8 {
        match self {
            Self::Members(members) => members.first_byte(hash),
            Self::Fields(fields) => fields.first_byte(hash),
        }
    }
}
