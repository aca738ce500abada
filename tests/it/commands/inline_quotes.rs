//! Odd inline lines: the proxy splits them as the master's version does.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::support::*;

const LINES: &[&[u8]] = &[
    b"PING \"a\"b",
    b"PING 'a'b",
    b"PING \"a\" \"b",
    b"PING a\"b\"",
    b"PING a\"b\"c",
    b"PING \"\"",
    b"PING \"\"x",
    b"PING \"a\\x41\"",
    b"PING \"a\\xZZ\"",
    b"PING a\\x41",
    b"PING \"a\\\"b\"",
    b"PING 'a\\'b'",
    b"PING 'a\\nb'",
    b"PING \"",
    b"PING '",
    b"PING a\"",
    b"PING a'",
    b"PING a\\\\b",
    b"PING \"a\\\\\"",
    b"PING \"a\\\\",
    b"\"PING\"",
    b"\"PING\"x",
    b"PI\"NG\"",
    b"P'ING' x",
    b"  PING  ",
    b"PING\ta",
    b"PING\x0ba",
    b"PING\x0ca",
    b"PING a\rb",
    b"PING a\x0b",
    b"PING \"a\"\x0bb",
    b"PING \"a\"b\"c\"",
    b"PING \"a\"b c",
    b"PING 'a''b'",
    b"PING \"a\"\"b\"",
    b"PING \"a\"'b' ",
    b"",
    b"   ",
    b"PING \\\"a",
    b"PING \"a\"b\"",
    b"\"\" PING",
    b"PING \"a\r\"",
    b"PING \"\\",
    b"PING \"b\\\"",
    b"PING \"b\\\" ",
    b"PING 'b\\'",
    b"PING x\"b\\\"c\"",
    b"PING \\\"b\\\"",
    b"PING \"b\\x4\"",
    b"PING \"b\\x41",
    b"PING \"a\\\"b\"\"c\\\"d\"",
    b"PING 'a\\'b''c\\'d' ",
    b"PING a\xffb",
    b"PING \"a\xffb\"",
    b"PING 'a\xffb'",
    b"PING \"a\\xff\"",
    b"PING \"a\\\xff\"",
    b"PING \xff",
];

/// Everything that is answered to a line and to the ECHO behind it.
fn answer(addr: SocketAddr, line: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&[line, b"\r\nECHO done\r\n"].concat()).unwrap();
    let (mut replies, mut chunk) = (Vec::new(), [0; 1024]);
    while !replies.ends_with(b"done\r\n") {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(len) => replies.extend_from_slice(&chunk[..len]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{line:?}: {error} after {replies:?}"),
        }
    }
    replies
}

#[test]
fn lines_are_split_as_the_masters_version_does() {
    let mut different = Vec::new();
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        for line in LINES {
            let theirs = answer(pair.direct.addr(), line);
            let ours = answer(pair.proxy.addr(), line);
            if theirs != ours {
                let [line, theirs, ours] = [*line, &theirs, &ours].map(<[u8]>::escape_ascii);
                different.push(format!("{flavor:?} {line}: server {theirs}, proxy {ours}"));
            }
        }
    }
    assert!(different.is_empty(), "\n{}", different.join("\n"));
}
