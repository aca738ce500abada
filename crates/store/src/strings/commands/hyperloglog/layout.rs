//! The layout of a HyperLogLog, and the errors about strings that do not have it.

use crate::call::CommandError;

/// The bits of a hash that choose a register.
pub(super) const PRECISION: u32 = 14;
/// The number of registers.
pub(super) const REGISTERS: usize = 1 << PRECISION;
/// Bytes before the registers.
pub(super) const HEADER: usize = 16;

pub(super) const NOT_ONE: CommandError =
    CommandError::new("WRONGTYPE Key is not a valid HyperLogLog string value.");

/// The runs of a sparse one are not as many registers as there have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrupt;

impl From<Corrupt> for CommandError {
    fn from(_: Corrupt) -> Self {
        Self::new("INVALIDOBJ Corrupted HLL object detected")
    }
}
