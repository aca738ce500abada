//! The task of one replica: what it gets, in its order. First the answer to its PSYNC, then perhaps a
//! snapshot, then the stream.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;

use super::connection::{Connection, Ended};
use super::payload::{Next, Payload};
use super::payloads::Payloads;
use crate::engine::Engine;
use crate::engine::state::Joining;
use crate::tasks::{Kind, PanicGuard};
use tidegate_replication::{CloseReason, Piece, Position, ReplicaState, Shared, Stream};
use tidegate_wire::units::ReplId;

/// How often a replica that waits gets an empty line, in milliseconds.
const KEEPALIVE_MS: u64 = 1000;
const NO_SNAPSHOT: &[u8] = b"-ERR BGSAVE failed, replication can't continue\r\n";

/// Starts the task of a replica.
pub(super) fn spawn(payloads: &Arc<Payloads>, joined: Joining) {
    let payloads = Arc::clone(payloads);
    tokio::task::spawn_local(async move {
        let Joining { entry, stream, input } = joined;
        let _guard = PanicGuard::new(&payloads.engine.tasks, Kind::ReplicaFeed);
        // It leaves however its task ends.
        let member = Member { payloads: Arc::clone(&payloads), id: entry.id };
        let stream = match stream.attach() {
            Ok(stream) => stream,
            Err(error) => return tracing::warn!("a replica is lost: {error}"),
        };
        if payloads.engine.config.load().replica.repl_disable_tcp_nodelay {
            // It is no more than a wish of the operator.
            drop(stream.set_nodelay(false));
        }
        let addr = entry.addr.clone();
        let connection = Connection::new(&payloads.engine, entry, stream, &input);
        let mut task = ReplicaTask { payloads, connection, buffer: Vec::new(), told_ms: 0 };
        let left = match task.run().await {
            Ok(never) => match never {},
            Err(left) => left,
        };
        tracing::info!(replica = %addr, "a replica is no longer fed: {left}");
        drop(member);
    });
}

/// A replica of the source.
struct Member {
    payloads: Arc<Payloads>,
    id: u64,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.payloads.leave(self.id);
        self.payloads.engine.clients.remove(self.id);
    }
}

/// The task of one replica.
struct ReplicaTask {
    payloads: Arc<Payloads>,
    connection: Connection,
    /// Bytes that were copied to be sent.
    buffer: Vec<u8>,
    /// When it last got an empty line.
    told_ms: u64,
}

/// What a replica that waits gets.
enum Start {
    /// The rest of this history.
    Rest { replid: ReplId, takes_replids: bool },
    /// A snapshot.
    Snapshot(Snapshot),
}

/// The snapshot of a replica.
#[derive(Clone, Copy, Debug)]
struct Snapshot {
    number: u64,
    position: Position,
    is_legacy: bool,
    is_payload_only: bool,
}

/// Bytes to send.
enum Chunk {
    Shared(Shared),
    /// Those in the task's buffer.
    Copied,
}

impl ReplicaTask {
    async fn run(&mut self) -> Result<Infallible, Ended> {
        match self.start().await? {
            Start::Rest { replid, takes_replids } => {
                let line = match takes_replids {
                    true => format!("+CONTINUE {replid}\r\n"),
                    false => "+CONTINUE\r\n".to_owned(),
                };
                self.connection.answer(&line).await?;
            }
            Start::Snapshot(snapshot) => self.snapshot(snapshot).await?,
        }
        self.follow().await
    }

    /// Waits until it is clear what the replica gets.
    async fn start(&mut self) -> Result<Start, Ended> {
        let engine = Arc::clone(&self.payloads.engine);
        loop {
            let mut news = pin!(engine.feeding.news.notified());
            news.as_mut().enable();
            match self.look(&engine) {
                Ok(Some(start)) => return Ok(start),
                Ok(None) => {}
                Err(why) => {
                    if why == CloseReason::Snapshot {
                        self.connection.send(NO_SNAPSHOT).await?;
                    }
                    return Err(why.into());
                }
            }
            self.wait(&engine, news.as_mut()).await?;
        }
    }

    /// Returns what the replica gets, if it is clear by now.
    fn look(&self, engine: &Engine) -> Result<Option<Start>, CloseReason> {
        let id = self.connection.entry.id;
        let mut info = engine.link_info();
        let (identity, now_ms) = (info.identity, engine.now_ms());
        info.source.settle(id, &identity, now_ms);
        let Some(replica) = info.source.replica(id) else { return Err(CloseReason::History) };
        Ok(match (replica.state(), replica.began()) {
            (ReplicaState::Gone(why), _) => return Err(why),
            (ReplicaState::Ahead { .. } | ReplicaState::Waiting { .. }, _) => None,
            (_, Some((number, position))) => Some(Start::Snapshot(Snapshot {
                number,
                position,
                is_legacy: replica.is_legacy(),
                is_payload_only: replica.is_payload_only(),
            })),
            (_, None) => {
                let takes_replids = replica.takes_replids();
                Some(Start::Rest { replid: identity.replid(), takes_replids })
            }
        })
    }

    /// Waits for news. Each second the replica gets an empty line, so that it does not give up.
    async fn wait(
        &mut self,
        engine: &Engine,
        news: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Ended> {
        let now_ms = engine.now_ms();
        if now_ms.saturating_sub(self.told_ms) >= KEEPALIVE_MS {
            self.told_ms = now_ms;
            self.connection.send(b"\n").await?;
        } else {
            self.connection.step(b"", news).await?;
        }
        Ok(())
    }

    /// Sends a snapshot.
    async fn snapshot(&mut self, snapshot: Snapshot) -> Result<(), Ended> {
        let engine = Arc::clone(&self.payloads.engine);
        let id = self.connection.entry.id;
        let Some(payload) = self.payloads.payload(snapshot.number, id) else {
            return Err(CloseReason::Snapshot.into());
        };
        if !snapshot.is_legacy {
            let Position { replid, offset } = snapshot.position;
            let line = format!("+FULLRESYNC {replid} {offset}\r\n");
            self.connection.send(line.as_bytes()).await?;
        }
        match payload.mark() {
            Some(mark) => self.connection.send(format!("$EOF:{mark}\r\n").as_bytes()).await?,
            None => self.written(&engine, &payload).await?,
        }
        let mut at = 0;
        loop {
            let mut news = pin!(engine.feeding.news.notified());
            news.as_mut().enable();
            self.check(&engine)?;
            let chunk = match payload.next(id, at, &mut self.buffer)? {
                Next::Shared(shared) => Chunk::Shared(shared),
                Next::Copied => Chunk::Copied,
                Next::Wait => {
                    self.connection.step(b"", news).await?;
                    continue;
                }
                Next::End => break,
                Next::Broken => return Err(CloseReason::Snapshot.into()),
            };
            at += self.transmit(&chunk, news).await?;
            payload.taken(id, at);
        }
        if let Some(mark) = payload.mark() {
            self.connection.send(mark.as_bytes()).await?;
        }
        if snapshot.is_payload_only {
            self.connection.finish().await?;
            return Err(Ended::Done);
        }
        engine.link_info().source.transferred(id, engine.now_ms());
        Ok(())
    }

    /// Waits until the file of a snapshot is complete, and sends its length.
    async fn written(&mut self, engine: &Engine, payload: &Payload) -> Result<(), Ended> {
        let id = self.connection.entry.id;
        loop {
            let mut news = pin!(engine.feeding.news.notified());
            news.as_mut().enable();
            self.check(engine)?;
            match payload.next(id, 0, &mut self.buffer)? {
                Next::Wait => self.wait(engine, news).await?,
                Next::Broken => return Err(CloseReason::Snapshot.into()),
                _ => break,
            }
        }
        engine.link_info().source.sending(id);
        self.connection.send(format!("${}\r\n", payload.len()).as_bytes()).await
    }

    /// Whether the source still wants to feed the replica.
    fn check(&self, engine: &Engine) -> Result<(), Ended> {
        let info = engine.link_info();
        match info.source.stream(self.connection.entry.id) {
            Stream::Gone(why) => Err(why.into()),
            Stream::Bytes(_) | Stream::Wait => Ok(()),
        }
    }

    /// Sends the stream, for ever.
    async fn follow(&mut self) -> Result<Infallible, Ended> {
        let engine = Arc::clone(&self.payloads.engine);
        let id = self.connection.entry.id;
        loop {
            let mut news = pin!(engine.feeding.news.notified());
            news.as_mut().enable();
            let (chunk, pending) = {
                let info = engine.link_info();
                let chunk = match info.source.stream(id) {
                    Stream::Gone(why) => return Err(why.into()),
                    Stream::Wait => None,
                    Stream::Bytes(Piece::Shared(shared)) => Some(Chunk::Shared(shared)),
                    Stream::Bytes(Piece::Last(bytes)) => {
                        self.buffer.clear();
                        self.buffer.extend_from_slice(bytes);
                        Some(Chunk::Copied)
                    }
                };
                (chunk, info.source.pending(id))
            };
            self.connection.entry.info().output_bytes =
                usize::try_from(pending).unwrap_or(usize::MAX);
            match chunk {
                None => {
                    self.connection.step(b"", news).await?;
                }
                Some(chunk) => {
                    let sent = self.transmit(&chunk, news).await?;
                    engine.link_info().source.sent(id, sent);
                }
            }
        }
    }

    /// Sends the front of a chunk. Returns how many bytes were sent.
    async fn transmit(
        &mut self,
        chunk: &Chunk,
        news: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<u64, Ended> {
        let bytes = match chunk {
            Chunk::Shared(shared) => shared.bytes(),
            Chunk::Copied => self.buffer.as_slice(),
        };
        Ok(self.connection.step(bytes, news).await? as u64)
    }
}
