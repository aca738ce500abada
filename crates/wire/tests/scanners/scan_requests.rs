//! Reads requests as the task of a client does. The fuzz target `request_scanner` uses it too.

use tidegate_wire::resp::request::{ProtocolError, Request};
use tidegate_wire::resp::{Limits, RequestScanner, RequestStep};

/// Scans a stream that comes in pieces: asks again when there is more, and drops the complete
/// requests after it has called `each` with the request and its frame. Returns the requests, the
/// number of bytes that are left, and the error that ended the scan.
pub(crate) fn scan<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: &Limits,
    each: impl Fn(&Request, &[u8]),
) -> (Vec<Request>, usize, Option<ProtocolError>) {
    let mut scanner = RequestScanner::default();
    let (mut buffer, mut requests) = (Vec::new(), Vec::new());
    let mut needed = 1;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while buffer.len() >= needed {
            match scanner.scan(&buffer, limits) {
                Ok(RequestStep::NeedMore { at_least }) => {
                    assert!(at_least > buffer.len(), "wants no more than it has");
                    needed = at_least;
                }
                Ok(RequestStep::Complete(request)) => {
                    assert!((1..=buffer.len()).contains(&request.len));
                    each(&request, &buffer[..request.len]);
                    buffer.drain(..request.len);
                    requests.push(request);
                    needed = 1;
                }
                Err(error) => return (requests, buffer.len(), Some(error)),
            }
        }
    }
    (requests, buffer.len(), None)
}
