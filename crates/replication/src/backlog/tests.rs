//! Tests of the backlog, against a model.

use proptest::prelude::*;

use super::*;

/// Returns all bytes from `from` on.
fn rest(backlog: &Backlog, from: u64) -> Option<Vec<u8>> {
    let mut at = ReplOffset::new(from);
    let mut all = Vec::new();
    loop {
        let piece = backlog.read(at)?;
        if piece.bytes().is_empty() {
            return Some(all);
        }
        all.extend_from_slice(piece.bytes());
        at = at.plus(piece.bytes().len() as u64);
    }
}

#[test]
fn an_empty_backlog_has_the_offset_where_it_will_begin() {
    let mut backlog = Backlog::new(ByteSize::new(1), ReplOffset::new(1000));
    assert_eq!((backlog.size(), backlog.len(), backlog.first().get()), (16 << 10, 0, 1001));
    assert_eq!(rest(&backlog, 1001), Some(Vec::new()));
    assert_eq!(rest(&backlog, 1000), None);
    assert_eq!(rest(&backlog, 1002), None);
    backlog.append(b"abc");
    assert_eq!(rest(&backlog, 1002), Some(b"bc".to_vec()));
    backlog.restart(ReplOffset::new(5));
    assert_eq!(backlog.range(), ReplOffset::new(6)..=ReplOffset::new(5));
}

/// A piece that a reader holds does not change when the backlog goes on.
#[test]
fn a_block_outlives_the_backlog() {
    let mut backlog = Backlog::new(ByteSize::kib(16), ReplOffset::default());
    backlog.append(&[1; 1500]);
    let Some(Piece::Shared(piece)) = backlog.read(ReplOffset::new(1)) else { panic!() };
    backlog.append(&[2; 100_000]);
    assert_eq!(rest(&backlog, 1), None);
    assert_eq!(piece.bytes(), [1; 1024]);
    drop(backlog);
    assert_eq!(piece.bytes().len(), 1024);
}

#[test]
fn bytes_that_a_reader_needs_are_kept() {
    let mut backlog = Backlog::new(ByteSize::kib(16), ReplOffset::default());
    backlog.append(&[1; 2000]);
    backlog.keep_from(Some(ReplOffset::new(1500)));
    backlog.append(&[2; 100_000]);
    assert_eq!(rest(&backlog, 1500).map(|all| all.len()), Some(100_501));
    assert_eq!(rest(&backlog, 1000), None, "the block before it is not needed");
    backlog.keep_from(None);
    assert!(backlog.len() < (16 << 10) + 1024);
    assert_eq!(backlog.last(), ReplOffset::new(102_000));
}

#[derive(Clone, Debug)]
enum Act {
    Append(usize),
    Resize(u64),
    Restart(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => prop_oneof![0_usize..64, 0_usize..50_000].prop_map(Act::Append),
        1 => (0_u64..64).prop_map(Act::Resize),
        1 => (0_u64..1000).prop_map(Act::Restart),
    ]
}

proptest! {
    /// The model has the whole history, and the most bytes that were ever asked to be held.
    #[test]
    fn holds_the_last_bytes(acts in prop::collection::vec(act(), 1..40), probe in 0_u64..200_000) {
        let mut backlog = Backlog::new(ByteSize::kib(16), ReplOffset::default());
        let (mut before, mut all, mut size) = (0_u64, Vec::new(), 16 << 10);
        // The least that was held since, and the largest block.
        let (mut held, mut block) = (0, 1024);
        let mut fill = 0_u8;
        for act in acts {
            match act {
                Act::Append(len) => {
                    let bytes: Vec<u8> = (0..len).map(|_| { fill = fill.wrapping_mul(31).wrapping_add(7); fill }).collect();
                    backlog.append(&bytes);
                    all.extend(bytes);
                    held = (held + len).min(size);
                }
                Act::Resize(kib) => {
                    size = usize::try_from(kib.max(16) << 10).unwrap();
                    backlog.resize(ByteSize::kib(kib));
                    held = held.min(size);
                    block = block.max(size / 16);
                }
                Act::Restart(last) => {
                    backlog.restart(ReplOffset::new(last));
                    (before, held) = (last, 0);
                    all.clear();
                }
            }
            let len = backlog.len();
            prop_assert!(len >= held && len < size + block, "{len} {held} {size} {block}");
            prop_assert_eq!(backlog.last().get(), before + all.len() as u64);
            prop_assert_eq!(backlog.first().get(), backlog.last().get() + 1 - len as u64);
            let from = before + probe;
            let is_held = from >= backlog.first().get() && from <= backlog.last().get() + 1;
            let wanted = is_held.then(|| all[usize::try_from(from - before - 1).unwrap()..].to_vec());
            prop_assert_eq!(rest(&backlog, from), wanted);
        }
    }
}

#[test]
fn a_backlog_that_is_freed_counts_and_keeps_nothing() {
    let mut backlog = Backlog::new(ByteSize::kib(16), ReplOffset::new(100));
    backlog.append(&[b'x'; 50]);
    backlog.free();
    backlog.append(&[b'y'; 50]);
    assert_eq!((backlog.last().get(), backlog.len(), backlog.is_active()), (200, 0, false));
    assert!(backlog.read(ReplOffset::new(200)).is_none());
    backlog.activate();
    backlog.append(b"z");
    assert_eq!((backlog.first().get(), backlog.last().get()), (201, 201));
    assert_eq!(backlog.read(ReplOffset::new(201)).unwrap().bytes(), b"z");
}
