//! Lengths as RDB writes them: 6, 14, 32 or 64 bits, or the encoding of a string.

use std::io::Read;

use super::input::Input;
use crate::error::Fault;

/// What a length stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// A number.
    Plain(u64),
    /// The encoding of the string that follows (6 bits).
    Encoded(u8),
}

impl<R: Read> Input<R> {
    /// Reads the next length.
    pub(crate) fn length(&mut self) -> Result<Length, Fault> {
        self.length_seen(|_| {})
    }

    /// Reads the next length, and shows its bytes to `seen`.
    fn length_seen(&mut self, mut seen: impl FnMut(&[u8])) -> Result<Length, Fault> {
        let first = self.byte()?;
        seen(&[first]);
        let low = first & 0x3f;
        Ok(match first >> 6 {
            0 => Length::Plain(low.into()),
            1 => {
                let second = self.byte()?;
                seen(&[second]);
                Length::Plain(u64::from(low) << 8 | u64::from(second))
            }
            2 if first == 0x80 => {
                let bytes = self.array::<4>()?;
                seen(&bytes);
                Length::Plain(u32::from_be_bytes(bytes).into())
            }
            2 if first == 0x81 => {
                let bytes = self.array::<8>()?;
                seen(&bytes);
                Length::Plain(u64::from_be_bytes(bytes))
            }
            2 => return Err(Fault::BadLength),
            _ => Length::Encoded(low),
        })
    }

    /// Reads the next length, which is a number.
    pub(crate) fn number(&mut self) -> Result<u64, Fault> {
        match self.length()? {
            Length::Plain(number) => Ok(number),
            Length::Encoded(_) => Err(Fault::BadLength),
        }
    }

    /// Reads the next length, which is a number, and appends its bytes to `out` as they are.
    pub(super) fn copy_number(&mut self, out: &mut Vec<u8>) -> Result<u64, Fault> {
        match self.copy_length(out)? {
            Length::Plain(number) => Ok(number),
            Length::Encoded(_) => Err(Fault::BadLength),
        }
    }

    /// Reads the next length, and appends its bytes to `out` as they are.
    pub(super) fn copy_length(&mut self, out: &mut Vec<u8>) -> Result<Length, Fault> {
        self.length_seen(|bytes| out.extend_from_slice(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn read(bytes: &[u8]) -> Result<Length, Fault> {
        let mut input = Input::new(bytes, Limits::default());
        let mut copied = Vec::new();
        let copy = Input::new(bytes, Limits::default()).copy_length(&mut copied);
        let length = input.length();
        assert_eq!(copy.ok(), length.as_ref().ok().copied());
        if length.is_ok() {
            assert_eq!(copied, bytes);
        }
        length
    }

    #[test]
    fn every_form() {
        let plain = |bytes: &[u8], number| {
            assert_eq!(read(bytes).unwrap(), Length::Plain(number), "{bytes:?}");
        };
        plain(&[0], 0);
        plain(&[63], 63);
        plain(&[0x40, 64], 64);
        plain(&[0x7f, 0xff], 16383);
        plain(&[0x80, 0, 0, 0x40, 0], 16384);
        plain(&[0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], u64::MAX);
        assert_eq!(read(&[0xc3]).unwrap(), Length::Encoded(3));
        assert!(matches!(read(&[0x82, 0, 0, 0, 0]), Err(Fault::BadLength)));
        assert!(matches!(read(&[0x80, 0, 0]), Err(Fault::Truncated)));
        assert!(matches!(
            Input::new(&[0xc0][..], Limits::default()).number(),
            Err(Fault::BadLength)
        ));
    }
}
