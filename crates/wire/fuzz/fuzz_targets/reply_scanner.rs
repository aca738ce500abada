//! However a reply is cut up, it ends at the same byte, and where redis-protocol says it does.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use redis_protocol::{resp2, resp3};
use tidegate_wire::resp::ReplyScanner;
use tidegate_wire::resp::reply::{ReplyError, reply_len};

fn scan<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<usize>, Option<ReplyError>) {
    let mut scanner = ReplyScanner::default();
    let (mut buffer, mut lengths, mut len) = (Vec::new(), Vec::new(), 0);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            let step = match scanner.advance(&buffer) {
                Ok(step) => step,
                Err(error) => return (lengths, Some(error)),
            };
            len += step.consumed;
            buffer.drain(..step.consumed);
            if !step.complete {
                break;
            }
            assert!(scanner.at_start());
            lengths.push(std::mem::take(&mut len));
        }
        assert_eq!(scanner.at_start(), len == 0);
    }
    (lengths, None)
}

/// redis-protocol recurses, so deep input would end in its stack; and it reserves room for as
/// many elements as a header promises.
fn fit_for_the_oracle(bytes: &[u8]) -> bool {
    let openers = bytes.iter().filter(|byte| b"*~>%|".contains(byte)).count();
    let digits = bytes.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).max();
    openers <= 64 && digits.unwrap_or(0) <= 4
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = scan(std::iter::once(bytes));
    assert_eq!(whole, scan(bytes.chunks(usize::from(size).max(1))));
    let Some(ours) = reply_len(bytes) else { return };
    if !fit_for_the_oracle(bytes) {
        return;
    }
    let input = Bytes::copy_from_slice(bytes);
    if let Ok(Some((_, theirs))) = resp2::decode::decode_bytes(&input) {
        assert_eq!(ours, theirs, "RESP2");
    } else if let Ok(Some((_, theirs))) = resp3::decode::complete::decode_bytes(&input) {
        assert_eq!(ours, theirs, "RESP3");
    }
});
