//! How the rows of the facts are written.

use crate::category::{Categories, Category};

/// What a command does to a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access(u8);

impl Access {
    /// The command looks only whether the key exists, or at its metadata: any pattern permits it.
    pub const TOUCH: Self = Self(0);
    /// The command shows what is in the key.
    pub const READ: Self = Self(1);
    /// The command changes the key.
    pub const WRITE: Self = Self(2);
    /// The command shows what is in the key and changes it.
    pub const BOTH: Self = Self(3);

    /// Returns both kinds of access together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this includes all of `other`.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a command does to its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAccess {
    /// The access to the first key.
    pub first: Access,
    /// The access to each other key.
    pub rest: Access,
    /// Whether the access depends on the options: of SET with GET, and of BITFIELD.
    pub varies: bool,
    /// Whether the arguments are checked as keys. Shard channels have places of keys and are none.
    pub is_checked: bool,
}

/// What access control needs to know of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fact {
    /// The full name in lower case, a subcommand's after a `|`.
    pub(crate) name: &'static str,
    pub(crate) categories: Categories,
    pub(crate) access: KeyAccess,
}

/// The command has no keys.
pub(super) const NONE: KeyAccess = KeyAccess { is_checked: false, ..all(Access::TOUCH) };
/// The command looks whether keys exist, or at their metadata.
pub(super) const TOUCH: KeyAccess = all(Access::TOUCH);
pub(super) const R: KeyAccess = all(Access::READ);
pub(super) const W: KeyAccess = all(Access::WRITE);
pub(super) const RW: KeyAccess = all(Access::BOTH);

/// The access to the first key, and the access to the others.
pub(super) const fn then(first: KeyAccess, rest: KeyAccess) -> KeyAccess {
    KeyAccess { rest: rest.first, ..first }
}

/// The access depends on the options, and is at most this.
pub(super) const fn varies(most: KeyAccess) -> KeyAccess {
    KeyAccess { varies: true, ..most }
}

pub(super) const fn fact(name: &'static str, categories: &[Category], access: KeyAccess) -> Fact {
    Fact { name, categories: Categories::of(categories), access }
}

impl KeyAccess {
    /// No keys that are checked.
    pub const NONE: Self = NONE;

    /// The same access to every key.
    #[must_use]
    pub const fn every(access: Access) -> Self {
        all(access)
    }
}

const fn all(access: Access) -> KeyAccess {
    KeyAccess { first: access, rest: access, varies: false, is_checked: true }
}
