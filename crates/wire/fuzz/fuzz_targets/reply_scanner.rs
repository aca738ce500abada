//! However a reply is cut up, it ends at the same byte, and where redis-protocol says it does.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use redis_protocol::{resp2, resp3};
use tidegate_wire::resp::reply::reply_len;

#[path = "../../tests/scanners/scan_replies.rs"]
mod scan_replies;

use scan_replies::scan;

/// Whether redis-protocol may decode `bytes`. It recurses, so deep input would exhaust its stack;
/// and it reserves room for as many elements as a header promises.
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
