//! A set, owned: integers, a listpack or a hash table. It changes its form exactly when the
//! server's does (`t_set.c`), because `OBJECT ENCODING` and the order of members show it.

use super::members::Members;
use super::number::number;
use super::rules::Rules;
use super::view::SetRef;
use crate::primitives::{Kind, has_twice};
use tidegate_rdb::{self as rdb, Element, IntsetBuf, ListpackBuf};

/// A set, owned.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Ints(IntsetBuf),
    Packed(ListpackBuf),
    Table(Box<Members>),
}

impl Default for Set {
    fn default() -> Self {
        Self { form: Form::Ints(IntsetBuf::new()) }
    }
}

impl Set {
    /// Returns an empty listpack.
    pub(crate) fn packed() -> Self {
        Self { form: Form::Packed(ListpackBuf::new()) }
    }

    fn table(count: usize, rules: Rules) -> Self {
        Self { form: Form::Table(Box::new(Members::new(rules.hasher, count))) }
    }

    /// Returns an empty set for `first`, the first of `count` members (`setTypeCreate`).
    pub(crate) fn for_first(first: Element<'_>, count: usize, rules: Rules) -> Self {
        let count = if rules.listpacks { count } else { 0 };
        if first.as_int().is_some() && count <= rules.ints {
            Self::default()
        } else if rules.listpacks && count <= rules.entries {
            Self::packed()
        } else {
            Self::table(count, rules)
        }
    }

    /// Prepares for `count` more members, of which `first` is the first (`setTypeMaybeConvert`).
    pub(crate) fn make_ready(&mut self, first: &[u8], count: usize, rules: Rules) {
        if self.view().is_empty() {
            *self = Self::for_first(Element::Bytes(first), count, rules);
            return;
        }
        let too_many = match &self.form {
            Form::Ints(_) => count > rules.ints,
            Form::Packed(_) => count > rules.entries,
            Form::Table(_) => false,
        };
        if too_many && rules.listpacks {
            self.unpack(count, rules);
        }
    }

    pub(crate) fn from_rest(kind: Kind, bytes: &[u8]) -> Self {
        let form = match kind {
            Kind::IntSet => Form::Ints(IntsetBuf::trusted(bytes.to_vec())),
            _ => Form::Packed(ListpackBuf::trusted(bytes.to_vec())),
        };
        Self { form }
    }

    /// Returns a set of a snapshot (`rdbLoadObject`).
    ///
    /// # Errors
    /// A member comes twice.
    pub(crate) fn from_snapshot(set: rdb::Set, rules: Rules) -> Result<Self, String> {
        let twice = || "a member comes twice".to_owned();
        match set {
            rdb::Set::Ints(ints) => {
                let count = ints.view().len();
                let mut set = Self { form: Form::Ints(ints.into()) };
                if count > rules.ints {
                    set.unpack(count, rules);
                }
                Ok(set)
            }
            rdb::Set::Packed(pack) => {
                if has_twice(|| pack.iter(), rules.hasher) {
                    return Err(twice());
                }
                let count = pack.len();
                let mut set = Self { form: Form::Packed(pack.into()) };
                if count > rules.entries {
                    set.unpack(count, rules);
                }
                Ok(set)
            }
            rdb::Set::Members(members) => {
                let count = members.len();
                let is_large = count > rules.ints;
                let mut set = if is_large { Self::table(count, rules) } else { Self::default() };
                for member in members.iter() {
                    if !set.insert(Element::Bytes(member), rules) {
                        return Err(twice());
                    }
                }
                Ok(set)
            }
        }
    }

    /// The bytes of a packed set, and its kind; `None` for a table.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        match &self.form {
            Form::Ints(ints) => Some((Kind::IntSet, ints.view().as_bytes())),
            Form::Packed(pack) => Some((Kind::PackedSet, pack.as_bytes())),
            Form::Table(_) => None,
        }
    }

    pub(crate) fn view(&self) -> SetRef<'_> {
        match &self.form {
            Form::Ints(ints) => SetRef::Ints(ints.view()),
            Form::Packed(pack) => SetRef::Packed(pack.view()),
            Form::Table(members) => SetRef::Table(members),
        }
    }

    /// The bytes on the heap. Walks the members.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.form {
            Form::Ints(ints) => ints.capacity(),
            Form::Packed(pack) => pack.capacity(),
            Form::Table(members) => size_of::<Members>() + members.heap_bytes(),
        }
    }

    /// Adds a member. Returns false if it exists already (`setTypeAddAux`).
    pub(crate) fn insert(&mut self, member: Element<'_>, rules: Rules) -> bool {
        let mut buffer = itoa::Buffer::new();
        match &mut self.form {
            Form::Ints(ints) => match number(member) {
                Some(number) => match ints.insert(number) {
                    Ok(true) => {
                        let count = ints.view().len();
                        if count > rules.ints {
                            self.unpack(count, rules);
                        }
                        return true;
                    }
                    Ok(false) => return false,
                    // The set would have more integers than an intset can have, whatever the
                    // limits.
                    Err(_) => self.unpack(0, rules),
                },
                None => self.leave_ints(member.bytes(&mut buffer).len(), rules),
            },
            Form::Packed(pack) => {
                let bytes = member.bytes(&mut buffer);
                if pack.view().find(bytes, 0).is_some() {
                    return false;
                }
                let count = pack.len();
                let fits = count < rules.entries && bytes.len() <= rules.value;
                if fits && pack.push_back(member).is_ok() {
                    return true;
                }
                self.unpack(count + 1, rules);
            }
            Form::Table(_) => {}
        }
        let mut buffer = itoa::Buffer::new();
        match &mut self.form {
            Form::Table(members) => members.insert(member.bytes(&mut buffer)),
            Form::Packed(pack) => pack.push_back(member).is_ok(),
            Form::Ints(_) => false,
        }
    }

    /// Turns integers into a form that takes a string of `len` bytes.
    fn leave_ints(&mut self, len: usize, rules: Rules) {
        let Form::Ints(ints) = &self.form else { return };
        let count = ints.view().len();
        let ends = [0, count.saturating_sub(1)].map(|at| ints.view().get(at).unwrap_or_default());
        let longest = ends.map(|end| itoa::Buffer::new().format(end).len()).into_iter().max();
        let fits = count < rules.entries
            && len <= rules.value
            && (count == 0 || longest.is_some_and(|longest| longest <= rules.value));
        if !fits {
            self.unpack(count + 1, rules);
            return;
        }
        let mut pack = ListpackBuf::new();
        for number in ints.view().iter() {
            // An intset has far fewer members than a listpack can have.
            let _ = pack.push_back(number);
        }
        self.form = Form::Packed(pack);
    }

    /// Turns the set into a hash table, with room for `count` members.
    fn unpack(&mut self, count: usize, rules: Rules) {
        let mut members = Members::new(rules.hasher, count);
        let mut buffer = itoa::Buffer::new();
        for member in self.view().iter() {
            members.insert(member.bytes(&mut buffer));
        }
        self.form = Form::Table(Box::new(members));
    }

    /// Turns the set into an intset if there are not too many members, all of which are integers
    /// (`maybeConvertToIntset`).
    pub(super) fn pack_ints(&mut self, rules: Rules) {
        if matches!(self.form, Form::Ints(_)) || self.view().len() > rules.ints {
            return;
        }
        let mut ints = IntsetBuf::new();
        for member in self.view().iter() {
            match number(member).map(|number| ints.insert(number)) {
                Some(Ok(_)) => {}
                _ => return,
            }
        }
        self.form = Form::Ints(ints);
    }

    /// Removes a member. Returns false without it.
    pub(crate) fn remove(&mut self, member: Element<'_>) -> bool {
        let mut buffer = itoa::Buffer::new();
        match &mut self.form {
            Form::Ints(ints) => number(member).is_some_and(|number| ints.remove(number)),
            Form::Packed(pack) => match pack.view().find(member.bytes(&mut buffer), 0) {
                Some(at) => pack.remove(at, 1) > 0,
                None => false,
            },
            Form::Table(members) => members.remove(member.bytes(&mut buffer)),
        }
    }
}
