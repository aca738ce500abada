//! The stream cut into units: what servers take, however it is cut up, and what they refuse.

use proptest::prelude::*;

use super::*;
use crate::Offsets;
use tidegate_wire::resp::encode::request_of;
use tidegate_wire::units::ReplOffset;

/// A unit, and the arguments of its commands.
#[derive(Clone, Debug, PartialEq)]
struct Applied {
    kind: &'static str,
    offset: u64,
    commands: Vec<Vec<Vec<u8>>>,
}

/// Reads `bytes` in pieces of the lengths of `cuts`, which are used over and over.
fn read(bytes: &[u8], cuts: &[usize], limit: usize) -> (Vec<Applied>, Result<usize, StreamError>) {
    let mut reader = StreamReader::new(limit);
    let mut pool = ArgsPool::default();
    let mut offsets = Offsets::default();
    let (mut applied, mut buffer, mut needed) = (Vec::new(), Vec::new(), 1);
    let mut rest = bytes;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, later) = rest.split_at(rest.len().min(*cut));
        rest = later;
        buffer.extend_from_slice(piece);
        offsets.received(piece.len() as u64);
        let mut from = 0;
        while buffer.len() - from >= needed {
            let (kind, len) = match reader.next_unit(&buffer[from..]) {
                Ok(Unit::NeedMore { at_least }) => {
                    assert!(at_least > buffer.len() - from, "{at_least}");
                    needed = at_least;
                    break;
                }
                Ok(Unit::Command { len }) => ("command", len),
                Ok(Unit::Transaction { len, .. }) => ("transaction", len),
                Ok(Unit::Discarded { len }) => ("discarded", len),
                Err(error) => return (applied, Err(error)),
            };
            let mut args = pool.take();
            let mut commands = Vec::new();
            let mut walk = reader.commands(&buffer[from..from + len]);
            while walk.next_into(&mut args) {
                commands.push(args.iter().map(|arg| arg.to_vec()).collect());
            }
            pool.give(args);
            from += len;
            needed = 1;
            offsets.advance(len as u64);
            applied.push(Applied { kind, offset: offsets.applied().get(), commands });
        }
        buffer.drain(..from);
    }
    assert_eq!(offsets.read(), ReplOffset::new(bytes.len() as u64));
    (applied, Ok(buffer.len()))
}

fn command(words: &[&str]) -> Vec<u8> {
    request_of(&words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>())
}

fn stream(commands: &[&[&str]]) -> Vec<u8> {
    commands.iter().flat_map(|words| command(words)).collect()
}

const LIMIT: usize = 1 << 20;

fn error(bytes: &[u8]) -> String {
    let whole = read(bytes, &[bytes.len()], LIMIT).1.unwrap_err();
    assert_eq!(read(bytes, &[1], LIMIT).1.as_ref(), Err(&whole), "in pieces");
    whole.to_string()
}

#[test]
fn commands_and_transactions() {
    let bytes = stream(&[
        &["SELECT", "0"],
        &["SET", "k", ""],
        &["multi"],
        &["SELECT", "1"],
        &["INCR", "n"],
        &["Exec"],
        &["REPLCONF", "GETACK", "*"],
        &["MULTI"],
        &["EXEC"],
        &["MULTI"],
        &["PING"],
        &["DISCARD"],
        &["EXEC"],
        &["MULTI", "x"],
        &["MULTI"],
        &["SET", "half", "1"],
    ]);
    let (applied, left) = read(&bytes, &[bytes.len()], LIMIT);
    let kinds: Vec<_> = applied.iter().map(|unit| (unit.kind, unit.commands.len())).collect();
    let (one, all) = (("command", 1), |n| ("transaction", n));
    assert_eq!(kinds, [one, one, all(2), one, all(0), ("discarded", 0), one, one]);
    let words =
        |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    assert_eq!(applied[1].commands, [words(&["SET", "k", ""])]);
    assert_eq!(applied[2].commands, [words(&["SELECT", "1"]), words(&["INCR", "n"])]);
    // `MULTI` alone does not count.
    assert_eq!(left, Ok(15 + command(&["SET", "half", "1"]).len()));
    assert_eq!(applied.last().unwrap().offset, (bytes.len() - left.unwrap()) as u64);
}

/// Redis 6.2 to 8.2 and Valkey 9.1 take these from a master, and count them with what follows.
#[test]
fn empty_requests_count_with_the_next_command() {
    for empty in ["*0\r\n", "*-1\r\n", "*-7\r\n", "\r\n", "\n", "\n\n\r\n*0\r\n"] {
        let bytes = [empty.as_bytes(), &command(&["PING"])].concat();
        for cut in 1..bytes.len() {
            let (applied, left) = read(&bytes, &[cut], LIMIT);
            assert_eq!((applied.len(), left), (1, Ok(0)), "{empty:?}");
            assert_eq!(applied[0].offset, bytes.len() as u64);
            assert_eq!(applied[0].commands, [vec![b"PING".to_vec()]]);
        }
    }
    assert_eq!(error(&b"\n".repeat(70_000)), "the stream holds nothing but empty requests");
}

/// Servers drop the link and the cached master for these; Valkey for the last two, while Redis
/// reads on.
#[test]
fn a_stream_out_of_step_is_refused() {
    for (bytes, wanted) in [
        ("PING\r\n", "a command cannot begin with 'P'"),
        ("\rx", "a command cannot begin with '\\r'"),
        (" \r\n", "a command cannot begin with ' '"),
        ("*x\r\n", "invalid multibulk length"),
        ("*01\r\n$4\r\nPING\r\n", "invalid multibulk length"),
        ("*+1\r\n", "invalid multibulk length"),
        ("*\r\n", "invalid multibulk length"),
        ("*2147483648\r\n", "invalid multibulk length"),
        ("*1\r\n:4\r\n", "expected '$', got ':'"),
        ("*1\r\n$-1\r\n", "invalid bulk length"),
        ("*1\r\n$04\r\n", "invalid bulk length"),
        ("*1\r\n$4\r\nPINGxy", "invalid CRLF in request"),
        ("*1\rX", "invalid CRLF in request"),
    ] {
        assert_eq!(
            error(bytes.as_bytes()),
            format!("the stream is out of step: {wanted}"),
            "{bytes:?}"
        );
    }
    let endless = [b"*".to_vec(), b"1".repeat(70_000)].concat();
    assert!(error(&endless).ends_with("too big mbulk count string"));
}

#[test]
fn a_unit_that_is_too_long_is_refused_before_it_comes() {
    let limit = "longer than the limit of 1048576 bytes";
    assert_eq!(
        error(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n"),
        format!("\"SET\" in the stream is {limit}")
    );
    assert_eq!(error(b"*1\r\n$99999999999\r\n"), format!("\"\" in the stream is {limit}"));
    let mut bytes = command(&["MULTI"]);
    let set = command(&["SET", "k", &"v".repeat(1000)]);
    let fit = (LIMIT - bytes.len()) / set.len();
    bytes.extend(set.repeat(fit + 1));
    assert_eq!(error(&bytes), format!("a transaction of {fit} commands so far is {limit}"));
    // A value of the longest length that is allowed.
    let value =
        "v".repeat(LIMIT - command(&["SET", "k", &"v".repeat(1_000_000)]).len() + 1_000_000);
    let set = command(&["SET", "k", &value]);
    assert_eq!(set.len(), LIMIT);
    assert_eq!(read(&set, &[4096], LIMIT).1, Ok(0));
}

#[test]
fn memory_for_arguments_is_used_again() {
    let mut pool = ArgsPool::default();
    let mut args = pool.take();
    args.extend([&b"x"[..]; 100]);
    let (place, capacity) = (args.as_ptr().addr(), args.capacity());
    pool.give(args);
    let args = pool.take();
    assert_eq!((args.len(), args.capacity(), args.as_ptr().addr()), (0, capacity, place));
}

fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..12),
        2 => prop::sample::select(vec![&b"MULTI"[..], b"exec", b"DISCARD", b"*1\r\n$4\r\n"])
            .prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 90..1200),
    ]
}

fn bracket() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::sample::select(vec!["MULTI", "EXEC"]).prop_map(|name| vec![name.as_bytes().to_vec()])
}

/// Returns the units of `commands` by a model that has all commands before it.
fn model(commands: &[(Vec<Vec<u8>>, usize)]) -> Vec<Applied> {
    let (mut applied, mut offset) = (Vec::new(), 0_u64);
    let mut open: Option<Vec<Vec<Vec<u8>>>> = None;
    for (words, len) in commands {
        offset += *len as u64;
        let name = words[0].to_ascii_uppercase();
        let kind = match (&mut open, &name[..]) {
            (None, b"MULTI") if words.len() == 1 => {
                open = Some(Vec::new());
                continue;
            }
            (None, _) => {
                applied.push(Applied { kind: "command", offset, commands: vec![words.clone()] });
                continue;
            }
            (Some(_), b"EXEC") if words.len() == 1 => "transaction",
            (Some(_), b"DISCARD") if words.len() == 1 => "discarded",
            (Some(inside), _) => {
                inside.push(words.clone());
                continue;
            }
        };
        let mut commands = open.take().unwrap();
        if kind == "discarded" {
            commands.clear();
        }
        applied.push(Applied { kind, offset, commands });
    }
    applied
}

proptest! {
    /// Any commands with empty requests between them, cut anywhere: the units and offsets of the
    /// model.
    #[test]
    fn units_are_the_models(
        commands in prop::collection::vec(
            (prop_oneof![prop::collection::vec(word(), 1..6), bracket()], "(\\*0\r\n|\r\n|\n){0,2}"),
            1..30,
        ),
        cuts in prop::collection::vec(prop_oneof![1_usize..9, 1_usize..3000], 1..9),
    ) {
        let (mut bytes, mut told) = (Vec::new(), Vec::new());
        for (words, empty) in commands {
            let begun = bytes.len();
            bytes.extend_from_slice(empty.as_bytes());
            tidegate_wire::resp::encode::request(&mut bytes, words.iter());
            told.push((words, bytes.len() - begun));
        }
        let wanted = model(&told);
        let (applied, left) = read(&bytes, &cuts, LIMIT);
        let counted = wanted.last().map_or(0, |unit| unit.offset);
        prop_assert_eq!(left, Ok(bytes.len() - usize::try_from(counted).unwrap()));
        prop_assert_eq!(applied, wanted);
    }

    /// Any bytes, cut anywhere: the same units, the same error.
    #[test]
    fn cuts_change_nothing(
        parts in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "*1\r\n", "*2\r\n", "*3\r\n", "$4\r\n", "$0\r\n", "PING\r\n", "\r\n", "*0\r\n",
                    "*1\r\n$5\r\nMULTI\r\n", "*1\r\n$4\r\nEXEC\r\n", "$3\r\nSET\r\n", "$99\r\n", "*-1\r\n",
                ]).prop_map(|part| part.as_bytes().to_vec()),
                prop::collection::vec(any::<u8>(), 0..4),
            ],
            0..20,
        ),
        cut in 1_usize..20,
    ) {
        let bytes = parts.concat();
        let whole = read(&bytes, &[bytes.len().max(1)], 64);
        prop_assert_eq!(read(&bytes, &[cut], 64), whole);
    }
}
