//! A raw reader of a master's replication stream.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::wire::READ_TIMEOUT;
use crate::workload::Request;

/// A command of the stream, and the database that was selected for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub db: usize,
    pub words: Request,
}

#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    buffer: Vec<u8>,
    at: usize,
    db: usize,
}

impl Stream {
    /// Attaches as a replica that takes the snapshot as a file, and drops the snapshot.
    pub fn attach(master: SocketAddr) -> Self {
        let socket = TcpStream::connect(master).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        let mut stream = Self { socket, buffer: Vec::new(), at: 0, db: 0 };
        stream.socket.write_all(b"PSYNC ? -1\r\n").unwrap();
        let reply = stream.line();
        assert!(reply.starts_with("+FULLRESYNC"), "{reply}");
        // The master sends line feeds while it makes the snapshot.
        let head = loop {
            let line = stream.line();
            if !line.trim().is_empty() {
                break line.trim().to_owned();
            }
        };
        let len: usize = head.strip_prefix('$').unwrap().parse().unwrap();
        stream.take(len);
        stream
    }

    /// Returns the commands before the next PUBLISH, without SELECT.
    pub fn until_publish(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        loop {
            let words = self.command();
            match words[0].to_ascii_uppercase().as_slice() {
                b"SELECT" => self.db = std::str::from_utf8(&words[1]).unwrap().parse().unwrap(),
                b"PUBLISH" => return commands,
                b"PING" => {}
                _ => commands.push(Command { db: self.db, words }),
            }
        }
    }

    fn command(&mut self) -> Request {
        let count = self.number(b'*');
        let word = |stream: &mut Self| {
            let len = stream.number(b'$');
            let word = stream.take(len);
            stream.take(2);
            word
        };
        (0..count).map(|_| word(self)).collect()
    }

    fn number(&mut self, kind: u8) -> usize {
        let line = self.line();
        assert_eq!(line.as_bytes()[0], kind, "{line}");
        line[1..].trim().parse().unwrap()
    }

    fn line(&mut self) -> String {
        loop {
            if let Some(len) = self.buffer[self.at..].iter().position(|byte| *byte == b'\n') {
                return String::from_utf8(self.take(len + 1)).unwrap();
            }
            self.fill();
        }
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        while self.buffer.len() < self.at + len {
            self.fill();
        }
        let taken = self.buffer[self.at..self.at + len].to_vec();
        self.at += len;
        if self.at > 1 << 16 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        taken
    }

    fn fill(&mut self) {
        let mut chunk = [0; 1 << 16];
        let len = self.socket.read(&mut chunk).unwrap();
        assert!(len > 0, "the master has closed the replication link");
        self.buffer.extend_from_slice(&chunk[..len]);
    }
}
