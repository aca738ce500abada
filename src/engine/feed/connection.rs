//! The socket of one replica: bytes out, acks in. Never decides what is sent.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::{sleep, timeout};

use crate::engine::Engine;
use crate::net::Stream;
use crate::registry::Entry;
use tidegate_replication::{Ack, CloseReason, is_getack};
use tidegate_wire::resp::{Args, Limits, RequestScanner, RequestStep, inline};
use tidegate_wire::units::millis;

/// How often a connection on which nothing happens is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// The most bytes of a request. A replica sends acks.
const REQUEST_MAX: usize = 16 * 1024;
/// How much one read takes.
const READ: usize = 4096;

/// Why a replica is no longer fed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// The connection failed.
    #[error("the connection was lost: {0}")]
    Io(#[from] io::Error),
    /// The replica has closed the connection.
    #[error("it has closed the connection")]
    Closed,
    /// A client ended it with `CLIENT KILL`.
    #[error("a client closed it")]
    Killed,
    /// The replica has sent a request that would be answered, which would be taken for the stream.
    #[error("it has sent {0}, and a replica gets no replies")]
    Request(String),
    /// The replica takes nothing for `repl-timeout`.
    #[error("it takes nothing for repl-timeout")]
    Stuck,
    /// The source closes it.
    #[error("{0}")]
    Source(#[from] CloseReason),
    /// It has the payload and wants no more.
    #[error("it has the payload and wants no stream")]
    Done,
}

/// The connection of one replica.
#[derive(Debug)]
pub(super) struct Connection {
    engine: Arc<Engine>,
    pub(super) entry: Arc<Entry>,
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    /// What the replica has sent and is not processed yet.
    input: BytesMut,
    scanner: RequestScanner,
    /// When the replica last took bytes, or had taken all.
    took_ms: u64,
}

/// What has happened in a step.
enum Event {
    Killed,
    Read(usize),
    Wrote(usize),
    Nothing,
}

impl Connection {
    pub(super) fn new(
        engine: &Arc<Engine>,
        entry: Arc<Entry>,
        stream: Stream,
        input: &[u8],
    ) -> Self {
        let (reader, writer) = split(stream);
        Self {
            engine: Arc::clone(engine),
            entry,
            reader,
            writer,
            input: BytesMut::from(input),
            scanner: RequestScanner::default(),
            took_ms: engine.now_ms(),
        }
    }

    /// Sends a part of `out`, takes what the replica sends, and waits for a while if there is
    /// nothing to do: `news` ends the waiting. Returns how many bytes were sent.
    pub(super) async fn step(
        &mut self,
        out: &[u8],
        news: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<usize, Ended> {
        self.hear()?;
        self.input.reserve(READ);
        let (entry, is_idle) = (&self.entry, out.is_empty());
        let killed = poll_fn(|cx| {
            entry.set_waker(cx.waker());
            if entry.is_killed() { Poll::Ready(()) } else { Poll::Pending }
        });
        let event = tokio::select! {
            biased;
            () = killed => Event::Killed,
            read = self.reader.read_buf(&mut self.input) => Event::Read(read?),
            wrote = self.writer.write(out), if !is_idle => Event::Wrote(wrote?),
            () = news, if is_idle => Event::Nothing,
            () = sleep(LOOK) => Event::Nothing,
        };
        let now_ms = self.engine.now_ms();
        let mut sent = 0;
        match event {
            Event::Killed => return Err(Ended::Killed),
            Event::Read(0) => return Err(Ended::Closed),
            Event::Read(_) => {
                self.entry.touch(now_ms);
                self.hear()?;
            }
            Event::Wrote(len) => sent = len,
            Event::Nothing => {}
        }
        if sent > 0 || is_idle {
            self.took_ms = now_ms;
        }
        let timeout = millis(self.engine.config.load().replica.repl_timeout);
        let is_stuck = now_ms.saturating_sub(self.took_ms) > timeout;
        if is_stuck { Err(Ended::Stuck) } else { Ok(sent) }
    }

    /// Sends the answer to PSYNC, before anything that the replica has sent behind it counts.
    pub(super) async fn answer(&mut self, line: &str) -> Result<(), Ended> {
        let limit = self.engine.config.load().replica.repl_timeout;
        match timeout(limit, self.writer.write_all(line.as_bytes())).await {
            Ok(wrote) => Ok(wrote?),
            Err(_) => Err(Ended::Stuck),
        }
    }

    /// Sends all of `out`.
    pub(super) async fn send(&mut self, mut out: &[u8]) -> Result<(), Ended> {
        while !out.is_empty() {
            let sent = self.step(out, std::pin::pin!(std::future::pending())).await?;
            out = &out[sent..];
        }
        Ok(())
    }

    /// Tells the replica that nothing more comes, and waits until it closes its end. A connection
    /// that is closed with unread bytes would be reset, and bytes on their way would be lost.
    pub(super) async fn finish(&mut self) -> Result<(), Ended> {
        self.writer.shutdown().await?;
        loop {
            self.step(b"", std::pin::pin!(std::future::pending())).await?;
        }
    }

    /// Takes the complete requests of the replica: acks and empty lines.
    fn hear(&mut self) -> Result<(), Ended> {
        let limits = Limits { bulk_max: i64::from(u16::MAX), authenticated: true };
        while !self.input.is_empty() {
            let request = match self.scanner.scan(&self.input, &limits) {
                Ok(RequestStep::Complete(request)) => request,
                Ok(RequestStep::NeedMore { .. }) if self.input.len() < REQUEST_MAX => break,
                Ok(RequestStep::NeedMore { .. }) => {
                    return Err(Ended::Request("a long request".to_owned()));
                }
                Err(error) => return Err(Ended::Request(format!("bytes that are none: {error}"))),
            };
            let frame = self.input.split_to(request.len);
            match (request.argc, request.inline) {
                (0, _) => self.engine.link_info().source.heard(self.entry.id, self.engine.now_ms()),
                (_, true) => {
                    let words = inline::split(&frame, self.engine.dialect().quotes());
                    let words = words.unwrap_or_default();
                    self.request(&words.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
                }
                _ => self.request(&Args::new(&frame).to_vec())?,
            }
        }
        if self.input.capacity() > REQUEST_MAX && !self.input.has_remaining() {
            self.input = BytesMut::new();
        }
        Ok(())
    }

    /// Takes a request. As in servers, a request that would be answered ends the connection.
    fn request(&self, words: &[&[u8]]) -> Result<(), Ended> {
        let name = words.first().copied().unwrap_or_default();
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        if let Some(ack) = Ack::parse(words) {
            let now_ms = self.engine.now_ms();
            self.entry.info().command = "replconf".into();
            let mut info = self.engine.link_info();
            let was_online = info.source.is_streaming(self.entry.id);
            info.source.ack(self.entry.id, ack, now_ms);
            let is_opened = !was_online && info.source.is_streaming(self.entry.id);
            drop(info);
            if is_opened {
                self.engine.feeding.notify();
            }
            self.engine.feeding.acks.notify_one();
            return Ok(());
        }
        if is_getack(words) || is("sync") || is("psync") {
            return Ok(());
        }
        let short: Vec<u8> = name.iter().take(32).copied().collect();
        Err(Ended::Request(format!("\"{}\"", short.escape_ascii())))
    }
}
