//! How the rows of the table are written: a constructor for each access class, a name for each key
//! pattern.

use crate::command::{Access, Command, Effect, Keys};

pub(super) const NO_KEYS: Keys = Keys::None;
pub(super) const ONE_KEY: Keys = keys(1, 1, 1);
pub(super) const TWO_KEYS: Keys = keys(1, 2, 1);
pub(super) const ALL_KEYS: Keys = keys(1, -1, 1);
pub(super) const ALL_BUT_LAST: Keys = keys(1, -2, 1);
pub(super) const FROM_SECOND: Keys = keys(2, -1, 1);
pub(super) const PAIRS: Keys = keys(1, -1, 2);
/// The key of a subcommand.
pub(super) const SUB_KEY: Keys = keys(2, 2, 1);
pub(super) const COUNTED_PAIRS: Keys = Keys::Counted { count_at: 1, step: 2, store: false };
pub(super) const COUNTED_STORE: Keys = Keys::Counted { count_at: 2, step: 1, store: true };

const fn keys(first: u8, last: i8, step: u8) -> Keys {
    Keys::Range { first, last, step }
}

/// Keys that follow their number, which is argument `count_at`.
pub(super) const fn counted(count_at: u8) -> Keys {
    Keys::Counted { count_at, step: 1, store: false }
}

pub(super) const fn read(name: &'static str, arity: i16, keys: Keys) -> Command {
    row(Access::Read, name, arity, keys)
}

pub(super) const fn write(name: &'static str, arity: i16, keys: Keys) -> Command {
    row(Access::Write, name, arity, keys).may_write()
}

pub(super) const fn master(name: &'static str, arity: i16, keys: Keys) -> Command {
    row(Access::Master, name, arity, keys)
}

pub(super) const fn admin(name: &'static str, arity: i16, keys: Keys) -> Command {
    row(Access::Admin, name, arity, keys)
}

pub(super) const fn refused(name: &'static str, arity: i16, keys: Keys) -> Command {
    row(Access::Refused, name, arity, keys)
}

pub(super) const fn local(name: &'static str, arity: i16, keys: Keys) -> Command {
    row(Access::Local, name, arity, keys)
}

const fn row(access: Access, name: &'static str, arity: i16, keys: Keys) -> Command {
    Command {
        name,
        arity,
        access,
        may_write: false,
        replicates: false,
        keys,
        effect: Effect::None,
        subcommands: &[],
    }
}

impl Command {
    /// Adds an effect on the session.
    pub(super) const fn does(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    /// Marks a command that changes data, whatever its class.
    pub(super) const fn may_write(self) -> Self {
        Self { may_write: true, replicates: true, ..self }
    }

    /// Marks a command that changes no data and is not replicated, though only the master may run
    /// it, and once.
    pub(super) const fn ungated(self) -> Self {
        Self { may_write: false, replicates: false, ..self }
    }

    /// Marks a command that changes no data, and that servers replicate all the same.
    pub(super) const fn replicated(self) -> Self {
        Self { may_write: false, replicates: true, ..self }
    }

    /// Makes the command the container of `subcommands`.
    pub(super) const fn over(self, subcommands: &'static [Self]) -> Self {
        Self { subcommands, ..self }
    }
}
