//! The layout of a HyperLogLog, and the errors about strings that do not have it.

use crate::call::CommandError;

/// The number of bits of a hash that select a register.
pub(super) const PRECISION: u32 = 14;
/// The number of registers.
pub(super) const REGISTERS: usize = 1 << PRECISION;
/// The number of bytes before the registers.
pub(super) const HEADER: usize = 16;

pub(super) const NOT_ONE: CommandError =
    CommandError::new("WRONGTYPE Key is not a valid HyperLogLog string value.");

/// The error for a sparse value whose runs are not as many registers as there have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrupt;

impl From<Corrupt> for CommandError {
    fn from(_: Corrupt) -> Self {
        Self::new("INVALIDOBJ Corrupted HLL object detected")
    }
}
