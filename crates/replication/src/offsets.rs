//! How far the stream was read and how far it was applied, counted as servers count. The caller
//! reports both.

use tidegate_wire::units::ReplOffset;

/// The two offsets of a link. `applied` is never beyond `read`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    read: ReplOffset,
    applied: ReplOffset,
}

impl Offsets {
    /// Returns both offsets at `offset`: of a payload that was loaded, or of data that was there
    /// before.
    #[must_use]
    pub const fn at(offset: ReplOffset) -> Self {
        Self { read: offset, applied: offset }
    }

    /// The last byte that the master sent (`slave_read_repl_offset`).
    #[must_use]
    pub const fn read(&self) -> ReplOffset {
        self.read
    }

    /// The last byte of the last whole command or transaction that was applied: `slave_repl_offset`
    /// and `master_repl_offset`, and the offset of acks.
    #[must_use]
    pub const fn applied(&self) -> ReplOffset {
        self.applied
    }

    /// Notes that `bytes` of the stream came.
    pub const fn received(&mut self, bytes: u64) {
        self.read = self.read.plus(bytes);
    }

    /// Notes that a unit of `bytes` was applied; see [`super::StreamReader`].
    pub fn advance(&mut self, bytes: u64) {
        self.applied = self.applied.plus(bytes);
        debug_assert!(self.applied <= self.read, "applied what was not received");
    }

    /// Notes that the link was cut. What was read and not applied will be asked for again.
    pub const fn cut(&mut self) {
        self.read = self.applied;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_were_not_applied_are_read_again() {
        let mut offsets = Offsets::at(ReplOffset::new(1000));
        offsets.received(60);
        offsets.advance(23);
        assert_eq!((offsets.read().get(), offsets.applied().get()), (1060, 1023));
        offsets.cut();
        assert_eq!(offsets, Offsets::at(ReplOffset::new(1023)));
    }
}
