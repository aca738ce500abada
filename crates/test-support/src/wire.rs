//! A raw client: exact bytes out, exact bytes in, RESP2 and RESP3, one blocking socket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::eventually::PATIENCE;
use crate::reply::Reply;

/// How long a read waits unless the test says otherwise.
pub const READ_TIMEOUT: Duration = PATIENCE;

/// A request as clients send it: an array of bulk strings.
pub fn encode<A: AsRef<[u8]>>(args: &[A]) -> Vec<u8> {
    let mut out = Vec::new();
    append(&mut out, args);
    out
}

/// Adds such a request to a pipeline.
pub fn append<A: AsRef<[u8]>>(out: &mut Vec<u8>, args: &[A]) {
    write!(out, "*{}\r\n", args.len()).unwrap();
    for arg in args.iter().map(AsRef::as_ref) {
        write!(out, "${}\r\n", arg.len()).unwrap();
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}

/// The words of a line.
pub fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// One connection. Methods without `try_` panic where the test could not go on anyway.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    /// Bytes received and not yet handed out; a time-out in mid-frame loses none of them.
    buffer: Vec<u8>,
    /// How far the frame being read has been parsed.
    cursor: usize,
    read_timeout: Duration,
}

impl Wire {
    #[track_caller]
    pub fn connect(addr: SocketAddr) -> Self {
        Self::try_connect(addr).unwrap_or_else(|error| panic!("connect to {addr}: {error}"))
    }

    pub fn try_connect(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, READ_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(READ_TIMEOUT))?;
        Ok(Self { stream, buffer: Vec::new(), cursor: 0, read_timeout: READ_TIMEOUT })
    }

    /// Connects and switches to RESP3.
    #[track_caller]
    pub fn connect3(addr: SocketAddr) -> Self {
        let mut wire = Self::connect(addr);
        wire.hello3();
        wire
    }

    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// How long each reply may take from now on.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.read_timeout = timeout;
    }

    #[track_caller]
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("send");
    }

    pub fn try_send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends a request and reads nothing.
    #[track_caller]
    pub fn send<A: AsRef<[u8]>>(&mut self, args: &[A]) {
        self.send_raw(&encode(args));
    }

    /// Sends a request and reads the next reply.
    #[track_caller]
    pub fn cmd<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Reply {
        self.try_cmd(args).unwrap_or_else(|error| panic!("{}: {error}", show(args)))
    }

    pub fn try_cmd<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<Reply> {
        self.stream.write_all(&encode(args))?;
        self.try_read_reply()
    }

    /// Sends all requests in one write, then reads as many replies.
    #[track_caller]
    pub fn pipeline(&mut self, requests: &[&[&str]]) -> Vec<Reply> {
        let bytes: Vec<u8> = requests.iter().flat_map(|args| encode(args)).collect();
        self.send_raw(&bytes);
        requests.iter().map(|_| self.read_reply()).collect()
    }

    #[track_caller]
    pub fn read_reply(&mut self) -> Reply {
        self.try_read_reply().unwrap_or_else(|error| panic!("no reply: {error}"))
    }

    pub fn try_read_reply(&mut self) -> io::Result<Reply> {
        self.frame().map(|(reply, _)| reply)
    }

    /// The exact bytes of one reply, its attributes included.
    #[track_caller]
    pub fn read_raw_reply(&mut self) -> Vec<u8> {
        self.try_read_raw_reply().unwrap_or_else(|error| panic!("no reply: {error}"))
    }

    pub fn try_read_raw_reply(&mut self) -> io::Result<Vec<u8>> {
        self.frame().map(|(_, raw)| raw)
    }

    /// A reply and its exact bytes.
    #[track_caller]
    pub fn read_with_raw(&mut self) -> (Reply, Vec<u8>) {
        self.frame().unwrap_or_else(|error| panic!("no reply: {error}"))
    }

    /// `HELLO 3`; answers the server's own description of itself.
    #[track_caller]
    pub fn hello3(&mut self) -> Reply {
        let reply = self.cmd(&["HELLO", "3"]);
        assert!(matches!(reply, Reply::Map(_)), "HELLO 3: {reply:?}");
        reply
    }

    /// Asserts that nothing arrives for as long as `quiet`.
    #[track_caller]
    pub fn expect_silence(&mut self, quiet: Duration) {
        let before = self.read_timeout;
        self.read_timeout = quiet;
        let outcome = self.frame();
        self.read_timeout = before;
        match outcome {
            Err(error) if is_timeout(&error) => assert!(self.buffer.is_empty(), "part of a reply"),
            other => panic!("expected silence: {other:?}"),
        }
    }

    /// Asserts that the other side ends the connection, and returns what it said before.
    #[track_caller]
    pub fn expect_closed(&mut self) -> Vec<Reply> {
        let mut replies = Vec::new();
        loop {
            match self.frame() {
                Ok((reply, _)) => replies.push(reply),
                Err(error) if is_timeout(&error) => panic!("still open after {replies:?}"),
                Err(_) => return replies,
            }
        }
    }

    /// Half-closes: no more requests, replies may still come.
    pub fn finish_sending(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn frame(&mut self) -> io::Result<(Reply, Vec<u8>)> {
        let deadline = Instant::now() + self.read_timeout;
        self.cursor = 0;
        let reply = self.value(deadline)?;
        let raw = self.buffer.drain(..self.cursor).collect();
        self.cursor = 0;
        Ok((reply, raw))
    }

    fn value(&mut self, deadline: Instant) -> io::Result<Reply> {
        let line = self.line(deadline)?;
        let (&kind, rest) = line.split_first().ok_or_else(|| malformed("an empty line"))?;
        let text = || String::from_utf8_lossy(rest).into_owned();
        let number = || text().parse::<i64>().map_err(|_| malformed(&text()));
        Ok(match kind {
            b'+' => Reply::Simple(text()),
            b'-' => Reply::Error(text()),
            b':' => Reply::Int(number()?),
            b'_' => Reply::Null,
            b'#' => Reply::Bool(match rest {
                b"t" => true,
                b"f" => false,
                _ => return Err(malformed(&text())),
            }),
            b',' => Reply::Double(text().parse().map_err(|_| malformed(&text()))?),
            b'(' => Reply::BigNumber(text()),
            b'$' if rest == b"-1" => Reply::Null,
            b'*' if rest == b"-1" => Reply::Null,
            b'$' => Reply::Bulk(self.blob(number()?, deadline)?),
            b'!' => {
                let blob = self.blob(number()?, deadline)?;
                Reply::Error(String::from_utf8_lossy(&blob).into_owned())
            }
            b'=' => {
                let mut format = self.blob(number()?, deadline)?;
                if format.get(3) != Some(&b':') {
                    return Err(malformed("a verbatim string without its format"));
                }
                let body = format.split_off(4);
                format.truncate(3);
                Reply::Verbatim(String::from_utf8_lossy(&format).into_owned(), body)
            }
            b'*' => Reply::Array(self.values(number()?, deadline)?),
            b'~' => Reply::Set(self.values(number()?, deadline)?),
            b'>' => Reply::Push(self.values(number()?, deadline)?),
            b'%' => Reply::Map(self.value_pairs(number()?, deadline)?),
            b'|' => {
                let attributes = self.value_pairs(number()?, deadline)?;
                Reply::Attribute(attributes, Box::new(self.value(deadline)?))
            }
            _ => return Err(malformed(&String::from_utf8_lossy(&line))),
        })
    }

    fn values(&mut self, count: i64, deadline: Instant) -> io::Result<Vec<Reply>> {
        let count = usize::try_from(count).map_err(|_| malformed("a negative count"))?;
        (0..count).map(|_| self.value(deadline)).collect()
    }

    fn value_pairs(&mut self, count: i64, deadline: Instant) -> io::Result<Vec<(Reply, Reply)>> {
        let count = usize::try_from(count).map_err(|_| malformed("a negative count"))?;
        (0..count).map(|_| Ok((self.value(deadline)?, self.value(deadline)?))).collect()
    }

    fn line(&mut self, deadline: Instant) -> io::Result<Vec<u8>> {
        let mut searched = self.cursor;
        loop {
            if let Some(at) = self.buffer[searched..].windows(2).position(|end| end == b"\r\n") {
                let end = searched + at;
                let line = self.buffer[self.cursor..end].to_vec();
                self.cursor = end + 2;
                return Ok(line);
            }
            searched = self.buffer.len().saturating_sub(1).max(self.cursor);
            self.fill(deadline)?;
        }
    }

    fn blob(&mut self, len: i64, deadline: Instant) -> io::Result<Vec<u8>> {
        let len = usize::try_from(len).map_err(|_| malformed("a negative length"))?;
        while self.buffer.len() < self.cursor + len + 2 {
            self.fill(deadline)?;
        }
        let end = self.cursor + len;
        if &self.buffer[end..end + 2] != b"\r\n" {
            return Err(malformed("a blob that does not end in CRLF"));
        }
        let blob = self.buffer[self.cursor..end].to_vec();
        self.cursor = end + 2;
        Ok(blob)
    }

    fn fill(&mut self, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, self.timeout_text()));
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut chunk = vec![0; 64 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("closed by the other side{}", self.pending_text()),
            )),
            Ok(len) => {
                self.buffer.extend_from_slice(&chunk[..len]);
                Ok(())
            }
            // The whole machine was stopped for a moment: the caller asks again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(io::Error::new(io::ErrorKind::TimedOut, self.timeout_text()))
            }
            Err(error) => Err(error),
        }
    }

    fn timeout_text(&self) -> String {
        format!("nothing within {:?}{}", self.read_timeout, self.pending_text())
    }

    fn pending_text(&self) -> String {
        if self.buffer.is_empty() {
            return String::new();
        }
        let head = &self.buffer[..self.buffer.len().min(80)];
        format!(", {} bytes pending: {:?}", self.buffer.len(), String::from_utf8_lossy(head))
    }
}

/// Whether an I/O error means "not yet" rather than "never".
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed reply: {what}"))
}

fn show<A: AsRef<[u8]>>(args: &[A]) -> String {
    let mut text = String::new();
    for arg in args {
        let arg = arg.as_ref();
        text.push_str(&String::from_utf8_lossy(&arg[..arg.len().min(64)]));
        text.push(' ');
    }
    text
}
