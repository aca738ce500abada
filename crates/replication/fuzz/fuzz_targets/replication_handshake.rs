//! However a master's answers are cut up, the replica sends the same and understands the same, from
//! the first answer to the last byte of the payload. No byte of the mark is taken for payload.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_replication::{
    Ask, Form, Handshake, HandshakeError, Introduction, Outcome, PayloadError, PayloadReader,
};
use tidegate_wire::units::{ReplId, ReplOffset, Secret};

/// The longest payload, in bytes.
const LIMIT: u64 = 1 << 12;

#[derive(Debug, Default, PartialEq)]
struct Link {
    said: Vec<u8>,
    outcome: Option<Outcome>,
    failed: Option<HandshakeError>,
    /// Where the bytes of the handshake end.
    begun: usize,
    payload: Vec<u8>,
    form: Option<Form>,
    no_payload: Option<PayloadError>,
    /// The bytes behind the payload, once it is complete.
    stream: Option<Vec<u8>>,
}

fn shake<'a>(pieces: impl Iterator<Item = &'a [u8]>, flags: u8) -> Link {
    let introduction = Introduction {
        user: if flags & 1 == 0 { String::new() } else { "user".to_owned() },
        password: Secret::new(if flags & 2 == 0 { "" } else { "password" }),
        port: 6390,
        ip: (flags & 4 != 0).then(|| "10.0.0.1".to_owned()),
    };
    let rest = Ask::Rest { replid: ReplId::ZERO, first: ReplOffset::new(7) };
    let ask = if flags & 8 == 0 { Ask::Full } else { rest };
    let mut link = Link::default();
    let mut handshake = Handshake::begin(introduction, ask, &mut link.said);
    let mut reader = PayloadReader::new(LIMIT);
    let mut seen = 0;
    for mut piece in pieces {
        let before = seen;
        seen += piece.len();
        if link.outcome.is_none() {
            match handshake.feed(piece, &mut link.said) {
                Ok(progress) => {
                    assert!(progress.outcome.is_some() || progress.consumed == piece.len());
                    link.outcome = progress.outcome;
                    if link.outcome.is_some() {
                        link.begun = before + progress.consumed;
                    }
                    piece = &piece[progress.consumed..];
                }
                Err(error) => {
                    link.failed = Some(error);
                    return link;
                }
            }
        }
        if matches!(link.outcome, Some(Outcome::Continue(_))) {
            link.stream.get_or_insert_default();
        }
        while link.stream.is_none() && !piece.is_empty() {
            match reader.feed(piece) {
                Ok(found) => {
                    link.payload.extend_from_slice(found.first);
                    link.payload.extend_from_slice(found.second);
                    piece = &piece[found.consumed..];
                    if found.complete {
                        link.stream = Some(Vec::new());
                    }
                }
                Err(error) => {
                    link.no_payload = Some(error);
                    return link;
                }
            }
        }
        link.form = reader.form();
        if let Some(stream) = &mut link.stream {
            stream.extend_from_slice(piece);
        }
    }
    link
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (size, flags, bytes) = input;
    let mut whole = shake(std::iter::once(bytes), flags);
    let mut pieces = shake(bytes.chunks(usize::from(size).max(1)), flags);
    if whole.no_payload.is_some() {
        // A payload that exceeds the limit is reported when the excess is seen. How much of it had
        // been handed out by then depends on the pieces.
        assert!(pieces.no_payload.is_some());
        if matches!(whole.no_payload, Some(PayloadError::TooLong { .. })) {
            for link in [&mut whole, &mut pieces] {
                link.payload.clear();
                link.no_payload = None;
                link.form = None;
            }
        }
        whole.form = pieces.form;
    }
    assert_eq!(whole, pieces);
    if let (Some(Form::Marked), Some(_)) = (whole.form, &whole.stream) {
        // Only empty lines come before the header.
        let header = &bytes[whole.begun..];
        let at = header.windows(5).position(|window| window == b"$EOF:").unwrap() + 5;
        let mark = &header[at..at + 40];
        assert!(!whole.payload.windows(40).any(|window| window == mark));
    }
});
