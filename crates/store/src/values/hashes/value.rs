//! A hash to be changed: packed as long as the rules allow, then a table.

use super::fields::Fields;
use super::packed::Packed;
use super::rules::Rules;
use super::view::{Form, HashRef};
use crate::call::CommandError;
use crate::primitives::Kind;
use tidegate_rdb::Corrupt;

/// A hash, owned.
#[derive(Clone, Debug)]
pub(crate) enum Hash {
    Packed(Packed),
    Table(Box<Fields>),
}

/// What happens to the expiry of a field that is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// It stays.
    Keep,
    /// It is removed.
    Clear,
    /// It becomes this time, in Unix milliseconds.
    At(i64),
}

/// The error for a packed hash of 4 GiB, which the rules prevent.
pub(super) fn too_large(_: Corrupt) -> CommandError {
    CommandError::new("ERR hash is too large")
}

impl Default for Hash {
    fn default() -> Self {
        Self::Packed(Packed::default())
    }
}

impl Hash {
    pub(crate) fn from_rest(kind: Kind, bytes: &[u8]) -> Self {
        Self::Packed(Packed::trusted(bytes.to_vec(), kind == Kind::HashTtl))
    }

    /// The bytes of a packed hash, and its kind; `None` for a table.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        match self {
            Self::Packed(packed) if packed.is_timed() => Some((Kind::HashTtl, packed.as_bytes())),
            Self::Packed(packed) => Some((Kind::Hash, packed.as_bytes())),
            Self::Table(_) => None,
        }
    }

    pub(crate) fn view(&self) -> HashRef<'_> {
        HashRef::new(match self {
            Self::Packed(packed) => Form::Packed(packed.view()),
            Self::Table(fields) => Form::Table(fields),
        })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Packed(packed) => packed.heap_bytes(),
            Self::Table(fields) => size_of::<Fields>() + fields.heap_bytes(),
        }
    }

    /// Unpacks the hash if it may not stay packed with the fields and values (in turns) of a
    /// request, before any of them is set (`hashTypeTryConversion`). With `counted` their number
    /// matters too.
    pub(crate) fn prepare(&mut self, pairs: &[&[u8]], counted: bool, rules: &Rules) {
        let Self::Packed(packed) = self else { return };
        let len = packed.as_bytes().len();
        let fits = |pair: &[&[u8]]| match *pair {
            [field, value] => rules.packs_pair(len, field, value),
            _ => true,
        };
        let many = counted && !rules.packs(pairs.len() / 2);
        if many || !pairs.chunks(2).all(fits) {
            self.unpack(pairs.len() / 2, rules);
        }
    }

    /// Sets a field to a value (`hashTypeSet`). Returns whether it is new.
    pub(crate) fn set(
        &mut self,
        field: &[u8],
        value: &[u8],
        expiry: Expiry,
        rules: &Rules,
    ) -> Result<bool, CommandError> {
        if let Self::Packed(packed) = self
            && rules.dialect().unpacks_for_any_long_field()
            && !rules.packs_pair(packed.as_bytes().len(), field, value)
        {
            self.unpack(1, rules);
        }
        let is_new = match self {
            Self::Packed(packed) => packed.set(field, value).map_err(too_large)?,
            Self::Table(fields) => fields.set(field, value),
        };
        if is_new && !rules.packs(self.view().len()) {
            self.unpack(0, rules);
        }
        match expiry {
            Expiry::At(at) => {
                self.set_expires(field, Some(at), rules)?;
            }
            Expiry::Clear if !is_new && self.may_expire() => {
                self.set_expires(field, None, rules)?;
            }
            Expiry::Keep | Expiry::Clear => {}
        }
        Ok(is_new)
    }

    /// Sets when a field expires. Returns false without the field.
    pub(crate) fn set_expires(
        &mut self,
        field: &[u8],
        expires: Option<i64>,
        rules: &Rules,
    ) -> Result<bool, CommandError> {
        // Zero means never in either form.
        let expires = expires.filter(|at| *at != 0);
        if expires.is_some() {
            self.make_room_for_times(rules)?;
        }
        match self {
            Self::Packed(packed) if packed.is_timed() => {
                packed.set_expires(field, expires).map_err(too_large)
            }
            Self::Packed(packed) => Ok(packed.view().get(field).is_some()),
            Self::Table(fields) => Ok(fields.set_expires(field, expires)),
        }
    }

    /// Makes it possible that fields expire, which Redis does before it looks whether any will.
    pub(crate) fn make_room_for_times(&mut self, rules: &Rules) -> Result<(), CommandError> {
        match self {
            Self::Packed(packed) if rules.dialect().packs_field_ttls() => {
                packed.add_times().map_err(too_large)
            }
            Self::Packed(_) => {
                self.unpack(0, rules);
                Ok(())
            }
            Self::Table(_) => Ok(()),
        }
    }

    /// Removes a field. Returns false without it.
    pub(crate) fn remove(&mut self, field: &[u8]) -> bool {
        match self {
            Self::Packed(packed) => packed.remove(field),
            Self::Table(fields) => fields.remove(field),
        }
    }

    /// Removes a field that has expired for the caller, as Redis does when it looks for one.
    /// Returns whether it was removed.
    pub(crate) fn remove_expired(&mut self, field: &[u8], rules: &Rules) -> bool {
        let found = self.view().get(field);
        found.is_some_and(|entry| !rules.is_live(entry.expires)) && self.remove(field)
    }

    /// As [`Self::remove_expired`], for commands before which Redis removes the key with its last
    /// field, so that new fields are packed. (There the key loses its own expiry; here it keeps
    /// it.) Returns whether the field was removed.
    pub(crate) fn forget_expired(&mut self, field: &[u8], rules: &Rules) -> bool {
        let redis = rules.dialect().packs_field_ttls();
        let is_removed = self.remove_expired(field, rules);
        if is_removed && self.view().is_empty() && redis {
            *self = Self::default();
        }
        is_removed
    }

    /// Returns when a field expires, which may be never; `None` if no field of the hash expires.
    pub(crate) fn expiry_of(&self, field: &[u8]) -> Option<Option<i64>> {
        let is_volatile = self.view().is_volatile();
        is_volatile.then(|| self.view().get(field).and_then(|entry| entry.expires))
    }

    /// Whether there may be fields that expire.
    fn may_expire(&self) -> bool {
        match self {
            Self::Packed(packed) => packed.is_timed(),
            Self::Table(fields) => fields.volatile() > 0,
        }
    }

    /// Turns the hash into a table, with room for `more` fields.
    pub(super) fn unpack(&mut self, more: usize, rules: &Rules) {
        let Self::Packed(packed) = self else { return };
        let view = packed.view();
        let mut fields = Fields::with_capacity(view.len() + more, rules.hasher());
        let (mut name, mut text) = (itoa::Buffer::new(), itoa::Buffer::new());
        for entry in view.iter() {
            fields.add(entry.field.bytes(&mut name), entry.value.bytes(&mut text), entry.expires);
        }
        *self = Self::Table(Box::new(fields));
    }
}
