//! How the rows of the table are written: a constructor for each access class, a name for each key
//! pattern.

use crate::command::{Access, Command, Effect, Keys};

pub(in crate::command::table) const NO_KEYS: Keys = Keys::None;
pub(in crate::command::table) const ONE_KEY: Keys = keys(1, 1, 1);
pub(in crate::command::table) const TWO_KEYS: Keys = keys(1, 2, 1);
pub(in crate::command::table) const ALL_KEYS: Keys = keys(1, -1, 1);
pub(in crate::command::table) const ALL_BUT_LAST: Keys = keys(1, -2, 1);
pub(in crate::command::table) const FROM_SECOND: Keys = keys(2, -1, 1);
pub(in crate::command::table) const PAIRS: Keys = keys(1, -1, 2);
/// The key of a subcommand.
pub(in crate::command::table) const SUB_KEY: Keys = keys(2, 2, 1);
pub(in crate::command::table) const COUNTED_PAIRS: Keys =
    Keys::Counted { count_at: 1, step: 2, store: false };
pub(in crate::command::table) const COUNTED_STORE: Keys =
    Keys::Counted { count_at: 2, step: 1, store: true };

const fn keys(first: u8, last: i8, step: u8) -> Keys {
    Keys::Range { first, last, step }
}

/// Keys that follow their number, which is argument `count_at`.
pub(in crate::command::table) const fn counted(count_at: u8) -> Keys {
    Keys::Counted { count_at, step: 1, store: false }
}

pub(in crate::command::table) const fn read(name: &'static str, arity: i16, keys: Keys) -> Command {
    row(Access::Read, name, arity, keys)
}

pub(in crate::command::table) const fn write(
    name: &'static str,
    arity: i16,
    keys: Keys,
) -> Command {
    row(Access::Write, name, arity, keys).may_write()
}

pub(in crate::command::table) const fn master(
    name: &'static str,
    arity: i16,
    keys: Keys,
) -> Command {
    row(Access::Master, name, arity, keys)
}

pub(in crate::command::table) const fn admin(
    name: &'static str,
    arity: i16,
    keys: Keys,
) -> Command {
    row(Access::Admin, name, arity, keys)
}

pub(in crate::command::table) const fn refused(
    name: &'static str,
    arity: i16,
    keys: Keys,
) -> Command {
    row(Access::Refused, name, arity, keys)
}

pub(in crate::command::table) const fn local(
    name: &'static str,
    arity: i16,
    keys: Keys,
) -> Command {
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
    pub(in crate::command::table) const fn does(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    /// Marks a command that changes data, whatever its class.
    pub(in crate::command::table) const fn may_write(self) -> Self {
        Self { may_write: true, replicates: true, ..self }
    }

    /// Marks a command that changes no data and is not replicated, though only the master may run
    /// it, and once.
    pub(in crate::command::table) const fn ungated(self) -> Self {
        Self { may_write: false, replicates: false, ..self }
    }

    /// Marks a command that changes no data, and that servers replicate all the same.
    pub(in crate::command::table) const fn replicated(self) -> Self {
        Self { may_write: false, replicates: true, ..self }
    }

    /// Makes the command the container of `subcommands`.
    pub(in crate::command::table) const fn over(self, subcommands: &'static [Self]) -> Self {
        Self { subcommands, ..self }
    }
}
