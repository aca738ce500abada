//! Strings as RDB writes them: plain, as an integer, or compressed.

use std::io::Read;

use super::input::Input;
use super::length::Length;
use super::lzf;
use crate::error::{Corrupt, Fault};
use crate::strings::Strings;
use crate::text::{Text, encoding};

impl<R: Read> Input<R> {
    /// Reads the next string; an integer stays one.
    pub(super) fn text(&mut self) -> Result<Text, Fault> {
        let mut bytes = Vec::new();
        Ok(match self.length()? {
            Length::Encoded(kind) if kind != encoding::LZF => Text::Int(self.integer(kind)?),
            length => {
                self.append_body(length, &mut bytes)?;
                Text::Bytes(bytes)
            }
        })
    }

    /// Reads the next string into bytes of its own.
    pub(crate) fn string(&mut self) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let length = self.length()?;
        self.append_body(length, &mut bytes)?;
        Ok(bytes)
    }

    /// Adds the next string to `strings`.
    pub(super) fn push_string(&mut self, strings: &mut Strings) -> Result<(), Fault> {
        let length = self.length()?;
        self.append_body(length, strings.open())?;
        strings.close();
        Ok(())
    }

    /// Reads the next `count` strings.
    pub(super) fn strings(&mut self, count: u64) -> Result<Strings, Fault> {
        let mut strings = Strings::with_capacity(self.room_for(count));
        for _ in 0..count {
            self.push_string(&mut strings)?;
        }
        Ok(strings)
    }

    fn append_body(&mut self, length: Length, out: &mut Vec<u8>) -> Result<(), Fault> {
        match length {
            Length::Plain(len) => {
                let len = self.spend(len)?;
                self.append(len, out)
            }
            Length::Encoded(encoding::LZF) => self.append_lzf(out),
            Length::Encoded(kind) => {
                let number = self.integer(kind)?;
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                Ok(())
            }
        }
    }

    fn append_lzf(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let packed = self.number()?;
        let len = self.number()?;
        if !lzf::is_plausible(packed, len) {
            return Err(Corrupt::new("LZF", "promises more than it can hold").into());
        }
        let len = self.spend(len)?;
        // The decompressed string counts; the compressed one may not be longer than a string
        // either.
        let limit = self.limits().string;
        if packed > limit {
            return Err(Fault::TooLong { len: packed, limit });
        }
        let packed = usize::try_from(packed).map_err(|_| Fault::TooLong { len: packed, limit })?;
        Ok(self.with(packed, |bytes| lzf::decompress(bytes, len, out))??)
    }

    fn integer(&mut self, kind: u8) -> Result<i64, Fault> {
        Ok(match kind {
            encoding::INT8 => i8::from_le_bytes(self.array()?).into(),
            encoding::INT16 => i16::from_le_bytes(self.array()?).into(),
            encoding::INT32 => i32::from_le_bytes(self.array()?).into(),
            _ => return Err(Fault::BadLength),
        })
    }

    /// Appends the next string to `out` exactly as it is written, length and all.
    pub(super) fn copy_string(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let len = match self.copy_length(out)? {
            Length::Plain(len) => len,
            Length::Encoded(encoding::INT8) => 1,
            Length::Encoded(encoding::INT16) => 2,
            Length::Encoded(encoding::INT32) => 4,
            Length::Encoded(encoding::LZF) => {
                let packed = self.copy_number(out)?;
                self.copy_number(out)?;
                packed
            }
            Length::Encoded(_) => return Err(Fault::BadLength),
        };
        let len = self.spend(len)?;
        self.append(len, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn read(bytes: &[u8]) -> Result<Text, Fault> {
        let mut copied = Vec::new();
        let copy = Input::new(bytes, Limits::default()).copy_string(&mut copied);
        let text = Input::new(bytes, Limits::default()).text();
        if let Ok(text) = &text {
            assert!(copy.is_ok());
            assert_eq!(copied, bytes);
            let string = Input::new(bytes, Limits::default()).string().unwrap();
            assert_eq!(string, text.clone().into_bytes());
        }
        text
    }

    #[test]
    fn every_form() {
        let bytes = |text: &[u8]| Text::Bytes(text.to_vec());
        assert_eq!(read(b"\x03abc").unwrap(), bytes(b"abc"));
        assert_eq!(read(b"\0").unwrap(), bytes(b""));
        assert_eq!(read(b"\xc0\x80").unwrap(), Text::Int(-128));
        assert_eq!(read(b"\xc1\x00\x80").unwrap(), Text::Int(-32768));
        assert_eq!(read(b"\xc2\xff\xff\xff\x7f").unwrap(), Text::Int(i64::from(i32::MAX)));
        assert_eq!(read(b"\xc3\x05\x08\x01ab\x80\x01").unwrap(), bytes(b"abababab"));
        assert!(matches!(read(b"\xc4"), Err(Fault::BadLength)));
        assert!(matches!(read(b"\x05abc"), Err(Fault::Truncated)));
        assert!(matches!(read(b"\xc3\x01\x81\0\0\x01\0\0\0\0\0a"), Err(Fault::Corrupt(_))));
    }

    #[test]
    fn large_ones_come_in_pieces_and_keep_no_spare_room() {
        let mut bytes = vec![0x80, 0, 0x0f, 0x42, 0x40];
        bytes.resize(5 + 1_000_000, b'x');
        let string = Input::new(&bytes[..], Limits::default()).string().unwrap();
        assert_eq!((string.len(), string.capacity()), (1_000_000, 1_000_000));
    }

    #[test]
    fn limits_come_before_memory() {
        let limits = Limits { string: 100, value: 1000 };
        let long = Input::new(&b"\x40\x65"[..], limits).string();
        assert!(matches!(long, Err(Fault::TooLong { len: 101, limit: 100 })));
        let bomb = Input::new(&b"\xc3\x10\x40\x65"[..], limits).string();
        assert!(matches!(bomb, Err(Fault::TooLong { len: 101, limit: 100 })));
    }
}
