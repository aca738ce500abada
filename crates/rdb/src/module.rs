//! What modules wrote: framed so that it can be passed over, and passed on, without them.

use std::io::Read;

use super::error::{Corrupt, Fault};
use super::input::Input;

/// What a frame holds.
mod frame {
    pub(super) const END: u64 = 0;
    pub(super) const SIGNED: u64 = 1;
    pub(super) const UNSIGNED: u64 = 2;
    pub(super) const FLOAT: u64 = 3;
    pub(super) const DOUBLE: u64 = 4;
    pub(super) const STRING: u64 = 5;
}

/// The characters of a module type's name, six bits each.
const NAME: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A module's value, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Which type of which module: nine characters and a version of the encoding.
    pub id: u64,
    /// Its frames, the one that ends them included.
    pub body: Vec<u8>,
}

impl Module {
    /// The name of the type, nine characters.
    #[must_use]
    pub fn type_name(&self) -> String {
        type_name(self.id)
    }
}

/// The name within a module type's id.
#[must_use]
pub fn type_name(id: u64) -> String {
    let bits = (0..9).map(|n| (id >> (58 - 6 * n)) & 0x3f);
    let letter = |bits| usize::try_from(bits).ok().and_then(|at| NAME.get(at).copied());
    bits.filter_map(letter).map(char::from).collect()
}

/// The version of the encoding within a module type's id.
#[must_use]
pub fn encoding_version(id: u64) -> u16 {
    u16::try_from(id & 0x3ff).unwrap_or_default()
}

impl<R: Read> Input<R> {
    /// A module's value.
    pub(super) fn module(&mut self) -> Result<Module, Fault> {
        let id = self.number()?;
        let mut body = Vec::new();
        self.copy_frames(&mut body)?;
        Ok(Module { id, body })
    }

    /// Appends frames to `out`, up to and with that which ends them.
    pub(super) fn copy_frames(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        loop {
            match self.copy_number(out)? {
                frame::END => return Ok(()),
                frame::SIGNED | frame::UNSIGNED => {
                    self.copy_number(out)?;
                }
                frame::FLOAT => self.append(4, out)?,
                frame::DOUBLE => self.append(8, out)?,
                frame::STRING => self.copy_string(out)?,
                _ => return Err(Corrupt::new("module", "a frame is of no kind").into()),
            }
            // Frames without strings count too.
            self.spend(1)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn frames_are_kept_as_they_are() {
        let body =
            b"\x01\x40\xff\x02\x81\0\0\0\0\0\0\0\x09\x03abcd\x04abcdefgh\x05\x02hi\x05\xc0\x07\0";
        let bytes = [&b"\x81\0\0\0\0\0\0\0\x2a"[..], body, b"rest"].concat();
        let mut input = Input::new(&bytes[..], Limits::default());
        let module = input.module().unwrap();
        assert_eq!((module.id, &module.body[..]), (42, &body[..]));
        assert_eq!(input.byte().unwrap(), b'r');
        let mut bad = Input::new(&b"\x01\x06"[..], Limits::default());
        assert!(matches!(bad.module(), Err(Fault::Corrupt(_))));
    }

    #[test]
    fn ids_tell_names() {
        let letters = b"vectorset".map(|c| NAME.iter().position(|n| *n == c).unwrap() as u64);
        let id = letters.iter().fold(0, |id, letter| id << 6 | letter) << 10 | 3;
        assert_eq!((type_name(id).as_str(), encoding_version(id)), ("vectorset", 3));
    }
}
