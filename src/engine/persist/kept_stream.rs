//! The end of the stream in a snapshot, and the name of the history before: sub-replicas that are a
//! little behind continue after a restart. Servers skip these fields.

use std::thread;
use std::time::Duration;

use crate::engine::Engine;
use tidegate_rdb::{WriteError, Writer};
use tidegate_replication::aof::Second;
use tidegate_replication::{Backlog, Position};
use tidegate_wire::resp::integer;
use tidegate_wire::units::{ByteSize, ReplId, ReplOffset};

/// The field with the name of the history before.
const SECOND_ID: &str = "tidegate-repl-id2";
/// The field with the first offset that no longer belongs to it.
const SECOND_OFFSET: &str = "tidegate-second-repl-offset";
/// The fields with the stream, piece by piece.
const STREAM: &str = "tidegate-repl-stream";
/// The most bytes of the stream that a snapshot gets.
const STREAM_MAX: u64 = 64 << 20;
/// How often, and how many times at most, it is looked whether the stream has come so far.
const LOOK: Duration = Duration::from_millis(1);
const LOOKS: usize = 1000;

/// Writes the fields for a snapshot of the data at `position`. If the stream does not come so far in
/// time, or its history has another name by now, there are none.
pub(super) fn write(
    engine: &Engine,
    position: Position,
    writer: &mut Writer<Vec<u8>>,
) -> Result<(), WriteError> {
    for _ in 0..LOOKS {
        let info = engine.link_info();
        if info.identity.replid() != position.replid {
            return Ok(());
        }
        let backlog = info.source.backlog();
        if backlog.last() < position.offset {
            // The link appends what it has applied a moment later.
            drop(info);
            thread::park_timeout(LOOK);
            continue;
        }
        let pieces = pieces(backlog, position.offset);
        let second = info.identity.second();
        drop(info);
        if let Some((replid, ends)) = second {
            writer.aux(SECOND_ID.as_bytes(), replid.as_str().as_bytes())?;
            writer.aux(SECOND_OFFSET.as_bytes(), &integer::text(ends.get()))?;
        }
        return pieces.iter().try_for_each(|piece| writer.aux(STREAM.as_bytes(), piece));
    }
    Ok(())
}

/// Returns copies of the last pieces of the stream up to `last`.
fn pieces(backlog: &Backlog, last: ReplOffset) -> Vec<Vec<u8>> {
    let most = ReplOffset::new(last.get().saturating_sub(STREAM_MAX)).next();
    let mut from = backlog.first().max(most);
    let mut pieces = Vec::new();
    while from <= last {
        let Some(piece) = backlog.read(from) else { break };
        let left = usize::try_from(last.next().since(from)).unwrap_or(usize::MAX);
        let bytes = piece.bytes();
        let bytes = bytes.get(..left).unwrap_or(bytes);
        if bytes.is_empty() {
            break;
        }
        pieces.push(bytes.to_vec());
        from = from.plus(bytes.len() as u64);
    }
    pieces
}

/// What a snapshot contains of the stream.
#[derive(Debug, Default)]
pub(in crate::engine) struct KeptStream {
    second: (Option<ReplId>, Option<ReplOffset>),
    pieces: Vec<Vec<u8>>,
}

impl KeptStream {
    /// Takes a field of the file.
    pub(super) fn hear(&mut self, key: &[u8], value: &[u8]) {
        if key == STREAM.as_bytes() {
            self.pieces.push(value.to_vec());
        } else if key == SECOND_ID.as_bytes() {
            self.second.0 = ReplId::parse(value).ok();
        } else if key == SECOND_OFFSET.as_bytes() {
            let offset = integer::parse(value).and_then(|it| u64::try_from(it).ok());
            self.second.1 = offset.map(ReplOffset::new);
        }
    }

    /// The history before.
    pub(super) fn second(&self) -> Second {
        self.second.0.zip(self.second.1)
    }

    /// Returns a backlog of this size that ends at `last`.
    pub(super) fn backlog(&self, size: ByteSize, last: ReplOffset) -> Backlog {
        let len = self.pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        let Some(before) = last.get().checked_sub(len) else { return Backlog::new(size, last) };
        let mut backlog = Backlog::new(size, ReplOffset::new(before));
        self.pieces.iter().for_each(|piece| backlog.append(piece));
        backlog
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_up_to_the_snapshot_is_kept() {
        let size = ByteSize::kib(16);
        let mut backlog = Backlog::new(size, ReplOffset::new(1000));
        let bytes: Vec<u8> = (0..40_000_u32).map(|at| (at % 251) as u8).collect();
        backlog.append(&bytes);
        let last = ReplOffset::new(1000 + 39_990);
        let mut kept = KeptStream::default();
        for piece in pieces(&backlog, last) {
            kept.hear(STREAM.as_bytes(), &piece);
        }
        let again = kept.backlog(size, last);
        assert_eq!((again.last(), again.first()), (last, backlog.first()));
        let first = again.read(again.first()).unwrap();
        let at = usize::try_from(again.first().get() - 1001).unwrap();
        assert_eq!(first.bytes(), &bytes[at..at + first.bytes().len()]);
        assert_eq!(pieces(&backlog, ReplOffset::new(17)).len(), 0);
        assert_eq!(KeptStream::default().backlog(size, last).len(), 0);
        kept.pieces.push(vec![0; 50_000]);
        assert_eq!(kept.backlog(size, last).len(), 0, "more than there can be");
    }

    #[test]
    fn the_history_before_needs_both_fields() {
        let mut kept = KeptStream::default();
        kept.hear(SECOND_ID.as_bytes(), "a".repeat(40).as_bytes());
        assert_eq!(kept.second(), None);
        kept.hear(SECOND_OFFSET.as_bytes(), b"17");
        assert_eq!(kept.second().map(|(_, ends)| ends.get()), Some(17));
    }
}
