//! The format of the library `struct`: what each letter stands for, and how it is aligned.

use mlua::Lua;

use crate::values::raise::{self, Outcome};

/// The greatest size of an integer.
const INTEGER_MAX: usize = 32;
/// The alignment of `!` without a number.
const ALIGN_MAX: usize = 8;

/// One item of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) size: usize,
    /// How many bytes lie in front of it, so that it is aligned.
    pub(super) padding: usize,
    pub(super) is_big_endian: bool,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer {
        is_signed: bool,
    },
    Float,
    Double,
    Padding,
    /// `c`: bytes of a known number, or of the number before it (0).
    Bytes,
    /// `s`: bytes that end with a NUL byte.
    Text,
}

/// Reads a format item by item.
#[derive(Debug)]
pub(super) struct Format<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
    is_big_endian: bool,
    align: usize,
    passes_unknown_letters: bool,
}

impl<'a> Format<'a> {
    pub(super) fn new(lua: &'a Lua, format: &'a [u8]) -> Self {
        // A format in C ends at a NUL byte.
        let rest = format.split(|it| *it == 0).next().unwrap_or_default();
        let is_big_endian = cfg!(target_endian = "big");
        Self { lua, rest, is_big_endian, align: 1, passes_unknown_letters: false }
    }

    /// The same, which passes over letters that stand for nothing, as `struct.size` does.
    pub(super) const fn without_unknown_letters(self) -> Self {
        Self { passes_unknown_letters: true, ..self }
    }

    /// The next item, whose place is `position` before its padding.
    pub(super) fn next(&mut self, position: usize) -> Outcome<Option<Item>> {
        while let [letter, rest @ ..] = self.rest {
            self.rest = rest;
            if let Some((kind, size)) = self.item(*letter)? {
                let padding = if kind == Kind::Bytes { 0 } else { self.padding(position, size) };
                let is_big_endian = self.is_big_endian;
                return Ok(Some(Item { kind, size, padding, is_big_endian }));
            }
            self.control(*letter)?;
        }
        Ok(None)
    }

    fn item(&mut self, letter: u8) -> Outcome<Option<(Kind, usize)>> {
        let integer = Kind::Integer { is_signed: letter.is_ascii_lowercase() };
        Ok(Some(match letter {
            b'b' | b'B' => (integer, 1),
            b'h' | b'H' => (integer, 2),
            b'l' | b'L' | b'T' => (integer, 8),
            b'f' => (Kind::Float, 4),
            b'd' => (Kind::Double, 8),
            b'x' => (Kind::Padding, 1),
            b'c' => (Kind::Bytes, self.number(1)?),
            b's' => (Kind::Text, 0),
            b'i' | b'I' => {
                let size = self.number(4)?;
                if size > INTEGER_MAX {
                    let text =
                        format!("integral size {size} is larger than limit of {INTEGER_MAX}");
                    return Err(raise::error(self.lua, text));
                }
                (integer, size)
            }
            _ => return Ok(None),
        }))
    }

    const fn padding(&self, position: usize, size: usize) -> usize {
        if size == 0 {
            return 0;
        }
        let size = if size > self.align { self.align } else { size };
        // As C computes it, also where the size is no power of 2.
        size.wrapping_sub(position & (size - 1)) & (size - 1)
    }

    fn control(&mut self, letter: u8) -> Outcome<()> {
        match letter {
            b' ' => {}
            _ if letter.is_ascii_alphanumeric() && self.passes_unknown_letters => {}
            b'>' => self.is_big_endian = true,
            b'<' => self.is_big_endian = false,
            b'!' => {
                let align = self.number(ALIGN_MAX)?;
                if !align.is_power_of_two() {
                    let text = format!("alignment {align} is not a power of 2");
                    return Err(raise::error(self.lua, text));
                }
                self.align = align;
            }
            other => {
                let text = format!("invalid format option '{}'", char::from(other));
                return Err(raise::argument(self.lua, 1, &text));
            }
        }
        Ok(())
    }

    /// The number that follows, or `default`.
    fn number(&mut self, default: usize) -> Outcome<usize> {
        let digits = self.rest.iter().take_while(|it| it.is_ascii_digit()).count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        if digits == 0 {
            return Ok(default);
        }
        let number = std::str::from_utf8(number).ok().and_then(|it| it.parse::<i32>().ok());
        let number = number.and_then(|it| usize::try_from(it).ok());
        number.ok_or_else(|| raise::error(self.lua, "integral size overflow"))
    }
}
