//! Finds the ends of replies as a connection does. The fuzz target `reply_scanner` uses it too.

use tidegate_wire::resp::ReplyScanner;
use tidegate_wire::resp::reply::ReplyError;

/// Scans a stream that comes in pieces. The bytes that the scanner leaves are in front of the next
/// piece. Returns the lengths of the complete replies, and the error that ended the scan.
pub(crate) fn scan<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<usize>, Option<ReplyError>) {
    let mut scanner = ReplyScanner::default();
    let (mut buffer, mut lengths, mut len) = (Vec::new(), Vec::new(), 0);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            let step = match scanner.advance(&buffer) {
                Ok(step) => step,
                Err(error) => return (lengths, Some(error)),
            };
            assert!(step.consumed <= buffer.len(), "consumed more than there is");
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
