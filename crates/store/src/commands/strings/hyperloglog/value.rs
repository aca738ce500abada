//! A string that is a HyperLogLog: its header and its registers, and how they change.
//!
//! `HYLL`, one byte for the form of the registers, three bytes of zero, the number of elements when
//! it was last counted (eight bytes, the highest bit set when it is out of date), and the
//! registers.

use super::estimate::{self, Histogram};
use super::layout::{Corrupt, HEADER, NOT_ONE, REGISTERS};
use super::sparse::{self, Raised, Rule};
use super::{dense, hash};
use crate::call::CommandError;

const MAGIC: &[u8; 4] = b"HYLL";
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
/// The bytes with the number of elements.
const COUNT: std::ops::Range<usize> = 8..16;
/// The bit in the last of them that says that the number is out of date.
const STALE: u8 = 0x80;

/// A HyperLogLog, borrowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    bytes: &'a [u8],
}

/// A HyperLogLog, to be changed.
#[derive(Debug)]
pub(super) struct Edit<'a> {
    bytes: &'a mut Vec<u8>,
    /// The longest sparse value, in bytes.
    max_sparse: usize,
    rule: Rule,
}

/// Returns an empty HyperLogLog.
pub(super) fn empty() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 2);
    bytes.extend_from_slice(MAGIC);
    bytes.push(SPARSE);
    bytes.resize(HEADER, 0);
    sparse::push_empty(&mut bytes);
    bytes
}

impl<'a> View<'a> {
    /// Takes a string that has to be a HyperLogLog (`isHLLObjectOrReply`).
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, CommandError> {
        let is_one = bytes.len() >= HEADER
            && bytes.starts_with(MAGIC)
            && match bytes.get(MAGIC.len()) {
                Some(&DENSE) => bytes.len() == HEADER + dense::LEN,
                Some(&SPARSE) => true,
                _ => false,
            };
        if is_one { Ok(Self { bytes }) } else { Err(NOT_ONE) }
    }

    pub(super) fn is_dense(self) -> bool {
        self.bytes.get(MAGIC.len()) == Some(&DENSE)
    }

    /// Returns the number of elements, if it is up to date.
    pub(super) fn counted(self) -> Option<u64> {
        let bytes = self.bytes.get(COUNT)?.try_into().ok()?;
        let count = u64::from_le_bytes(bytes);
        (count >> 63 == 0).then_some(count)
    }

    /// Counts the elements.
    pub(super) fn count(self) -> Result<u64, Corrupt> {
        let mut histogram: Histogram = [0; 64];
        if self.is_dense() {
            for register in dense::registers(self.bytes) {
                histogram[usize::from(register & 63)] += 1;
            }
        } else {
            sparse::check(self.bytes, Rule::Strict)?;
            for run in sparse::runs(self.bytes) {
                histogram[usize::from(run.value() & 63)] += u32::try_from(run.len()).unwrap_or(0);
            }
        }
        Ok(estimate::cardinality(&histogram))
    }

    /// Raises each of `registers` to its value here (`hllMerge`).
    pub(super) fn merge_into(self, registers: &mut [u8], rule: Rule) -> Result<(), Corrupt> {
        if self.is_dense() {
            for (register, mine) in registers.iter_mut().zip(dense::registers(self.bytes)) {
                *register = mine.max(*register);
            }
            return Ok(());
        }
        sparse::check(self.bytes, rule)?;
        let mut registers = registers.iter_mut();
        for run in sparse::runs(self.bytes) {
            for register in registers.by_ref().take(run.len()) {
                *register = run.value().max(*register);
            }
        }
        Ok(())
    }

    /// Returns all registers.
    pub(super) fn registers(self, rule: Rule) -> Result<Vec<u8>, Corrupt> {
        let mut registers = vec![0; REGISTERS];
        self.merge_into(&mut registers, rule)?;
        Ok(registers)
    }

    /// Returns the runs of a sparse value.
    pub(super) fn runs(self) -> impl Iterator<Item = sparse::Run> {
        sparse::runs(self.bytes)
    }
}

impl<'a> Edit<'a> {
    /// Takes a string that has to be a HyperLogLog.
    pub(super) fn of(
        bytes: &'a mut Vec<u8>,
        max_sparse: usize,
        rule: Rule,
    ) -> Result<Self, CommandError> {
        View::of(bytes)?;
        Ok(Self { bytes, max_sparse, rule })
    }

    pub(super) fn view(&self) -> View<'_> {
        View { bytes: self.bytes }
    }

    /// Adds an element. Returns whether anything changed.
    pub(super) fn add(&mut self, element: &[u8]) -> Result<bool, Corrupt> {
        let (register, count) = hash::place(element);
        self.raise(register, count)
    }

    /// Raises a register to `count`. Returns whether it was less.
    pub(super) fn raise(&mut self, register: usize, count: u8) -> Result<bool, Corrupt> {
        if !self.view().is_dense() {
            match sparse::raise(self.bytes, register, count, self.max_sparse)? {
                Raised::No => return Ok(false),
                Raised::Yes => {
                    self.outdate();
                    return Ok(true);
                }
                Raised::Dense => self.make_dense()?,
            }
        }
        Ok(dense::raise(self.bytes, register, count))
    }

    /// Gives each register its own six bits.
    pub(super) fn make_dense(&mut self) -> Result<(), Corrupt> {
        if self.view().is_dense() {
            return Ok(());
        }
        let registers = self.view().registers(self.rule)?;
        self.bytes.truncate(HEADER);
        self.bytes.reserve_exact(dense::LEN);
        self.bytes.resize(HEADER + dense::LEN, 0);
        if let Some(form) = self.bytes.get_mut(MAGIC.len()) {
            *form = DENSE;
        }
        for (register, &count) in registers.iter().enumerate().filter(|(_, count)| **count > 0) {
            dense::raise(self.bytes, register, count);
        }
        Ok(())
    }

    /// Marks the number of elements as out of date.
    pub(super) fn outdate(&mut self) {
        if let Some(byte) = self.bytes.get_mut(COUNT.end - 1) {
            *byte |= STALE;
        }
    }

    /// Stores the number of elements.
    pub(super) fn set_count(&mut self, count: u64) {
        if let Some(place) = self.bytes.get_mut(COUNT) {
            place.copy_from_slice(&count.to_le_bytes());
        }
    }
}
