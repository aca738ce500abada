//! Changing a part of a string in place.

use crate::call::CommandError;
use crate::execution::WriteCx;
use crate::keyspace::Slot;
use crate::values::strings::value::{Str, extend};

/// Changes a string in place once it is `len` bytes long. Zeros are added to a shorter one, which
/// `change` is told.
pub(crate) fn overwrite<R>(
    cx: &mut WriteCx<'_>,
    key: &[u8],
    len: usize,
    change: impl FnOnce(&mut [u8], bool) -> R,
) -> Result<R, CommandError> {
    let there = cx.slot_mut(key).and_then(Slot::str_mut).filter(|bytes| bytes.len() >= len);
    if let Some(bytes) = there {
        return Ok(change(bytes, false));
    }
    cx.edit_or_new::<Str, _>(key, |text| {
        extend(text.edit(), len)?;
        Ok(change(text.edit(), true))
    })
}
