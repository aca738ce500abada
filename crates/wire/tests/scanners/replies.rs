//! The reply scanner against redis-protocol: however a reply is cut up, both see the same frames.

use super::input::{cut, noise};
use super::scan_replies::scan;
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use redis_protocol::{resp2, resp3};
use tidegate_wire::resp::reply::{ReplyError, reply_len};
use tidegate_wire::resp::{ReplyScanner, limits};

fn bytewise(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(1)
}

fn line(kind: char, text: impl std::fmt::Display) -> Vec<u8> {
    format!("{kind}{text}\r\n").into_bytes()
}

fn blob(kind: char, bytes: &[u8]) -> Vec<u8> {
    [line(kind, bytes.len()).as_slice(), bytes, b"\r\n"].concat()
}

fn aggregate(kind: char, count: usize, elements: &[Vec<u8>]) -> Vec<u8> {
    [line(kind, count), elements.concat()].concat()
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let hostile = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'$'), Just(b'*'), any::<u8>()];
    prop_oneof![8 => vec(hostile, 0..24), 1 => vec(any::<u8>(), 90..1_100)]
}

/// Text of a line: anything without CRLF in it, lone CRs and LFs included.
fn text() -> impl Strategy<Value = String> {
    "[ -~\r\n]{0,30}".prop_map(|text| text.replace("\r\n", " ").trim_end_matches('\r').to_owned())
}

fn scalar2() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        text().prop_map(|t| line('+', t)),
        text().prop_map(|t| line('-', t)),
        any::<i64>().prop_map(|n| line(':', n)),
        payload().prop_map(|bytes| blob('$', &bytes)),
    ]
    .boxed()
}

fn frame2() -> impl Strategy<Value = Vec<u8>> {
    let nulls = prop_oneof![Just(b"$-1\r\n".to_vec()), Just(b"*-1\r\n".to_vec())];
    prop_oneof![4 => scalar2(), 1 => nulls].prop_recursive(5, 64, 12, |inner| {
        vec(inner, 0..12).prop_map(|elements| aggregate('*', elements.len(), &elements))
    })
}

fn scalar3() -> BoxedStrategy<Vec<u8>> {
    let double = prop_oneof![
        any::<f64>().prop_map(|n| line(',', n)),
        prop::sample::select(vec![",inf\r\n", ",-inf\r\n", ",nan\r\n", ",1e300\r\n", ",10\r\n"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        4 => scalar2(),
        1 => any::<bool>().prop_map(|yes| line('#', if yes { 't' } else { 'f' })),
        1 => double,
        1 => "-?[1-9][0-9]{0,60}".prop_map(|digits| line('(', digits)),
        1 => payload().prop_map(|bytes| blob('!', &bytes)),
        1 => (any::<bool>(), payload()).prop_map(|(markdown, bytes)| {
            let format: &[u8] = if markdown { b"mkd:" } else { b"txt:" };
            blob('=', &[format, &bytes].concat())
        }),
    ]
    .boxed()
}

/// Keys of maps and elements of sets are scalars, and nothing has an attribute that is null:
/// redis-protocol can't hold those. It counts a push among the elements of another value, so a push
/// is at the top here.
fn frame3() -> impl Strategy<Value = Vec<u8>> {
    let push = vec(value3(), 1..6).prop_map(|all| aggregate('>', all.len(), &all));
    prop_oneof![4 => value3(), 1 => push]
}

fn value3() -> impl Strategy<Value = Vec<u8>> {
    let pairs = |inner: BoxedStrategy<Vec<u8>>| {
        vec((scalar3(), inner).prop_map(|(key, value)| [key, value].concat()), 0..6)
    };
    let leaf = prop_oneof![6 => scalar3(), 1 => Just(b"_\r\n".to_vec())];
    leaf.prop_recursive(5, 64, 12, move |inner| {
        let list = vec(inner.clone(), 0..12);
        let attribute = pairs(scalar3()).prop_map(|all| aggregate('|', all.len(), &all));
        prop_oneof![
            list.prop_map(|all| aggregate('*', all.len(), &all)),
            vec(scalar3(), 0..12).prop_map(|all| aggregate('~', all.len(), &all)),
            pairs(inner).prop_map(|all| aggregate('%', all.len(), &all)),
            (attribute, scalar3()).prop_map(|(attribute, value)| [attribute, value].concat()),
        ]
    })
}

fn oracle2(frame: &[u8]) -> Option<usize> {
    let decoded = resp2::decode::decode_bytes(&Bytes::copy_from_slice(frame));
    decoded.expect("redis-protocol reads it").map(|(_, len)| len)
}

fn oracle3(frame: &[u8]) -> Option<usize> {
    let decoded = resp3::decode::complete::decode_bytes(&Bytes::copy_from_slice(frame));
    decoded.expect("redis-protocol reads it").map(|(_, len)| len)
}

fn agrees(
    frames: &[Vec<u8>],
    sizes: &[usize],
    oracle: fn(&[u8]) -> Option<usize>,
) -> Result<(), TestCaseError> {
    let lengths: Vec<usize> = frames.iter().map(Vec::len).collect();
    let stream = frames.concat();
    for frame in frames {
        prop_assert_eq!(oracle(frame), Some(frame.len()));
        prop_assert_eq!(reply_len(frame), Some(frame.len()));
    }
    let expected = (lengths, None);
    prop_assert_eq!(&scan([stream.as_slice()]), &expected);
    prop_assert_eq!(&scan(bytewise(&stream)), &expected);
    prop_assert_eq!(&scan(cut(&stream, sizes)), &expected);
    for at in 1..stream.len() {
        let (head, tail) = stream.split_at(at);
        prop_assert_eq!(&scan([head, tail]), &expected, "cut at {}", at);
    }
    Ok(())
}

/// Bytes that are likely to look like a reply for a while.
fn reply_noise() -> impl Strategy<Value = Vec<u8>> {
    let tokens = vec![
        &b"\r\n"[..],
        b"+",
        b"-",
        b":",
        b"$",
        b"*",
        b"_",
        b"#",
        b",",
        b"(",
        b"!",
        b"=",
        b"%",
        b"~",
        b">",
        b"|",
        b"0",
        b"1",
        b"2",
        b"10",
        b"-1",
        b"\r",
        b"\n",
        b"*2\r\n",
        b"$3\r\n",
        b"$1\r\nx\r\n",
        b"9223372036854775807",
        b"1099511627776",
    ];
    noise(6, tokens)
}

proptest! {
    #[test]
    fn resp2_frames_end_where_redis_protocol_says(
        frames in vec(frame2(), 1..4),
        sizes in vec(1_usize..40, 1..6),
    ) {
        agrees(&frames, &sizes, oracle2)?;
    }

    #[test]
    fn resp3_frames_end_where_redis_protocol_says(
        frames in vec(frame3(), 1..4),
        sizes in vec(1_usize..40, 1..6),
    ) {
        agrees(&frames, &sizes, oracle3)?;
    }

    /// Any bytes, cut anyhow, come to the same end.
    #[test]
    fn no_cut_changes_what_any_bytes_mean(
        bytes in reply_noise(),
        sizes in vec(1_usize..20, 1..6),
    ) {
        let whole = scan([bytes.as_slice()]);
        prop_assert_eq!(&scan(bytewise(&bytes)), &whole);
        prop_assert_eq!(&scan(cut(&bytes, &sizes)), &whole);
        prop_assert!(whole.0.iter().sum::<usize>() <= bytes.len());
    }

    /// What both can read of any bytes has the same length.
    #[test]
    fn redis_protocol_agrees_on_any_bytes(bytes in reply_noise()) {
        let input = Bytes::copy_from_slice(&bytes);
        let decoded = resp2::decode::decode_bytes(&input).ok().flatten().map(|(_, len)| len);
        if let (Some(theirs), Some(ours)) = (decoded, reply_len(&bytes)) {
            prop_assert_eq!(ours, theirs);
        }
    }
}

#[test]
fn a_lone_line_feed_is_part_of_the_line() {
    // Modules may answer so, and clients look for CRLF as well.
    for frame in [&b"+a\nb\r\n"[..], b"-ERR a\n\nb\r\n", b"+\n\r\n", b"+\r\n", b"-\r\r\n"] {
        assert_eq!(scan([frame]), (vec![frame.len()], None));
        assert_eq!(scan(bytewise(frame)), (vec![frame.len()], None));
    }
}

/// Redis 6.2 and 7.0 put a message there that a client publishes to itself in a transaction.
#[test]
fn a_push_among_the_elements_of_a_reply_is_no_element() {
    let push = b">2\r\n+message\r\n*1\r\n:1\r\n";
    for (before, behind) in [(&b"*2\r\n"[..], &b":1\r\n+OK\r\n"[..]), (b"*2\r\n:1\r\n", b"+OK\r\n")]
    {
        let frame = [before, push, behind].concat();
        assert_eq!(scan([frame.as_slice()]), (vec![frame.len()], None));
        assert_eq!(scan(bytewise(&frame)), (vec![frame.len()], None));
    }
    let alone = [&push[..], b":1\r\n"].concat();
    assert_eq!(scan([alone.as_slice()]), (vec![push.len(), alone.len() - push.len()], None));
}

#[test]
fn lengths_that_make_no_sense_are_refused_at_once() {
    let endless = [b"$".as_slice(), &[b'1'; 40]].concat();
    for bytes in [
        &b"$\r\n"[..],
        b"$-2\r\n",
        b"*-2\r\n",
        b"$x\r\n",
        b"*1x\r\n",
        b"%9223372036854775807\r\n",
        b"*1099511627777\r\n",
        b"$9223372036854775808\r\n",
        b"*\n",
        b"$3\nabc\r\n",
        &endless,
    ] {
        assert_eq!(scan([bytes]), (vec![], Some(ReplyError::Length)), "{}", bytes.escape_ascii());
    }
    for first in (0..=u8::MAX).filter(|byte| !b"+-:$*_#,(!=%~>|".contains(byte)) {
        assert_eq!(scan([&[first][..]]), (vec![], Some(ReplyError::Type(first))));
    }
}

#[test]
fn a_line_has_an_end() {
    let mut scanner = ReplyScanner::default();
    let mut line = vec![b'+'; limits::REPLY_LINE_MAX];
    assert!(scanner.advance(&line).is_ok());
    line.push(b'x');
    assert_eq!(scanner.advance(&line), Err(ReplyError::Line));
}

#[test]
fn nesting_costs_nothing() {
    let deep = [b"*1\r\n".repeat(100_000).as_slice(), b":1\r\n"].concat();
    assert_eq!(reply_len(&deep), Some(deep.len()));
}
