//! The bytes of a source, through one buffer: counted, summed up, and never more than asked for.

use std::io::{ErrorKind, Read};

use crate::checksum::Checksum;
use crate::error::{Corrupt, Fault};
use crate::limits::Limits;

/// The size of the buffer. Reads of a file are this long; a longer buffer gains nothing.
pub(super) const BUFFER: usize = 256 * 1024;

/// How many bytes of a string have to come before memory for more of it is taken.
const CHUNK: usize = 64 * 1024;

/// A source and the bytes that were read from it.
#[derive(Debug)]
pub(crate) struct Input<R> {
    source: R,
    buffer: Box<[u8]>,
    /// How many bytes of the buffer have been handed out.
    at: usize,
    /// How many bytes the buffer has.
    filled: usize,
    /// How many bytes of the buffer are in the checksum.
    summed: usize,
    /// How many bytes the source gave before those in the buffer.
    base: u64,
    checksum: Checksum,
    limits: Limits,
    /// How many bytes the value being read may still take.
    budget: u64,
    /// The bytes of the value being read, if they are kept; see [`Raw`].
    raw: Option<Raw>,
    /// What is wrong with the value being read, while the rest of it is read all the same.
    broken: Option<Corrupt>,
    /// Whether an invalid value is read to its end.
    tolerant: bool,
}

/// The bytes of the value being read, as they are in the source.
#[derive(Debug, Default)]
struct Raw {
    /// The bytes that have left the buffer.
    gone: Vec<u8>,
    /// Where in the buffer the other bytes begin.
    start: usize,
}

/// The longest value whose bytes are kept.
const RAW_MAX: usize = 1 << 30;

impl<R: Read> Input<R> {
    pub(crate) fn new(source: R, limits: Limits) -> Self {
        Self::with_buffer(source, limits, BUFFER)
    }

    /// Returns an input with a shorter buffer, for a payload that is in memory.
    pub(crate) fn with_buffer(source: R, limits: Limits, len: usize) -> Self {
        Self {
            source,
            // Large enough for every read of a fixed size.
            buffer: vec![0; len.max(64)].into_boxed_slice(),
            at: 0,
            filled: 0,
            summed: 0,
            base: 0,
            checksum: Checksum::new(),
            limits,
            budget: limits.value,
            raw: None,
            broken: None,
            tolerant: false,
        }
    }

    /// Reads invalid values to their end from now on, and keeps their bytes.
    pub(super) fn tolerate(&mut self) {
        self.tolerant = true;
    }

    /// Begins a value. Its bytes are kept if `wanted`.
    pub(super) fn begin_raw(&mut self, wanted: bool) {
        self.broken = None;
        let keeps = wanted && self.tolerant;
        self.raw = keeps.then(|| Raw { gone: Vec::new(), start: self.at });
    }

    /// Returns the bytes since [`Self::begin_raw`], if they are kept.
    pub(super) fn raw(&self) -> Option<Vec<u8>> {
        let raw = self.raw.as_ref()?;
        let rest = self.buffer.get(raw.start..self.at)?;
        Some([&raw.gone, rest].concat())
    }

    /// Returns a valid part of a value. An invalid part is `None` if the value is read to its end;
    /// [`Self::holds`] has the error then.
    pub(super) fn sound<T>(&mut self, part: Result<T, Corrupt>) -> Result<Option<T>, Fault> {
        match part {
            Ok(part) => Ok(Some(part)),
            Err(corrupt) if self.raw.is_some() => {
                self.broken.get_or_insert(corrupt);
                Ok(None)
            }
            Err(corrupt) => Err(corrupt.into()),
        }
    }

    /// Returns an error if a part of the value was invalid. The value has been read to its end.
    pub(super) fn holds(&mut self) -> Result<(), Corrupt> {
        self.broken.take().map_or(Ok(()), Err)
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// How many bytes were handed out.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Where `fault` was noticed: behind the bytes that were handed out, or at the end of all
    /// bytes.
    pub(crate) fn offset_of(&self, fault: &Fault) -> u64 {
        match fault {
            Fault::Truncated => self.base + self.filled as u64,
            _ => self.offset(),
        }
    }

    /// The bytes that came from the source and were not handed out.
    pub(super) fn buffered(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    /// Hands out the next `len` bytes of the buffer.
    pub(super) fn hand_out(&mut self, len: usize) -> &[u8] {
        let start = self.at;
        self.at = (self.at + len).min(self.filled);
        self.buffer.get(start..self.at).unwrap_or_default()
    }

    /// How many elements to make room for when `count` are promised. Each takes a byte at least, so
    /// there are no more than there are bytes.
    pub(super) fn room_for(&self, count: u64) -> usize {
        usize::try_from(count).unwrap_or(usize::MAX).min(self.filled - self.at)
    }

    /// Begins the budget of a new value.
    pub(super) fn reset_budget(&mut self) {
        self.budget = self.limits.value;
    }

    /// Takes `len` bytes from the budget of the value.
    pub(super) fn spend(&mut self, len: u64) -> Result<usize, Fault> {
        let limit = self.limits.string.min(self.budget);
        if len > limit {
            return Err(Fault::TooLong { len, limit });
        }
        self.budget -= len;
        usize::try_from(len).map_err(|_| Fault::TooLong { len, limit })
    }

    /// Returns the checksum of all bytes that were handed out.
    pub(super) fn checksum(&mut self) -> u64 {
        self.sum_up();
        self.checksum.value()
    }

    fn sum_up(&mut self) {
        self.checksum.update(self.buffer.get(self.summed..self.at).unwrap_or_default());
        self.summed = self.at;
    }

    /// Reads until `len` bytes, which the buffer can hold, are in the buffer.
    #[cold]
    fn fill(&mut self, len: usize) -> Result<(), Fault> {
        self.sum_up();
        if let Some(raw) = &mut self.raw {
            let leaving = self.buffer.get(raw.start..self.at).unwrap_or_default();
            if raw.gone.len() + leaving.len() > RAW_MAX {
                self.raw = None;
            } else {
                raw.gone.extend_from_slice(leaving);
                raw.start = 0;
            }
        }
        self.buffer.copy_within(self.at..self.filled, 0);
        self.base += self.at as u64;
        self.filled -= self.at;
        (self.at, self.summed) = (0, 0);
        while self.filled < len {
            let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match self.source.read(free) {
                Ok(0) => return Err(Fault::Truncated),
                // A source may claim more bytes than there was room for.
                Ok(read) => self.filled = (self.filled + read).min(self.buffer.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether the source has no more bytes.
    pub(crate) fn is_at_end(&mut self) -> Result<bool, Fault> {
        match self.ready(1) {
            Ok(_) => Ok(false),
            Err(Fault::Truncated) => Ok(true),
            Err(fault) => Err(fault),
        }
    }

    /// Returns the next `len` bytes without handing them out; no more than the buffer holds.
    fn ready(&mut self, len: usize) -> Result<&[u8], Fault> {
        if self.filled - self.at < len {
            self.fill(len)?;
        }
        self.buffer.get(self.at..self.at + len).ok_or(Fault::Truncated)
    }

    /// Hands out the next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        const { assert!(N <= 64, "the shortest buffer") };
        let bytes = self.ready(N)?.first_chunk().copied().ok_or(Fault::Truncated)?;
        self.at += N;
        Ok(bytes)
    }

    /// Hands out the next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// Hands the next `len` bytes to `take`, through memory of their own only if the buffer is too
    /// short for them.
    pub(super) fn with<T>(
        &mut self,
        len: usize,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Fault> {
        if len <= self.buffer.len() {
            let taken = take(self.ready(len)?);
            self.at += len;
            return Ok(taken);
        }
        let mut bytes = Vec::new();
        self.append(len, &mut bytes)?;
        Ok(take(&bytes))
    }

    /// Appends the next `len` bytes to `out`, taking memory as they come.
    pub(super) fn append(&mut self, len: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        if out.capacity() == 0 {
            out.reserve_exact(len.min(CHUNK));
        }
        let mut left = len;
        while left > 0 {
            if self.filled == self.at {
                self.fill(left.min(CHUNK).min(self.buffer.len()))?;
            }
            let piece = left.min(self.filled - self.at);
            let bytes = self.buffer.get(self.at..self.at + piece).ok_or(Fault::Truncated)?;
            out.extend_from_slice(bytes);
            self.at += piece;
            left -= piece;
        }
        if len > CHUNK && out.len() == len {
            out.shrink_to_fit();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that gives one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let len = into.len().min(self.0.len()).min(1);
            let (now, later) = self.0.split_at(len);
            into[..len].copy_from_slice(now);
            self.0 = later;
            Ok(len)
        }
    }

    #[test]
    fn counts_and_adds_up_what_was_handed_out_only() {
        let bytes: Vec<u8> = (0..1000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut input = Input::with_buffer(Drops(&bytes), Limits::default(), 64);
        assert_eq!(input.array::<3>().unwrap(), [0, 1, 2]);
        let mut out = Vec::new();
        input.append(500, &mut out).unwrap();
        assert_eq!(out, bytes[3..503]);
        assert_eq!(input.with(100, <[u8]>::to_vec).unwrap(), bytes[503..603]);
        assert_eq!(input.with(10, <[u8]>::to_vec).unwrap(), bytes[603..613]);
        assert_eq!((input.offset(), input.checksum()), (613, Checksum::of(&bytes[..613])));
        assert!(!input.is_at_end().unwrap());
        assert_eq!(input.byte().unwrap(), bytes[613]);
        assert_eq!(input.checksum(), Checksum::of(&bytes[..614]));
        input.append(386, &mut Vec::new()).unwrap();
        assert!(input.is_at_end().unwrap());
        assert!(matches!(input.byte(), Err(Fault::Truncated)));
    }

    #[test]
    fn takes_memory_as_bytes_come() {
        let mut input = Input::new(&[7; 100][..], Limits::default());
        let mut out = Vec::new();
        assert!(matches!(input.append(1 << 40, &mut out), Err(Fault::Truncated)));
        assert!(out.capacity() <= 2 * CHUNK, "{}", out.capacity());
    }

    #[test]
    fn a_budget_is_kept() {
        let mut input = Input::new(&[][..], Limits { string: 10, value: 15 });
        assert_eq!(input.spend(10).unwrap(), 10);
        assert!(matches!(input.spend(6), Err(Fault::TooLong { len: 6, limit: 5 })));
        input.reset_budget();
        assert!(matches!(input.spend(11), Err(Fault::TooLong { len: 11, limit: 10 })));
    }
}
