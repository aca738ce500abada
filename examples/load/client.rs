//! One connection with one batch of requests in flight.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;

use crate::keyspace::Keyspace;
use crate::replies::{Malformed, Reply, Scanner, Sink};
use crate::tally::{Errors, Op, Source, Tally};

/// What all clients use in turn. One thread: the lock is never contended.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) source: Source,
    pub(crate) tally: Tally,
    /// Where every client reads to; nothing stays in it between two polls.
    input: Vec<u8>,
}

impl Shared {
    pub(crate) fn new(source: Source, tally: Tally, value_size: usize) -> Self {
        Self { source, tally, input: vec![0; (2 * value_size).clamp(64 << 10, 1 << 20)] }
    }
}

/// A connection and its place in the closed loop.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    keyspace: Arc<Keyspace>,
    pipeline: usize,
    check: bool,
    scanner: Scanner,
    /// Requests without a reply, oldest first.
    ops: VecDeque<Op>,
    /// Whether the value that is arriving was right so far.
    intact: bool,
    out: Vec<u8>,
    written: usize,
    sent: Instant,
}

impl Client {
    pub(crate) async fn connect(
        addr: SocketAddr,
        keyspace: Arc<Keyspace>,
        pipeline: usize,
        check: bool,
    ) -> io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            keyspace,
            pipeline,
            check,
            scanner: Scanner::default(),
            ops: VecDeque::with_capacity(pipeline),
            intact: true,
            out: Vec::new(),
            written: 0,
            sent: Instant::now(),
        })
    }

    /// Sends batch after batch until the source is dry and every reply is here.
    pub(crate) async fn run(mut self, shared: Arc<Mutex<Shared>>) {
        poll_fn(|cx| {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            self.poll(cx, &mut shared).map(|result| {
                if let Err(error) = result {
                    shared.tally.errors.add(&format!("connection: {error}"));
                }
            })
        })
        .await;
    }

    fn poll(&mut self, cx: &mut Context<'_>, shared: &mut Shared) -> Poll<io::Result<()>> {
        loop {
            if self.ops.is_empty() {
                self.prepare(&mut shared.source);
                if self.ops.is_empty() {
                    return Poll::Ready(Ok(()));
                }
            }
            // A server may stop reading until its replies are read: a full socket is no reason
            // to wait here.
            if let Poll::Ready(Err(error)) = self.poll_write(cx) {
                return Poll::Ready(Err(error));
            }
            let mut buf = ReadBuf::new(&mut shared.input);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Err(io::Error::other("closed by the server")));
            }
            self.take(buf.filled(), &mut shared.tally)
                .map_err(|Malformed| io::Error::other("not a RESP2 reply"))?;
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let stream = Pin::new(&mut self.stream);
            self.written += ready!(stream.poll_write(cx, &self.out[self.written..]))?;
        }
        Poll::Ready(Ok(()))
    }

    fn prepare(&mut self, source: &mut Source) {
        self.out.clear();
        self.written = 0;
        while self.ops.len() < self.pipeline {
            let Some(op) = source.next() else { break };
            if op.set {
                self.keyspace.set(op.key, &mut self.out);
            } else {
                self.keyspace.get(op.key, &mut self.out);
            }
            self.ops.push_back(op);
        }
        self.sent = Instant::now();
    }

    fn take(&mut self, bytes: &[u8], tally: &mut Tally) -> Result<(), Malformed> {
        let waiting = self.ops.len();
        let mut matcher = Matcher {
            keyspace: &self.keyspace,
            check: self.check,
            ops: &mut self.ops,
            intact: &mut self.intact,
            errors: &mut tally.errors,
            misses: 0,
        };
        self.scanner.feed(bytes, &mut matcher)?;
        let misses = matcher.misses;
        tally.record(waiting - self.ops.len(), misses, self.sent.elapsed());
        Ok(())
    }
}

/// Holds each reply against the oldest request without one.
struct Matcher<'a> {
    keyspace: &'a Keyspace,
    check: bool,
    ops: &'a mut VecDeque<Op>,
    intact: &'a mut bool,
    errors: &'a mut Errors,
    misses: u64,
}

impl Sink for Matcher<'_> {
    fn body(&mut self, at: usize, bytes: &[u8]) {
        if self.check
            && let Some(op) = self.ops.front()
        {
            *self.intact &= self.keyspace.holds(op.key, at, bytes);
        }
    }

    fn end(&mut self, reply: Reply<'_>) {
        let intact = std::mem::replace(self.intact, true);
        let Some(op) = self.ops.pop_front() else {
            return self.errors.add("a reply without a request");
        };
        match reply {
            Reply::Error(text) => self.errors.add(&String::from_utf8_lossy(text)),
            Reply::Status(b"OK") if op.set => {}
            Reply::Bulk(_) if !op.set && !self.check => {}
            Reply::Bulk(size) if !op.set && size == self.keyspace.value_size() && intact => {}
            Reply::Bulk(_) if !op.set => self.errors.add("check: a value of another key"),
            Reply::Nil if !op.set => {
                self.misses += 1;
                if self.check {
                    self.errors.add("check: no value");
                }
            }
            _ => self.errors.add("a reply of the wrong type"),
        }
    }
}
