//! The kinds of values a key can have: how one is read, what is accepted, how it is shown.
//!
//! Scalars stand in files of their own; here are the kinds made of other kinds.

mod address;
mod name;
mod output_class;
mod scalar;
mod size;
mod time;

pub(crate) use address::Address;
pub(crate) use name::{FileName, HostName, Path};
pub use output_class::OutputClass;
pub(crate) use output_class::OutputClassKind;
pub(crate) use scalar::{Choice, Flag, Integer, OneOf, Password, Text, as_integer, quoted};
pub(crate) use size::Size;
pub(crate) use time::Time;

use toml::Spanned;
use toml::de::DeValue;

/// A value as the TOML parser hands it over.
pub(crate) type Raw<'a> = Spanned<DeValue<'a>>;

/// The values read, or every part that is wrong.
pub(crate) type Read<'a, T> = Result<T, Vec<Wrong<'a>>>;

/// A value, or a part of one, that is not accepted.
#[derive(Debug)]
pub(crate) struct Wrong<'a> {
    /// Which part of the key's value it is, to be appended to the key: `[2]`, or nothing.
    pub(crate) within: String,
    /// The value.
    pub(crate) raw: &'a Raw<'a>,
    /// What may stand there, if that is not what the key as a whole accepts.
    pub(crate) accepted: Option<String>,
}

impl<'a> Wrong<'a> {
    /// The whole of `raw` is wrong.
    pub(crate) fn all<T>(raw: &'a Raw<'a>) -> Read<'a, T> {
        Err(vec![Self { within: String::new(), raw, accepted: None }])
    }
}

/// One kind of value.
pub(crate) trait Kind {
    /// What it becomes.
    type Value: PartialEq;

    /// True where values must not be shown.
    const SECRET: bool = false;

    /// What may stand there, for the sentence "accepted is ...".
    fn accepted(&self) -> String;

    /// Reads a value.
    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Self::Value>;

    /// Shows a value as it would stand in the file, where it can stand there.
    fn show(&self, value: &Self::Value) -> String;

    /// A value as it is to stand in the file: not to be shown.
    fn write(&self, value: &Self::Value) -> String {
        self.show(value)
    }
}

/// A kind with a value that means "off".
pub(crate) trait Switch: Kind {
    /// Another way to write "off".
    const OFF: &'static str;

    /// True where `raw` says "off".
    fn is_off(raw: &DeValue<'_>) -> bool;
}

/// A kind's value, or "off" (`None`).
#[derive(Debug)]
pub(crate) struct OrOff<K>(pub(crate) K);

impl<K: Switch> Kind for OrOff<K> {
    type Value = Option<K::Value>;

    fn accepted(&self) -> String {
        format!("{}; \"off\" or {} is off", self.0.accepted(), K::OFF)
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Self::Value> {
        let off = K::is_off(raw.get_ref()) || raw.get_ref().as_str() == Some("off");
        if off { Ok(None) } else { self.0.read(raw).map(Some) }
    }

    fn show(&self, value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| quoted("off"), |value| self.0.show(value))
    }
}

/// A kind's value where the key is given, `None` where it is left out.
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

/// A list, or its only value as it is.
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
