//! The kinds of values that a key can have: how one is read, what is accepted, how it is shown.
//!
//! Scalars have files of their own. This one has the kinds that are made of other kinds.

mod address;
mod command;
mod name;
mod output_class;
mod password;
mod save_rules;
mod scalar;
mod size;
mod time;

pub(crate) use address::{Address, Network};
pub(crate) use command::{CommandName, Pattern};
pub(crate) use name::{FileMode, FileName, FilePath, HostName, MasterName, Path};
pub use output_class::OutputClass;
pub(crate) use output_class::OutputClassKind;
pub(crate) use password::Password;
pub(crate) use save_rules::SaveRulesKind;
pub use save_rules::{SaveRule, SaveRules};
pub(crate) use scalar::{Choice, Flag, Integer, OneOf, Text, as_integer, quoted};
pub(crate) use size::Size;
pub(crate) use time::Time;
pub use time::duration_of;

use toml::Spanned;
use toml::de::DeValue;

/// A value as the TOML parser returns it.
pub(crate) type Raw<'a> = Spanned<DeValue<'a>>;

/// The value that was read, or every part of it that is wrong.
pub(crate) type Read<'a, T> = Result<T, Vec<Wrong<'a>>>;

/// A value, or a part of one, that is not accepted.
#[derive(Debug)]
pub(crate) struct Wrong<'a> {
    /// Which part of the key's value it is, as a suffix of the key: `[2]`; empty for the whole.
    pub(crate) within: String,
    /// The wrong value or part.
    pub(crate) raw: &'a Raw<'a>,
    /// What this part accepts, if that differs from what the key as a whole accepts.
    pub(crate) accepted: Option<String>,
}

impl<'a> Wrong<'a> {
    /// The error that the whole of `raw` is wrong.
    pub(crate) fn all<T>(raw: &'a Raw<'a>) -> Read<'a, T> {
        Err(vec![Self { within: String::new(), raw, accepted: None }])
    }
}

/// One kind of value.
pub(crate) trait Kind {
    /// The type of the values in a configuration.
    type Value: PartialEq;

    /// Whether values are secrets, which are never shown.
    const SECRET: bool = false;

    /// The accepted values, in words that follow "must be".
    fn accepted(&self) -> String;

    /// Reads a value.
    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Self::Value>;

    /// A value as one would write it in the file; a secret is masked.
    fn show(&self, value: &Self::Value) -> String;

    /// A value as the file has to give it, secrets in clear text. Never log it.
    fn write(&self, value: &Self::Value) -> String {
        self.show(value)
    }
}

/// A kind with a value that means "off".
pub(crate) trait Switch: Kind {
    /// How the file may write "off", besides the word.
    const OFF: &'static str;

    /// Whether `raw` is that value.
    fn is_off(raw: &DeValue<'_>) -> bool;
}

/// A value of a kind, or "off" (`None`).
#[derive(Debug)]
pub(crate) struct OrOff<K>(pub(crate) K);

impl<K: Switch> Kind for OrOff<K> {
    type Value = Option<K::Value>;

    fn accepted(&self) -> String {
        format!("{}; \"off\" or {} turns it off", self.0.accepted(), K::OFF)
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Self::Value> {
        let off = K::is_off(raw.get_ref()) || raw.get_ref().as_str() == Some("off");
        if off { Ok(None) } else { self.0.read(raw).map(Some) }
    }

    fn show(&self, value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| quoted("off"), |value| self.0.show(value))
    }
}

/// A value of a kind where the file gives the key, else `None`.
#[derive(Debug)]
pub(crate) struct IfGiven<K>(pub(crate) K);

impl<K: Kind> Kind for IfGiven<K> {
    type Value = Option<K::Value>;

    const SECRET: bool = K::SECRET;

    fn accepted(&self) -> String {
        self.0.accepted()
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Self::Value> {
        self.0.read(raw).map(Some)
    }

    fn show(&self, value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| "(left out)".to_owned(), |value| self.0.show(value))
    }
}

/// A list of `min` to `max` values of one kind.
#[derive(Debug)]
pub(crate) struct ListOf<K> {
    pub(crate) kind: K,
    pub(crate) min: usize,
    pub(crate) max: usize,
}

impl<K: Kind> Kind for ListOf<K> {
    type Value = Vec<K::Value>;

    const SECRET: bool = K::SECRET;

    fn accepted(&self) -> String {
        format!("a list of {} to {}, each {}", self.min, self.max, self.kind.accepted())
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Self::Value> {
        let Some(items) = raw.get_ref().as_array() else {
            return Wrong::all(raw);
        };
        if !(self.min..=self.max).contains(&items.len()) {
            return Wrong::all(raw);
        }
        let (mut values, mut wrongs) = (Vec::with_capacity(items.len()), Vec::new());
        for (i, item) in items.iter().enumerate() {
            match self.kind.read(item) {
                Ok(value) => values.push(value),
                Err(parts) => wrongs.extend(parts.into_iter().map(|part| Wrong {
                    within: format!("[{i}]{}", part.within),
                    raw: part.raw,
                    accepted: part.accepted.or_else(|| Some(self.kind.accepted())),
                })),
            }
        }
        if wrongs.is_empty() { Ok(values) } else { Err(wrongs) }
    }

    fn show(&self, values: &Self::Value) -> String {
        let items: Vec<_> = values.iter().map(|value| self.kind.show(value)).collect();
        format!("[{}]", items.join(", "))
    }
}

/// A list, or a single value instead of a list of one.
#[derive(Debug)]
pub(crate) struct OneOrList<K>(pub(crate) ListOf<K>);

impl<K: Kind> Kind for OneOrList<K> {
    type Value = Vec<K::Value>;

    const SECRET: bool = K::SECRET;

    fn accepted(&self) -> String {
        format!("{}, or a list of {} to {} of them", self.0.kind.accepted(), self.0.min, self.0.max)
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Self::Value> {
        match raw.get_ref().as_array() {
            Some(_) => self.0.read(raw),
            None => self.0.kind.read(raw).map(|value| vec![value]),
        }
    }

    fn show(&self, values: &Self::Value) -> String {
        match values.as_slice() {
            [value] => self.0.kind.show(value),
            _ => self.0.show(values),
        }
    }
}
