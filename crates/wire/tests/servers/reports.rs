//! What real servers report of their commands.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use redis_protocol::resp2::decode::decode_bytes;
use redis_protocol::resp2::types::BytesFrame;
use tidegate_wire::command::{Command, lookup};

use tidegate_test_support::{Flavor, PATIENCE, RedisServer};

/// One command as a server reports it.
pub(crate) struct Reported {
    pub(crate) server: String,
    pub(crate) name: String,
    pub(crate) arity: i64,
    pub(crate) flags: HashSet<String>,
    pub(crate) range: [i64; 3],
}

impl Reported {
    pub(crate) fn is(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    pub(crate) fn row(&self) -> Option<&'static Command> {
        row(&self.name)
    }
}

/// The `COMMAND` reply of every server.
pub(crate) static REPLIES: LazyLock<Vec<(String, BytesFrame)>> = LazyLock::new(|| {
    let ask = |flavor: Flavor| {
        let server = RedisServer::spawn(flavor);
        (format!("{flavor:?}"), command_reply(server.addr()))
    };
    Flavor::ALL.into_iter().map(ask).collect()
});

/// What every server reports, without the commands of modules.
pub(crate) static REPORTED: LazyLock<Vec<Reported>> = LazyLock::new(|| {
    let mut reported = Vec::new();
    for (server, reply) in REPLIES.iter() {
        let before = reported.len();
        items(reply).iter().for_each(|entry| report(server, entry, &mut reported));
        assert!(reported.len() > before + 200, "{server} reports too little");
    }
    reported.retain(|command| !command.name.contains('.'));
    reported
});

pub(crate) fn report(server: &str, entry: &BytesFrame, into: &mut Vec<Reported>) {
    let entry = items(entry);
    into.push(Reported {
        server: server.to_owned(),
        name: text(&entry[0]).to_lowercase(),
        arity: integer(&entry[1]),
        flags: items(&entry[2]).iter().map(text).collect(),
        range: [integer(&entry[3]), integer(&entry[4]), integer(&entry[5])],
    });
    for subcommand in entry.get(9).map_or(&[][..], items) {
        report(server, subcommand, into);
    }
}

pub(crate) fn row(name: &str) -> Option<&'static Command> {
    match name.split_once('|') {
        Some((container, own)) => lookup(container.as_bytes())?.subcommand(own.as_bytes()),
        None => lookup(name.as_bytes()),
    }
}

pub(crate) fn command_reply(addr: SocketAddr) -> BytesFrame {
    ask(addr, &["COMMAND"])
}

/// Sends one request on a connection of its own, and returns its reply.
pub(crate) fn ask(addr: SocketAddr, args: &[&str]) -> BytesFrame {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = format!("*{}\r\n", args.len());
    args.iter().for_each(|arg| request.push_str(&format!("${}\r\n{arg}\r\n", arg.len())));
    stream.write_all(request.as_bytes()).unwrap();

    let mut read = BytesMut::new();
    let mut chunk = [0; 1 << 16];
    loop {
        let len = stream.read(&mut chunk).unwrap();
        assert!(len > 0, "the server closed the connection");
        read.extend_from_slice(&chunk[..len]);
        if let Some((frame, _)) = decode_bytes(&Bytes::copy_from_slice(&read)).unwrap() {
            return frame;
        }
    }
}

pub(crate) fn items(frame: &BytesFrame) -> &[BytesFrame] {
    let BytesFrame::Array(items) = frame else { panic!("not an array: {frame:?}") };
    items
}

pub(crate) fn text(frame: &BytesFrame) -> String {
    match frame {
        BytesFrame::SimpleString(text) | BytesFrame::BulkString(text) => {
            String::from_utf8(text.to_vec()).unwrap()
        }
        other => panic!("not a string: {other:?}"),
    }
}

pub(crate) fn integer(frame: &BytesFrame) -> i64 {
    let BytesFrame::Integer(integer) = frame else { panic!("not an integer: {frame:?}") };
    *integer
}
