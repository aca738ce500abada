//! The last bytes of the stream, by their offsets, from which a replica that was away can continue.
//! Never holds more than its size, and takes memory only as bytes come.

use std::ops::RangeInclusive;

use tidegate_wire::units::{ByteSize, ReplOffset};

/// The smallest size that servers accept (`CONFIG_REPL_BACKLOG_MIN_SIZE`).
const SIZE_MIN: ByteSize = ByteSize::kib(16);

/// A ring of the last bytes of one history. [`super::Identity`] has the name of the history.
#[derive(Clone, Debug)]
pub struct Backlog {
    /// The bytes. The ring grows up to `size`; from then on its oldest byte is at `start`.
    bytes: Vec<u8>,
    start: usize,
    size: usize,
    /// The offset of the last byte that was appended.
    last: ReplOffset,
}

impl Backlog {
    /// Returns an empty backlog of `repl-backlog-size` bytes, at least 16 KiB. Its first byte will
    /// be the one after `last`.
    #[must_use]
    pub fn new(size: ByteSize, last: ReplOffset) -> Self {
        Self { bytes: Vec::new(), start: 0, size: size.max(SIZE_MIN).as_usize(), last }
    }

    /// Empties the backlog after a full resync, which may bring another history.
    pub fn restart(&mut self, last: ReplOffset) {
        self.bytes.clear();
        self.start = 0;
        self.last = last;
    }

    /// The size in bytes (`repl_backlog_size` of INFO).
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The number of bytes held (`repl_backlog_histlen` of INFO).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no byte is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The offset of the first byte, or of the first one to come (`repl_backlog_first_byte_offset`
    /// of INFO).
    #[must_use]
    pub const fn first(&self) -> ReplOffset {
        ReplOffset::new(self.last.get() - self.bytes.len() as u64).next()
    }

    /// The offset of the last byte.
    #[must_use]
    pub const fn last(&self) -> ReplOffset {
        self.last
    }

    /// The offsets of the bytes held, for [`super::Identity::grant`]. Empty if none are held.
    #[must_use]
    pub const fn range(&self) -> RangeInclusive<ReplOffset> {
        self.first()..=self.last
    }

    /// Appends the next bytes of the stream. The caller appends whole units after it has applied
    /// them, so a replica that gets them from here is never ahead of the caller.
    pub fn append(&mut self, bytes: &[u8]) {
        self.last = self.last.plus(bytes.len() as u64);
        // Of more than fits, only the end is kept.
        let mut rest = &bytes[bytes.len().saturating_sub(self.size)..];
        let grow = rest.len().min(self.size - self.bytes.len());
        let (new, over) = rest.split_at(grow);
        self.bytes.extend_from_slice(new);
        rest = over;
        while !rest.is_empty() {
            let len = rest.len().min(self.size - self.start);
            let (now, later) = rest.split_at(len);
            self.bytes[self.start..self.start + len].copy_from_slice(now);
            self.start = (self.start + len) % self.size;
            rest = later;
        }
    }

    /// Returns all bytes from offset `from` on, in two pieces; `None` if that byte is not held. For
    /// the offset after the last byte both pieces are empty.
    #[must_use]
    pub fn read(&self, from: ReplOffset) -> Option<(&[u8], &[u8])> {
        let skip = usize::try_from(from.get().checked_sub(self.first().get())?).ok()?;
        let (late, early) = self.bytes.split_at(self.start);
        match early.get(skip..) {
            Some(early) => Some((early, late)),
            None => Some((late.get(skip - early.len()..)?, &[])),
        }
    }

    /// Changes the size, as `CONFIG SET repl-backlog-size` does; keeps what fits.
    pub fn resize(&mut self, size: ByteSize) {
        let old = std::mem::replace(self, Self::new(size, self.last));
        let (late, early) = old.bytes.split_at(old.start);
        self.append(early);
        self.append(late);
        self.last = old.last;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_backlog_has_the_offset_where_it_will_begin() {
        let mut backlog = Backlog::new(ByteSize::new(1), ReplOffset::new(1000));
        assert_eq!((backlog.size(), backlog.len(), backlog.first().get()), (16 << 10, 0, 1001));
        assert_eq!(backlog.read(ReplOffset::new(1001)), Some((&b""[..], &b""[..])));
        assert_eq!(backlog.read(ReplOffset::new(1000)), None);
        assert_eq!(backlog.read(ReplOffset::new(1002)), None);
        backlog.append(b"abc");
        assert_eq!(backlog.read(ReplOffset::new(1002)), Some((&b"bc"[..], &b""[..])));
        backlog.restart(ReplOffset::new(5));
        assert_eq!(backlog.range(), ReplOffset::new(6)..=ReplOffset::new(5));
    }

    #[derive(Clone, Debug)]
    enum Act {
        Append(usize),
        Resize(u64),
        Restart(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            10 => prop_oneof![0_usize..64, 0_usize..50_000].prop_map(Act::Append),
            1 => (0_u64..64).prop_map(Act::Resize),
            1 => (0_u64..1000).prop_map(Act::Restart),
        ]
    }

    proptest! {
        /// The model has the whole history, and the number of its last bytes that are held.
        #[test]
        fn holds_the_last_bytes(acts in prop::collection::vec(act(), 1..40), probe in 0_u64..200_000) {
            let mut backlog = Backlog::new(ByteSize::kib(16), ReplOffset::default());
            let (mut before, mut all, mut held, mut size) = (0_u64, Vec::new(), 0, 16 << 10);
            let mut fill = 0_u8;
            for act in acts {
                match act {
                    Act::Append(len) => {
                        let bytes: Vec<u8> = (0..len).map(|_| { fill = fill.wrapping_mul(31).wrapping_add(7); fill }).collect();
                        backlog.append(&bytes);
                        all.extend(bytes);
                        held = (held + len).min(size);
                    }
                    Act::Resize(kib) => {
                        backlog.resize(ByteSize::kib(kib));
                        size = usize::try_from(kib.max(16) << 10).unwrap();
                        held = held.min(size);
                    }
                    Act::Restart(at) => {
                        backlog.restart(ReplOffset::new(at));
                        (before, held) = (at, 0);
                        all.clear();
                    }
                }
                let last = before + all.len() as u64;
                prop_assert_eq!((backlog.len(), backlog.last().get()), (held, last));
                prop_assert_eq!((backlog.first().get(), backlog.size()), (last - held as u64 + 1, size));
                for from in [backlog.first().get(), last, last + 1, probe] {
                    let wanted = (from >= backlog.first().get() && from <= last + 1)
                        .then(|| all[usize::try_from(from - before).unwrap() - 1..].to_vec());
                    let read = backlog.read(ReplOffset::new(from)).map(|(a, b)| [a, b].concat());
                    prop_assert_eq!(read, wanted, "from {}", from);
                }
            }
        }
    }
}
