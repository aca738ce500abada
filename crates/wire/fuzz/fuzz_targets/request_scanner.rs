//! However a request is cut up, it is read as the same request; what is read can be walked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_wire::resp::request::{ProtocolError, Request};
use tidegate_wire::resp::{Args, Limits, RequestScanner, RequestStep, inline};

fn scan<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    limits: &Limits,
) -> (Vec<Request>, Option<ProtocolError>) {
    let mut scanner = RequestScanner::default();
    let (mut buffer, mut requests) = (Vec::new(), Vec::new());
    let mut needed = 1;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while buffer.len() >= needed {
            match scanner.scan(&buffer, limits) {
                Ok(RequestStep::NeedMore { at_least }) => {
                    assert!(at_least > buffer.len());
                    needed = at_least;
                }
                Ok(RequestStep::Complete(request)) => {
                    let frame = &buffer[..request.len];
                    if request.inline {
                        let words = inline::split(frame, inline::Quotes::EndWords);
                        assert!(words.is_err() || words.unwrap().is_empty() == (request.argc == 0));
                    } else {
                        let args = Args::new(frame).to_vec();
                        assert_eq!(args.len(), request.argc);
                        assert_eq!(
                            args.first().copied().unwrap_or_default(),
                            request.name.of(frame)
                        );
                        assert_eq!(
                            args.get(1).copied().unwrap_or_default(),
                            request.second.of(frame)
                        );
                    }
                    buffer.drain(..request.len);
                    requests.push(request);
                    needed = 1;
                }
                Err(error) => return (requests, Some(error)),
            }
        }
    }
    (requests, None)
}

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (size, authenticated, bytes) = input;
    let limits = Limits { authenticated, ..Limits::default() };
    let whole = scan(std::iter::once(bytes), &limits);
    let pieces = scan(bytes.chunks(usize::from(size).max(1)), &limits);
    assert_eq!(whole, pieces);
});
