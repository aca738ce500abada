//! However a request is cut up, it is read as the same request; what is read can be walked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_wire::resp::request::Request;
use tidegate_wire::resp::{Args, Limits, inline};

#[path = "../../tests/scanners/scan_requests.rs"]
mod scan_requests;

use scan_requests::scan;

/// Checks that the words of a request can be walked, and are those that the scanner found.
fn check(request: &Request, frame: &[u8]) {
    if request.inline {
        let words = inline::split(frame, inline::Quotes::EndWords);
        assert!(words.is_err() || words.unwrap().is_empty() == (request.argc == 0));
    } else {
        let args = Args::new(frame).to_vec();
        assert_eq!(args.len(), request.argc);
        assert_eq!(args.first().copied().unwrap_or_default(), request.name.of(frame));
        assert_eq!(args.get(1).copied().unwrap_or_default(), request.second.of(frame));
    }
}

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (size, authenticated, bytes) = input;
    let limits = Limits { authenticated, ..Limits::default() };
    let whole = scan(std::iter::once(bytes), &limits, check);
    let pieces = scan(bytes.chunks(usize::from(size).max(1)), &limits, check);
    assert_eq!((whole.0, whole.2), (pieces.0, pieces.2));
});
