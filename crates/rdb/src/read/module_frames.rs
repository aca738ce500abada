//! Reads the data of modules. It comes in frames, so a reader without the module finds its end.

use std::io::Read;

use super::input::Input;
use crate::error::{Corrupt, Fault};
use crate::module::Module;

/// The kinds of frames.
mod frame {
    pub(super) const END: u64 = 0;
    pub(super) const SIGNED: u64 = 1;
    pub(super) const UNSIGNED: u64 = 2;
    pub(super) const FLOAT: u64 = 3;
    pub(super) const DOUBLE: u64 = 4;
    pub(super) const STRING: u64 = 5;
}

impl<R: Read> Input<R> {
    /// Reads the value of a module.
    pub(super) fn module(&mut self) -> Result<Module, Fault> {
        let id = self.number()?;
        let mut body = Vec::new();
        self.copy_frames(&mut body)?;
        Ok(Module { id, body })
    }

    /// Appends frames to `out`, the one that ends them included.
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
    use crate::limits::Limits;

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
}
