//! Single bits of strings. Bit 0 is the highest of the first byte.

use crate::call::{CommandError, EventClass, Reply};
use crate::commands::strings::overwrite::overwrite;
use crate::commands::strings::ranges::MAX_LEN;
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::values::strings::Str;
use tidegate_rdb::Limits;
use tidegate_wire::resp::integer;

pub(super) const COMMANDS: &[Row] = &[Row::read("getbit", getbit), Row::write("setbit", setbit)];

/// `getBitOffsetFromArgument`
pub(super) const BAD_OFFSET: CommandError =
    CommandError::new("ERR bit offset is not an integer or out of range");

/// Returns the length of the longest string in which a bit may be named, in bytes.
pub(super) fn max_len(from_master: bool) -> u64 {
    if from_master { Limits::default().string } else { MAX_LEN }
}

/// Reads the number of a bit. `unit` is the number of bits that an offset with a hash sign counts,
/// where that is allowed.
pub(super) fn offset(
    word: &[u8],
    unit: Option<u32>,
    from_master: bool,
) -> Result<u64, CommandError> {
    let (word, unit) = match (word, unit) {
        ([b'#', rest @ ..], Some(unit)) => (rest, u64::from(unit)),
        _ => (word, 1),
    };
    let number = integer::parse(word).and_then(|number| u64::try_from(number).ok());
    let offset = number.and_then(|number| number.checked_mul(unit)).ok_or(BAD_OFFSET)?;
    if offset / 8 >= max_len(from_master) {
        return Err(BAD_OFFSET);
    }
    Ok(offset)
}

/// Returns the byte of a bit, and its place in it.
fn place(bit: u64) -> (usize, u8) {
    let mask = 0x80_u8 >> (bit % 8);
    (usize::try_from(bit / 8).unwrap_or(usize::MAX), mask)
}

/// `GETBIT key offset`
fn getbit(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (byte, mask) = place(offset(args[2], None, false)?);
    let text = cx.read::<Str>(args[1])?;
    let bit = text.and_then(|text| text.bytes.get(byte).map(|byte| byte & mask != 0));
    reply.int(i64::from(bit.unwrap_or(false)));
    Ok(())
}

/// `SETBIT key offset value`
fn setbit(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (at, mask) = place(offset(args[2], None, cx.from_master)?);
    let on = match integer::parse(args[3]) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(CommandError::new("ERR bit is not an integer or out of range")),
    };
    let (before, has_grown) = overwrite(cx, args[1], at.saturating_add(1), |bytes, has_grown| {
        let Some(byte) = bytes.get_mut(at) else { return (false, has_grown) };
        let before = *byte & mask != 0;
        *byte = if on { *byte | mask } else { *byte & !mask };
        (before, has_grown)
    })?;
    if has_grown || before != on || !cx.dialect().ignores_equal_bits() {
        cx.signal(EventClass::String, "setbit", args[1]);
        cx.dirty(1);
    }
    reply.int(i64::from(before));
    Ok(())
}
