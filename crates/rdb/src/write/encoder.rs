//! The parts of a payload: lengths, strings, scores, packed forms.

use std::io::Write;

use super::lzf_compress::Compressor;
use crate::error::WriteError;
use crate::form::Form;
use crate::packed::{ListpackRef, canonical_integer, for_vendor};
use crate::text::{Text, encoding};

/// The longest string that is looked at as an integer: those of 32 bits have eleven characters.
const LONGEST_INT: usize = 11;
/// A string this long or shorter is not compressed.
const SHORT: usize = 20;
/// How many bytes compression has to save.
const SAVED: usize = 4;

/// Writes the parts of a payload in one form. It does many small writes, so its destination should
/// be memory, or have a buffer.
#[derive(Debug)]
pub struct Encoder<W> {
    out: W,
    form: Form,
    compressor: Option<Compressor>,
    scratch: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    /// Returns an encoder that compresses strings where that saves something, as servers do by
    /// default.
    pub fn new(out: W, form: Form) -> Self {
        Self { out, form, compressor: Some(Compressor::new()), scratch: Vec::new() }
    }

    /// Turns the compression of strings on or off, as `rdbcompression` does.
    pub fn set_compression(&mut self, on: bool) {
        if on != self.compressor.is_some() {
            self.compressor = on.then(Compressor::new);
        }
    }

    /// The form that is written.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The destination.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// The destination, to be changed.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Returns the destination.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        Ok(self.out.write_all(bytes)?)
    }

    /// Writes a number, in the shortest of the four ways.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn length(&mut self, number: u64) -> Result<(), WriteError> {
        // The arm of the match says that only these low bytes are used.
        let [.., b, a] = number.to_be_bytes();
        match number {
            0..0x40 => self.raw(&[a]),
            0x40..0x4000 => self.raw(&[0x40 | b, a]),
            _ => match u32::try_from(number) {
                Ok(short) => {
                    let [a, b, c, d] = short.to_be_bytes();
                    self.raw(&[0x80, a, b, c, d])
                }
                Err(_) => {
                    self.raw(&[0x81])?;
                    self.raw(&number.to_be_bytes())
                }
            },
        }
    }

    /// Writes a number of things.
    pub(super) fn count(&mut self, count: usize) -> Result<(), WriteError> {
        self.length(count as u64)
    }

    /// Writes a string: as an integer if it is one of 32 bits, compressed if it is longer than 20
    /// bytes and that saves four, else as it is.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn string(&mut self, string: &[u8]) -> Result<(), WriteError> {
        if string.len() <= LONGEST_INT
            && let Some(number) = canonical_integer(string)
            && self.short_int(number)?
        {
            return Ok(());
        }
        if string.len() > SHORT
            && let Some(compressor) = &mut self.compressor
        {
            self.scratch.clear();
            if compressor.compress(string, string.len() - SAVED, &mut self.scratch) {
                let scratch = std::mem::take(&mut self.scratch);
                let written = self.compressed(&scratch, string.len());
                self.scratch = scratch;
                // One huge string should not keep its memory for ever.
                self.scratch.shrink_to(1 << 20);
                return written;
            }
        }
        self.count(string.len())?;
        self.raw(string)
    }

    /// Writes a number as a string.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn int(&mut self, number: i64) -> Result<(), WriteError> {
        if self.short_int(number)? {
            return Ok(());
        }
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(number);
        self.count(text.len())?;
        self.raw(text.as_bytes())
    }

    /// Writes a string that may be a number.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn text(&mut self, text: &Text) -> Result<(), WriteError> {
        match text {
            Text::Bytes(bytes) => self.string(bytes),
            Text::Int(number) => self.int(*number),
        }
    }

    /// Writes a listpack as a string, as the vendor of the form does.
    ///
    /// # Errors
    /// The error of the destination; or a listpack of nearly 4 GiB would be too long in the form of
    /// the vendor.
    pub fn packed(&mut self, listpack: ListpackRef<'_>) -> Result<(), WriteError> {
        let bytes = for_vendor(listpack, self.form.vendor())?;
        self.string(&bytes)
    }

    /// Writes a score: eight bytes.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn score(&mut self, score: f64) -> Result<(), WriteError> {
        self.raw(&score.to_le_bytes())
    }

    /// Writes a number of 32 bits or less as an encoded string. Returns false for a longer one,
    /// which is not written.
    fn short_int(&mut self, number: i64) -> Result<bool, WriteError> {
        let [a, b, c, d, ..] = number.to_le_bytes();
        match number {
            -0x80..=0x7f => self.raw(&[0xc0 | encoding::INT8, a])?,
            -0x8000..=0x7fff => self.raw(&[0xc0 | encoding::INT16, a, b])?,
            -0x8000_0000..=0x7fff_ffff => self.raw(&[0xc0 | encoding::INT32, a, b, c, d])?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn compressed(&mut self, bytes: &[u8], len: usize) -> Result<(), WriteError> {
        self.raw(&[0xc0 | encoding::LZF])?;
        self.count(bytes.len())?;
        self.count(len)?;
        self.raw(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::read::Input;
    use crate::read::Length;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), WriteError>) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new(), Form::REDIS_74);
        write(&mut encoder).unwrap();
        encoder.into_inner()
    }

    fn string(string: &str) -> Vec<u8> {
        written(|to| to.string(string.as_bytes()))
    }

    #[test]
    fn the_shortest_way_is_taken() {
        for (number, expected) in [
            (0, &b"\0"[..]),
            (63, b"\x3f"),
            (64, b"\x40\x40"),
            (16_383, b"\x7f\xff"),
            (16_384, b"\x80\0\0\x40\0"),
            (u64::from(u32::MAX), b"\x80\xff\xff\xff\xff"),
            (1 << 32, b"\x81\0\0\0\x01\0\0\0\0"),
            (u64::MAX, b"\x81\xff\xff\xff\xff\xff\xff\xff\xff"),
        ] {
            assert_eq!(written(|to| to.length(number)), expected);
        }
        assert_eq!(string("abc"), b"\x03abc");
        assert_eq!(string("-128"), b"\xc0\x80");
        assert_eq!(string("-129"), b"\xc1\x7f\xff");
        assert_eq!(string("-32769"), b"\xc2\xff\x7f\xff\xff");
        assert_eq!(string("-2147483648"), b"\xc2\0\0\0\x80");
        assert_eq!(string("2147483648"), b"\x0a2147483648");
        assert_eq!(string("007"), b"\x03007");
        assert_eq!(written(|to| to.int(i64::MIN)), b"\x14-9223372036854775808");
        assert_eq!(written(|to| to.int(7)), b"\xc0\x07");
        // 20 bytes are not compressed, 21 are, unless compression is off.
        assert_eq!(string(&"x".repeat(20))[..2], *b"\x14x");
        assert_eq!(string(&"x".repeat(21)), b"\xc3\x06\x15\x01xx\xe0\x0a\0");
        let plain = written(|to| {
            to.set_compression(false);
            to.string(&[b'x'; 21])
        });
        assert_eq!(plain[..2], *b"\x15x");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, int: i64, texts: Vec<Vec<u8>>, score: f64, times in 1..50_usize) {
            let texts: Vec<_> = texts.iter().map(|text| text.repeat(times)).collect();
            let bytes = written(|to| {
                to.length(number)?;
                to.int(int)?;
                to.string(int.to_string().as_bytes())?;
                texts.iter().try_for_each(|text| to.string(text))?;
                to.score(score)
            });
            let mut input = Input::new(&bytes[..], Limits::default());
            prop_assert_eq!(input.length().unwrap(), Length::Plain(number));
            prop_assert_eq!(input.string().unwrap(), int.to_string().into_bytes());
            prop_assert_eq!(input.string().unwrap(), int.to_string().into_bytes());
            for text in &texts {
                prop_assert_eq!(&input.string().unwrap(), text);
            }
            prop_assert_eq!(input.array().unwrap(), score.to_le_bytes());
            prop_assert!(input.is_at_end().unwrap());
        }
    }
}
