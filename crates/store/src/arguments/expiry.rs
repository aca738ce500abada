//! When a key, or a field of a hash, is to expire: the words of a request, and its conditions.

use crate::call::{CommandError, quoted, words};
use crate::dialect::Dialect;

/// The milliseconds of a second.
pub(crate) const SECOND: i64 = 1000;

/// The unit of a time in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Whether it is seconds, and not milliseconds.
    pub(crate) seconds: bool,
    /// Whether it counts from 1970, and not from now on.
    pub(crate) absolute: bool,
}

impl Unit {
    pub(crate) const EX: Self = Self { seconds: true, absolute: false };
    pub(crate) const PX: Self = Self { seconds: false, absolute: false };
    pub(crate) const EXAT: Self = Self { seconds: true, absolute: true };
    pub(crate) const PXAT: Self = Self { seconds: false, absolute: true };

    const NAMES: [(&'static str, Self); 4] =
        [("EX", Self::EX), ("PX", Self::PX), ("EXAT", Self::EXAT), ("PXAT", Self::PXAT)];

    /// Returns the unit that an option names.
    pub(crate) fn of(word: &[u8]) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| words::is(word, name)).map(|&(_, unit)| unit)
    }

    /// The number of milliseconds of one unit.
    pub(crate) fn ms(self) -> i64 {
        if self.seconds { SECOND } else { 1 }
    }

    /// The time from which the unit counts, in Unix milliseconds.
    pub(crate) fn base(self, now: i64) -> i64 {
        if self.absolute { 0 } else { now }
    }

    /// Returns `number` units as a time in Unix milliseconds; `None` if it is out of range.
    pub(crate) fn at(self, number: i64, now: i64) -> Option<i64> {
        number.checked_mul(self.ms())?.checked_add(self.base(now))
    }
}

/// The error for an invalid time (`addReplyErrorExpireTime`). `command` is in lower case.
pub(crate) fn invalid(command: &str, dialect: Dialect) -> CommandError {
    CommandError::of(match dialect.has_expire_conditions() {
        true => format!("ERR invalid expire time in '{command}' command"),
        false => format!("ERR invalid expire time in {command}"),
    })
}

/// The conditions on which an expiry is changed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    /// There is no expiry yet.
    nx: bool,
    /// There is an expiry.
    xx: bool,
    /// The new expiry is later; no expiry is the latest.
    gt: bool,
    /// The new expiry is earlier; no expiry is the latest.
    lt: bool,
}

impl Conditions {
    /// Returns the condition that `word` names.
    pub(crate) fn named(word: &[u8]) -> Option<Self> {
        let [nx, xx, gt, lt] = ["NX", "XX", "GT", "LT"].map(|name| words::is(word, name));
        (nx || xx || gt || lt).then_some(Self { nx, xx, gt, lt })
    }

    /// Reads several conditions (`parseExtendedExpireArgumentsOrReply`).
    pub(crate) fn of(words: &[&[u8]]) -> Result<Self, CommandError> {
        let mut all = Self::default();
        for word in words {
            let Some(one) = Self::named(word) else {
                let word = quoted(word);
                return Err(CommandError::of(format!("ERR Unsupported option {word}")));
            };
            all.nx |= one.nx;
            all.xx |= one.xx;
            all.gt |= one.gt;
            all.lt |= one.lt;
        }
        match all {
            Self { nx: true, xx, gt, lt } if xx || gt || lt => Err(CommandError::new(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            )),
            Self { gt: true, lt: true, .. } => {
                Err(CommandError::new("ERR GT and LT options at the same time are not compatible"))
            }
            _ => Ok(all),
        }
    }

    /// Whether the expiry `current` may become `at`.
    pub(crate) fn hold(self, current: Option<i64>, at: i64) -> bool {
        !(self.nx && current.is_some()
            || self.xx && current.is_none()
            || self.gt && current.is_none_or(|current| at <= current)
            || self.lt && current.is_some_and(|current| at >= current))
    }
}
