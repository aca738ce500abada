//! Which strings a server keeps in one piece with their header, and calls `embstr`.
//!
//! Measured, length by length: Redis up to 8.0 decides by the string alone; Redis 8.2 and Valkey
//! keep the key in the same piece, and room for its expiry. For Valkey 8.1 and 9.0, which could not
//! be measured, the limits are those that these versions state.

use crate::dialect::{Dialect, Vendor};

/// The longest string that any server embeds.
pub(crate) const MAX: usize = 128;
/// The longest embedded string if the key is elsewhere (`OBJ_ENCODING_EMBSTR_SIZE_LIMIT`).
const ALONE: usize = 44;
/// The number of bytes of an expiry.
const TIME: usize = 8;
/// The length of a key from which on its header is two bytes longer.
const LONG_KEY: usize = 32;

/// Returns how long a key and its string may be together; `None` if only the string counts.
fn room(dialect: Dialect) -> Option<usize> {
    const NEVER: (u8, u8) = (u8::MAX, 0);
    match dialect.vendor() {
        Vendor::Redis => dialect.since((8, 2), NEVER).then_some(41),
        Vendor::Valkey if dialect.since(NEVER, (9, 1)) => Some(113),
        Vendor::Valkey if dialect.since(NEVER, (9, 0)) => Some(105),
        Vendor::Valkey => dialect.since(NEVER, (8, 1)).then_some(41),
    }
}

/// Whether a string of `len` bytes that was set whole is embedded.
pub(super) fn fits(dialect: Dialect, key_len: usize, len: usize, expires: bool) -> bool {
    let both = key_len.saturating_add(len);
    match (room(dialect), dialect.vendor()) {
        (None, _) => len <= ALONE,
        (Some(room), Vendor::Valkey) => both + if key_len < LONG_KEY { 0 } else { 2 } <= room,
        // With a longer header the allocator rounds up by more than an expiry takes.
        (Some(room), Vendor::Redis) if expires => {
            both + TIME <= room || key_len >= LONG_KEY && (room - 1..=room).contains(&both)
        }
        (Some(room), Vendor::Redis) => both <= room,
    }
}

/// Whether a string that would be embedded is not, because the key had an expiry until now, for
/// which room is kept. To be called only if the lengths make it matter.
pub(crate) fn is_spoilt(
    dialect: Dialect,
    (key_len, len): (usize, usize),
    expires: bool,
    expired: impl FnOnce() -> bool,
) -> bool {
    let Some(room) = room(dialect) else { return false };
    let long = dialect.vendor() == Vendor::Valkey && key_len >= LONG_KEY;
    let needed = key_len.saturating_add(len) + TIME + if long { 2 } else { 0 };
    let keeps_room = expires || dialect.vendor() == Vendor::Valkey;
    needed > room && keeps_room && expired()
}
