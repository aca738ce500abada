//! How replies show entries.

use super::id;
use super::nodes::Range;
use crate::call::Reply;
use tidegate_rdb::{Element, StreamEntry};

/// Writes an entry: its id, and its fields and values in turns.
pub(crate) fn entry(reply: &mut Reply<'_>, entry: &StreamEntry<'_>) {
    reply.array(2);
    id::write(reply, entry.id);
    reply.array(entry.len().saturating_mul(2));
    for (field, value) in entry.fields() {
        element(reply, field);
        element(reply, value);
    }
}

/// Writes at most `count` entries; 0 is all. Returns how many were written.
pub(crate) fn entries(reply: &mut Reply<'_>, range: Range<'_>, count: usize) -> usize {
    let mark = reply.mark();
    let limit = if count == 0 { usize::MAX } else { count };
    let mut written = 0;
    for found in range.take(limit) {
        if reply.is_over() {
            break;
        }
        entry(reply, &found);
        written += 1;
    }
    reply.array_at(mark, written);
    written
}

fn element(reply: &mut Reply<'_>, element: Element<'_>) {
    match element {
        Element::Bytes(bytes) => reply.bulk(bytes),
        Element::Int(number) => reply.bulk_int(number),
    }
}
