//! Replies of servers, and the scanner that finds their ends. The benchmark and the test that
//! nothing allocates share it.

use tidegate_wire::resp::{ReplyScanner, encode};

/// Finds the ends of all replies in `buf`. Returns how many there are.
pub(crate) fn replies(mut buf: &[u8]) -> usize {
    let mut scanner = ReplyScanner::default();
    let mut count = 0;
    while let Ok(step) = scanner.advance(buf) {
        if !step.complete {
            break;
        }
        count += 1;
        buf = &buf[step.consumed..];
    }
    count
}

/// The names of the replies.
pub(crate) const REPLIES: [&str; 5] = ["ok", "bulk_64b", "pipeline_16", "array_100", "bulk_64kib"];

/// Returns the bytes of the replies called `name`.
pub(crate) fn reply(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bulks = |count: usize, len| {
        (0..count).for_each(|_| encode::bulk(&mut out, &vec![b'x'; len]));
    };
    match name {
        "ok" => return b"+OK\r\n".to_vec(),
        "bulk_64b" => bulks(1, 64),
        "pipeline_16" => bulks(16, 64),
        "array_100" => {
            bulks(100, 64);
            return [b"*100\r\n", out.as_slice()].concat();
        }
        "bulk_64kib" => bulks(1, 64 * 1024),
        other => panic!("no reply is called {other}"),
    }
    out
}
