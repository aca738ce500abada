//! The options of `SET`, `GETEX` and `MSETEX` (`parseExtendedStringArgumentsOrReply`).

use crate::arguments::expiry::{self, Unit};
use crate::call::CommandError;
use crate::call::words::{int, is};
use crate::dialect::{Dialect, Vendor};

/// The command that the options belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Set,
    GetEx,
    MSetEx,
}

/// The options of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options<'a> {
    pub(super) nx: bool,
    pub(super) xx: bool,
    pub(super) get: bool,
    pub(super) keep_ttl: bool,
    pub(super) persist: bool,
    /// The value that the key must have.
    pub(super) equal: Option<&'a [u8]>,
    pub(super) expiry: Option<Expiry<'a>>,
}

/// When a key is to expire, as the request has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expiry<'a> {
    /// The number.
    pub(super) number: &'a [u8],
    pub(super) unit: Unit,
}

impl<'a> Options<'a> {
    /// Reads all of `words`.
    pub(super) fn parse(
        command: Command,
        dialect: Dialect,
        words: &[&'a [u8]],
    ) -> Result<Self, CommandError> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let known = if let Some(unit) = Unit::of(word) {
                words.next().is_some_and(|number| options.expires(Expiry { number, unit }))
            } else if command == Command::GetEx {
                is(word, "persist") && options.persists()
            } else if is(word, "ifeq") && command == Command::Set {
                words.next().is_some_and(|value| options.compares(dialect, value))
            } else {
                options.condition(command, dialect, word)
            };
            if !known {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(options)
    }

    fn expires(&mut self, expiry: Expiry<'a>) -> bool {
        let other = self.expiry.is_some_and(|before| before.unit != expiry.unit);
        self.expiry = Some(expiry);
        !other && !self.keep_ttl && !self.persist
    }

    fn persists(&mut self) -> bool {
        self.persist = true;
        self.expiry.is_none()
    }

    fn compares(&mut self, dialect: Dialect, value: &'a [u8]) -> bool {
        self.equal = Some(value);
        // Redis has an option of that name since 8.4, with rules of its own.
        dialect.vendor() == Vendor::Valkey && dialect.since((0, 0), (8, 1)) && !self.nx && !self.xx
    }

    fn condition(&mut self, command: Command, dialect: Dialect, word: &[u8]) -> bool {
        let with_get = dialect.since_redis((7, 0));
        if is(word, "nx") {
            self.nx = true;
            !self.xx && self.equal.is_none() && (with_get || !self.get)
        } else if is(word, "xx") {
            self.xx = true;
            !self.nx && self.equal.is_none()
        } else if is(word, "keepttl") {
            self.keep_ttl = true;
            self.expiry.is_none()
        } else if is(word, "get") && command == Command::Set {
            self.get = true;
            with_get || !self.nx
        } else {
            false
        }
    }
}

impl Expiry<'_> {
    /// Returns the time in Unix milliseconds (`getExpireMillisecondsOrReply`). `command` is in
    /// lower case.
    pub(super) fn at(self, command: &str, dialect: Dialect, now: i64) -> Result<i64, CommandError> {
        let number = int(self.number)?;
        let at = if number > 0 { self.unit.at(number, now) } else { None };
        at.filter(|&at| at > 0).ok_or_else(|| expiry::invalid(command, dialect))
    }
}
