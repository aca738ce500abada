//! Making room within a run of bytes.

/// Makes room for `more` bytes.
pub(super) fn reserve(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        // Many small values share the memory: a little more than is needed is enough.
        bytes.reserve_exact(more + bytes.len() / 8);
    }
}

/// Makes the `old` bytes at `offset` `new` bytes long. The bytes that follow keep their distance
/// from the end; the caller fills the place. `offset + old` is no more than `bytes.len()`.
pub(super) fn resize_at(bytes: &mut Vec<u8>, offset: usize, old: usize, new: usize) {
    let (len, end) = (bytes.len(), offset + old);
    if new > old {
        let more = new - old;
        reserve(bytes, more);
        bytes.resize(len + more, 0);
        bytes.copy_within(end..len, offset + new);
    } else if new < old {
        bytes.copy_within(end..len, offset + new);
        bytes.truncate(len - (old - new));
    }
}
