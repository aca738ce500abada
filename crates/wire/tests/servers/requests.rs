//! The request scanner and the inline splitter compared with a real server: the same bytes are read
//! as the same requests, and refused at the same place with the same bytes.

use std::io::{Read, Write};
use std::net::Shutdown;

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_wire::resp::request::{ProtocolError, Request};
use tidegate_wire::resp::{Limits, RequestScanner, RequestStep, inline, reply};

use tidegate_test_support::{Flavor, PATIENCE, RedisServer, Reply, Wire};

/// How many requests were read, and the protocol error that ended the connection.
#[derive(Debug, PartialEq)]
struct Outcome {
    requests: usize,
    error: Option<String>,
}

fn ours(mut bytes: &[u8], limits: &Limits) -> Outcome {
    let mut requests = 0;
    loop {
        match read(bytes, limits) {
            Ok(RequestStep::NeedMore { .. }) => return Outcome { requests, error: None },
            Ok(RequestStep::Complete(Request { len, argc, .. })) => {
                requests += usize::from(argc > 0);
                bytes = &bytes[len..];
            }
            Err(error) => {
                let mut text = Vec::new();
                error.reply(&mut text);
                return Outcome { requests, error: Some(text.escape_ascii().to_string()) };
            }
        }
    }
}

/// Reads one request as the proxy does: an inline one is split, and may prove to be empty.
fn read(bytes: &[u8], limits: &Limits) -> Result<RequestStep, ProtocolError> {
    let step = RequestScanner::default().scan(bytes, limits)?;
    if let RequestStep::Complete(request) = step
        && request.inline
    {
        let words = inline::split(&bytes[..request.len], inline::Quotes::EndWords)?;
        assert_eq!(words.is_empty(), request.argc == 0, "{}", bytes.escape_ascii());
    }
    Ok(step)
}

/// Sends `bytes`, then nothing more; the server answers what it has understood.
fn theirs(server: &RedisServer, bytes: &[u8]) -> Outcome {
    let wire = Wire::connect(server.addr());
    let mut stream = wire.stream();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    // An error if the server has closed already.
    let _ = stream.shutdown(Shutdown::Write);
    let mut replies = Vec::new();
    stream.read_to_end(&mut replies).unwrap();
    let (mut requests, mut error, mut rest) = (0, None, replies.as_slice());
    while !rest.is_empty() {
        let (one, tail) = rest.split_at(reply::reply_len(rest).expect("a reply"));
        rest = tail;
        if one.starts_with(b"-ERR Protocol error: ") {
            error = Some(one.escape_ascii().to_string());
        } else {
            requests += 1;
        }
    }
    Outcome { requests, error }
}

/// The one error that Redis does not have, in Valkey's words.
const LINE_END: &str = "-ERR Protocol error: invalid CRLF in request\\r\\n";

#[track_caller]
fn same(server: &RedisServer, bytes: &[u8], limits: &Limits) {
    let head = bytes[..bytes.len().min(60)].escape_ascii();
    let (ours, theirs) = (ours(bytes, limits), theirs(server, bytes));
    if ours.error.as_deref() == Some(LINE_END) {
        // Redis does not look at these two bytes, and goes on.
        assert!(ours.requests <= theirs.requests, "{ours:?} {theirs:?} {head}");
        return;
    }
    assert_eq!(ours, theirs, "left is ours; {} bytes: {head}", bytes.len());
}

/// Requests that are wrong, odd, or just within the limits.
const SHORT: [&[u8]; 59] = [
    b"*1\r\n$4\r\nPING\r\n",
    b"*\r\n",
    b"*x\r\n",
    b"*1x\r\n",
    b"* 1\r\n",
    b"*+1\r\n",
    b"*01\r\n",
    b"*-0\r\n",
    b"*0\r\nPING\r\n",
    b"*-1\r\nPING\r\n",
    b"*-9223372036854775808\r\nPING\r\n",
    b"*-9223372036854775809\r\n",
    b"*2147483647\r\n",
    b"*2147483648\r\n",
    b"*1000000000000\r\n",
    b"*99999999999999999999999\r\n",
    b"*1\n$4\nPING\n",
    b"*1\r",
    b"*1\r\nfoo",
    b"*1\r\nfoo\r",
    b"*1\r\nfoo\r\n",
    b"*1\r\n:4\r\nPING\r\n",
    b"*1\r\n\r\n$4\r\nPING\r\n",
    b"*1\r\n\nx\r\n",
    b"*1\r\n\xffx\r\n",
    b"*1\r\n\x07x\r\n",
    b"*1\r\n'x\r\n",
    b"*1\r\n$\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$+4\r\nPING\r\n",
    b"*1\r\n$04\r\nPING\r\n",
    b"*1\r\n$4x\r\nPING\r\n",
    b"*1\r\n$ 4\r\nPING\r\n",
    b"*1\r\n$536870912\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$9223372036854775808\r\n",
    b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
    b"*1\r\n$0\r\n\r\n",
    b"*1\r\n$4\r\nPI\0G\r\n",
    b"*\x001\r\n$4\r\nPING\r\n",
    b"*1\0\r\n$4\r\nPING\r\n",
    b"*1\r\n\0$4\r\nPING\r\n",
    b"*1\r\n$4\0\r\nPING\r\n",
    b"\r\n\n \t\r\nPING\r\n",
    b"\x0b\r\n\x0c\x0b \nPING\n",
    b"\r\r\nPING\r\n",
    b"PING\rPING\r\n",
    b"PI\0NG\r\nPING\r\n",
    b"\0\r\nPING\r\n",
    b"PING\tx\r\n",
    b"ECHO \"a b\\x41\\n\" \r\n",
    b"ECHO \"\"\r\n",
    b"\"\"\r\n",
    b"ECHO \"a\r\n",
    b"ECHO 'a\r\n",
    b"ECHO \"a\"b\r\n",
    b"ECHO 'a'b\r\n",
    b"ECHO \"a\\\r\n",
    b"ECHO 'a\"\x0b\r\nPING\r\n",
];

/// Returns [`SHORT`] and requests whose length matters.
fn table() -> Vec<Vec<u8>> {
    let long = |head: &[u8], byte: u8, count: usize, tail: &[u8]| {
        [head, &vec![byte; count], tail].concat()
    };
    let sized = [
        long(b"", b'a', 65_536, b""),
        long(b"", b'a', 65_537, b""),
        long(b"", b'a', 65_536, b"\r\n"),
        long(b"", b'\0', 65_537, b""),
        long(b"*", b'1', 65_535, b""),
        long(b"*", b'1', 65_536, b""),
        long(b"*", b'1', 65_535, b"\r"),
        long(b"*", b'1', 65_535, b"\r\n"),
        long(b"*1\r\n$", b'1', 65_535, b""),
        long(b"*1\r\n$", b'1', 65_536, b""),
        long(b"*1\r\n", b'x', 65_537, b""),
        long(b"*1\r\n$", b'1', 65_535, b"\r"),
    ];
    SHORT.iter().map(|bytes| bytes.to_vec()).chain(sized).collect()
}

#[test]
fn malformed_requests_get_the_same_error() {
    let server = RedisServer::spawn(Flavor::Redis70);
    for bytes in table() {
        same(&server, &bytes, &Limits::default());
    }
}

#[test]
fn the_limits_before_auth_are_the_same() {
    let server = RedisServer::builder(Flavor::Redis70).requirepass("x").start();
    let limits = Limits { authenticated: false, ..Limits::default() };
    for bytes in table() {
        same(&server, &bytes, &limits);
    }
    let allowed = [&b"*1\r\n$16384\r\n"[..], &[b'x'; 16_384], b"\r\n"].concat();
    for bytes in [&b"*10\r\n"[..], b"*11\r\n", &allowed, b"*1\r\n$16385\r\n"] {
        same(&server, bytes, &limits);
    }
}

/// Bytes for which Valkey 9 closes a connection must not reach one that clients share.
#[test]
fn a_line_without_crlf_is_refused_as_valkey_does() {
    let server = RedisServer::spawn(Flavor::Valkey91);
    for bytes in [
        &b"*1\rx$4\ryPING\r\n"[..],
        b"*1\r\n$4\rxPING\r\n",
        b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
        b"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\rx",
        b"*1\r\n$4\r\nPING\n\r",
    ] {
        let outcome = ours(bytes, &Limits::default());
        assert_eq!(outcome.error.as_deref(), Some(LINE_END));
        assert_eq!(outcome, theirs(&server, bytes), "left is ours: {}", bytes.escape_ascii());
    }
}

#[test]
fn proto_max_bulk_len_is_the_same() {
    let server =
        RedisServer::builder(Flavor::Redis70).arg("--proto-max-bulk-len", "1048576").start();
    let limits = Limits { bulk_max: 1_048_576, ..Limits::default() };
    for bytes in [&b"*1\r\n$1048576\r\n"[..], b"*1\r\n$1048577\r\n"] {
        same(&server, bytes, &limits);
    }
}

#[test]
fn any_bytes_are_read_alike() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let token = prop_oneof![
        8 => prop::sample::select(vec![
            &b"\r\n"[..], b"\r", b"\n", b"*", b"$", b"0", b"1", b"2", b"-1", b"+", b" ", b"\t",
            b"\x0b", b"\"", b"'", b"\\", b"\\x4", b"\0", b"*1\r\n", b"*2\r\n", b"$4\r\n", b"PING",
            b"ECHO", b"$4\r\nPING\r\n", b"*1\r\n$4\r\nPING\r\n", b"PING\r\n",
        ]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 1..3),
    ];
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(tokens in vec(token, 1..16))| {
        same(&server, &tokens.concat(), &Limits::default());
    });
}

/// A word as a person might write it: bare, or in either kind of quotes.
fn quoted() -> impl Strategy<Value = String> {
    prop_oneof![
        "[!-~]{1,8}",
        r#""([ !#-\[\]-~\t]|\\["\\nrtba]|\\x[0-9a-fA-F]{2}){0,8}""#,
        r#"'([ -&(-\[\]-~]|\\'|\\n){0,8}'"#,
        r#"["'\\ x4aFn\x0b\x0c\t\x80-\xff]{0,8}"#,
    ]
}

#[test]
fn inline_words_are_split_alike() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let blank = prop::sample::select(vec![" ", "  ", "\t", " \x0b", "\r", ""]);
    let line = vec((quoted(), blank), 0..6)
        .prop_map(|words| words.into_iter().map(|(word, blank)| word + blank).collect::<String>());
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(line in line)| {
        let mut wire = server.wire();
        wire.cmd(&["DEL", "words"]);
        wire.send_raw(format!("RPUSH words {line}\r\n").as_bytes());
        let reply = wire.read_reply();
        match inline::split(line.as_bytes(), inline::Quotes::EndWords) {
            Err(ProtocolError::UnbalancedQuotes) => {
                let text = "ERR Protocol error: unbalanced quotes in request";
                prop_assert_eq!(reply, Reply::Error(text.to_owned()));
            }
            Err(other) => prop_assert!(false, "{}", other),
            Ok(words) if words.is_empty() => prop_assert!(reply.is_err()),
            Ok(words) => {
                prop_assert_eq!(reply, Reply::Int(words.len() as i64));
                let there = wire.cmd(&["LRANGE", "words", "0", "-1"]);
                prop_assert_eq!(there, Reply::Array(words.into_iter().map(Reply::Bulk).collect()));
            }
        }
    });
}
