//! The request scanner: however a request is cut up, it is read as the same request.

use super::input::{cut, noise};
use super::scan_requests;
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_wire::resp::request::{ProtocolError, Request};
use tidegate_wire::resp::{Args, Limits, RequestScanner, RequestStep, encode, inline};

type Scanned = (Vec<Request>, usize, Option<ProtocolError>);

fn scan<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: &Limits) -> Scanned {
    scan_requests::scan(pieces, limits, |_, _| {})
}

/// One request: its words, and whether it is written inline.
fn request() -> impl Strategy<Value = (Vec<Vec<u8>>, bool)> {
    let hostile = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'$'), Just(b'*'), any::<u8>()];
    let word = prop_oneof![8 => vec(hostile, 0..24), 1 => vec(any::<u8>(), 95..1_050)];
    let inline_word = "[a-z0-9]{1,12}".prop_map(String::into_bytes);
    prop_oneof![
        6 => vec(word, 0..12).prop_map(|words| (words, false)),
        1 => vec(inline_word, 0..5).prop_map(|words| (words, true)),
        1 => vec(Just(b"x".to_vec()), 98..130).prop_map(|words| (words, false)),
    ]
}

fn encoded(words: &[Vec<u8>], inline: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if inline {
        out = words.join(&b' ');
        out.extend_from_slice(b"\r\n");
    } else {
        encode::request(&mut out, words.iter());
    }
    out
}

fn check(
    (words, inline): &(Vec<Vec<u8>>, bool),
    request: &Request,
    frame: &[u8],
) -> Result<(), TestCaseError> {
    prop_assert_eq!(request.len, frame.len());
    prop_assert_eq!(request.inline, *inline);
    if *inline {
        prop_assert_eq!(request.argc == 0, words.is_empty());
        prop_assert_eq!(&inline::split(frame, inline::Quotes::EndWords).expect("words"), words);
        return Ok(());
    }
    let word = |at: usize| words.get(at).map(Vec::as_slice);
    prop_assert_eq!(request.argc, words.len());
    prop_assert_eq!(request.name.of(frame), word(0).unwrap_or_default());
    prop_assert_eq!(request.second.of(frame), word(1).unwrap_or_default());
    prop_assert_eq!(&Args::new(frame).to_vec(), words);
    prop_assert_eq!(Args::new(frame).at(words.len()), None);
    Ok(())
}

/// Bytes that are likely to look like requests for a while.
fn request_noise() -> impl Strategy<Value = Vec<u8>> {
    let tokens = vec![
        &b"\r\n"[..],
        b"\r",
        b"\n",
        b"*",
        b"$",
        b"0",
        b"1",
        b"2",
        b"10",
        b"-1",
        b"+",
        b"\0",
        b"*1\r\n",
        b"*2\r\n",
        b"$4\r\n",
        b"PING",
        b"$4\r\nPING\r\n",
        b"PING\r\n",
        b"*11\r\n",
        b"$16385\r\n",
        b"9223372036854775807",
        b"2147483647",
        b" ",
        b"\x0b",
        b"\"",
        b"'",
    ];
    noise(8, tokens)
}

proptest! {
    #[test]
    fn no_cut_changes_a_request(
        requests in vec(request(), 1..4),
        sizes in vec(1_usize..40, 1..6),
    ) {
        let frames: Vec<_> = requests.iter().map(|(words, inline)| encoded(words, *inline)).collect();
        let (stream, limits) = (frames.concat(), Limits::default());
        let whole = scan([stream.as_slice()], &limits);
        prop_assert_eq!((whole.1, whole.2), (0, None));
        prop_assert_eq!(whole.0.len(), requests.len());
        for ((words, request), frame) in requests.iter().zip(&whole.0).zip(&frames) {
            check(words, request, frame)?;
        }
        prop_assert_eq!(&scan(stream.chunks(1), &limits), &whole);
        prop_assert_eq!(&scan(cut(&stream, &sizes), &limits), &whole);
        for at in 1..stream.len() {
            let (head, tail) = stream.split_at(at);
            prop_assert_eq!(&scan([head, tail], &limits), &whole, "cut at {}", at);
        }
    }

    /// More is asked for only where it belongs to the request.
    #[test]
    fn never_waits_for_more_than_the_request(words in request().prop_map(|(words, _)| words)) {
        let frame = encoded(&words, false);
        for end in 0..frame.len() {
            match RequestScanner::default().scan(&frame[..end], &Limits::default()) {
                Ok(RequestStep::NeedMore { at_least }) => {
                    prop_assert!((end + 1..=frame.len()).contains(&at_least));
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn no_cut_changes_what_any_bytes_mean(
        bytes in request_noise(),
        sizes in vec(1_usize..20, 1..6),
        authenticated in any::<bool>(),
        bulk_max in prop_oneof![Just(i64::MAX), Just(4)],
    ) {
        let limits = Limits { authenticated, bulk_max };
        let (requests, left, error) = scan([bytes.as_slice()], &limits);
        let len: usize = requests.iter().map(|request| request.len).sum();
        prop_assert_eq!(len + left, bytes.len());
        for pieces in [scan(bytes.chunks(1), &limits), scan(cut(&bytes, &sizes), &limits)] {
            prop_assert_eq!(&pieces.0, &requests);
            prop_assert_eq!(pieces.2, error);
        }
    }

    /// The readers of complete frames take incomplete and senseless ones too.
    #[test]
    fn any_bytes_are_survived(bytes in request_noise(), index in 0_usize..4) {
        let args = Args::new(&bytes).to_vec();
        prop_assert!(args.iter().map(|arg| arg.len()).sum::<usize>() <= bytes.len());
        prop_assert_eq!(Args::new(&bytes).at(index), args.get(index).copied());
        let words = inline::split(&bytes, inline::Quotes::EndWords).unwrap_or_default();
        prop_assert!(words.iter().map(Vec::len).sum::<usize>() <= bytes.len());
    }
}

#[test]
fn an_error_is_written_byte_for_byte() {
    let mut out = Vec::new();
    for (byte, text) in [(b'x', b'x'), (0xff, 0xff), (b'\n', b' '), (b'\r', b' '), (0x7f, 0x7f)] {
        out.clear();
        ProtocolError::ExpectedBulk(byte).reply(&mut out);
        assert_eq!(
            out,
            [b"-ERR Protocol error: expected '$', got '", &[text][..], b"'\r\n"].concat()
        );
    }
}
