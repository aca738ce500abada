//! A connection for many commands: one write for a batch, and no look at the replies but the last.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::support::encode;

/// The longest that a batch may take.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Load {
    stream: TcpStream,
    batch: Vec<u8>,
    buffer: Vec<u8>,
    batches: u64,
}

impl Load {
    pub fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.set_write_timeout(Some(TIMEOUT)).unwrap();
        Self { stream, batch: Vec::new(), buffer: vec![0; 256 * 1024], batches: 0 }
    }

    /// Puts one more command into the batch.
    pub fn add(&mut self, request: &[Vec<u8>]) {
        self.batch.extend(encode(request));
    }

    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Sends the batch and waits for its last reply. No transaction may be open.
    pub fn send(&mut self) {
        self.batches += 1;
        let mark = format!("the end of batch {}", self.batches);
        self.batch.extend(encode(&["ECHO", &mark]));
        self.stream.write_all(&self.batch).unwrap();
        self.batch.clear();
        let end = format!("${}\r\n{mark}\r\n", mark.len()).into_bytes();
        let mut tail: Vec<u8> = Vec::new();
        while !tail.ends_with(&end) {
            let len = self.stream.read(&mut self.buffer).unwrap();
            assert!(len > 0, "the master has closed the connection");
            tail.extend_from_slice(&self.buffer[..len]);
            let old = tail.len().saturating_sub(end.len());
            tail.drain(..old);
        }
    }
}
