//! The kinds of values that are integers, flags, texts, passwords or one of several words.

use std::marker::PhantomData;

use toml::de::DeValue;

use super::{Kind, Raw, Read, Wrong};

/// The longest accepted text, in bytes.
const MAX_TEXT: usize = 4096;

/// `text` as a TOML string.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// The value of `raw` if it is an integer.
pub(crate) fn as_integer(raw: &DeValue<'_>) -> Option<i64> {
    let integer = raw.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// An integer from `.0` to `.1`.
#[derive(Debug)]
pub(crate) struct Integer<T>(pub(crate) T, pub(crate) T);

impl<T> Kind for Integer<T>
where
    T: Copy + Ord + ToString + TryFrom<i64>,
{
    type Value = T;

    fn accepted(&self) -> String {
        format!("an integer from {} to {}", self.0.to_string(), self.1.to_string())
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, T> {
        as_integer(raw.get_ref())
            .and_then(|integer| T::try_from(integer).ok())
            .filter(|value| (self.0..=self.1).contains(value))
            .map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &T) -> String {
        value.to_string()
    }
}

/// `true` or `false`.
#[derive(Debug)]
pub(crate) struct Flag;

impl Kind for Flag {
    type Value = bool;

    fn accepted(&self) -> String {
        "true or false".to_owned()
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, bool> {
        raw.get_ref().as_bool().map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}

/// Any text of at most 4096 bytes without control characters.
#[derive(Debug)]
pub(crate) struct Text;

impl Kind for Text {
    type Value = String;

    fn accepted(&self) -> String {
        format!("a string of at most {MAX_TEXT} bytes without control characters")
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        raw.get_ref()
            .as_str()
            .filter(|text| text.len() <= MAX_TEXT && !text.contains(char::is_control))
            .map_or_else(|| Wrong::all(raw), |text| Ok(text.to_owned()))
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// An enum whose variants are words of the file.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// Every variant, in the order in which messages list them.
    const ALL: &'static [Self];

    /// Other words that the file may use.
    const ALIASES: &'static [(&'static str, Self)] = &[];

    /// The variant's word.
    fn as_str(self) -> &'static str;
}

/// One word of a [`Choice`].
#[derive(Debug)]
pub(crate) struct OneOf<T>(PhantomData<T>);

impl<T> OneOf<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Choice> Kind for OneOf<T> {
    type Value = T;

    fn accepted(&self) -> String {
        let words: Vec<_> = T::ALL.iter().map(|choice| quoted(choice.as_str())).collect();
        match words.as_slice() {
            [init @ .., last] if !init.is_empty() => format!("{} or {last}", init.join(", ")),
            _ => words.concat(),
        }
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, T> {
        let word = raw.get_ref().as_str();
        let named = T::ALL.iter().map(|choice| (choice.as_str(), *choice));
        named
            .chain(T::ALIASES.iter().copied())
            .find(|(name, _)| Some(*name) == word)
            .map_or_else(|| Wrong::all(raw), |(_, choice)| Ok(choice))
    }

    fn show(&self, value: &T) -> String {
        quoted(value.as_str())
    }
}
