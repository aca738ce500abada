//! The socket of a link: bytes in, words out, and when it counts as dead.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::fault::LinkFault;
use crate::config::HostPort;
use crate::engine::Engine;
use crate::net;
use crate::registry::Entry;
use tidegate_replication::{Phase, Pulse, write_ack};
use tidegate_wire::units::ReplOffset;

/// How much is read at once.
const READ: usize = 256 * 1024;
/// How often is looked whether another master is to be followed.
pub(super) const LOOK: Duration = Duration::from_millis(100);

/// A connection to the master.
#[derive(Debug)]
pub(super) struct Wire<'e> {
    engine: &'e Engine,
    master: &'e HostPort,
    stream: TcpStream,
    /// How the port's clients see it.
    entry: Arc<Entry>,
    pulse: Pulse,
    repl_timeout: Duration,
    /// What came and was not dealt with yet.
    pub(super) input: BytesMut,
    /// What is to be sent.
    pub(super) output: Vec<u8>,
}

impl<'e> Wire<'e> {
    pub(super) async fn open(engine: &'e Engine, master: &'e HostPort) -> Result<Self, LinkFault> {
        let config = engine.config.load_full();
        let repl_timeout = config.replica.repl_timeout;
        let opening = timeout(repl_timeout, net::connect(master, config.proxy.tcp_keepalive));
        let opened = tokio::select! {
            biased;
            opened = opening => opened,
            // A host that is gone answers nothing: nobody has to wait for it who need not.
            () = retargeted(engine, master) => return Err(LinkFault::Retarget),
        };
        let stream = match opened {
            Ok(stream) => stream.map_err(LinkFault::Connect)?,
            Err(_) => return Err(LinkFault::Connect(io::ErrorKind::TimedOut.into())),
        };
        let pulse = Pulse::new(repl_timeout, engine.now_ms());
        let entry = admit(engine, &stream)?;
        let (input, output) = (BytesMut::new(), Vec::new());
        Ok(Self { engine, master, stream, entry, pulse, repl_timeout, input, output })
    }

    /// The address that it leads to.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    /// What the link is busy with, from now on.
    pub(super) fn enter(&mut self, phase: Phase) {
        self.pulse.enter(phase, self.engine.now_ms());
    }

    /// The payload has come: the master may send the stream.
    pub(super) fn open_stream(&mut self) {
        self.pulse.open_stream(self.engine.now_ms());
    }

    /// The offset to acknowledge when `applied` is applied: 0 while the engine's copy does not count
    /// as a replica's, so that the master's WAIT never counts it.
    fn acknowledged(&self, applied: ReplOffset) -> ReplOffset {
        let counts = self.engine.config.load().replica.counts_as_replica;
        if counts { applied } else { ReplOffset::default() }
    }

    /// Answers the master's question for an ack, at once.
    pub(super) async fn ack(&mut self, applied: ReplOffset) -> Result<(), LinkFault> {
        write_ack(self.acknowledged(applied), &mut self.output);
        self.flush().await
    }

    /// Says what is due and reads once; returns how many bytes came within `wait`. A master that
    /// is silent for too long is gone; one that was not listened to meanwhile is not.
    pub(super) async fn tick(
        &mut self,
        applied: ReplOffset,
        wait: Duration,
    ) -> Result<usize, LinkFault> {
        self.beat(applied).await?;
        if !self.engine.is_wanted(self.master) {
            return Err(LinkFault::Retarget);
        }
        if self.entry.is_killed() {
            return Err(LinkFault::Killed);
        }
        self.input.reserve(READ);
        let read = tokio::select! {
            biased;
            read = self.stream.read_buf(&mut self.input) => read?,
            () = sleep(wait) => {
                let is_dead = self.pulse.is_dead(self.engine.now_ms());
                return if is_dead { Err(LinkFault::Silence(self.repl_timeout)) } else { Ok(0) };
            }
        };
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let now = self.engine.now_ms();
        self.pulse.heard(now);
        self.engine.heard(now);
        self.entry.touch(now);
        Ok(read)
    }

    /// Says what is due each second.
    pub(super) async fn beat(&mut self, applied: ReplOffset) -> Result<(), LinkFault> {
        let offset = self.acknowledged(applied);
        self.pulse.beat(offset, self.engine.now_ms(), &mut self.output);
        self.flush().await
    }

    /// Forgets the first `len` bytes of the input.
    pub(super) fn consume(&mut self, len: usize) {
        self.input.advance(len);
    }

    async fn flush(&mut self) -> Result<(), LinkFault> {
        if self.output.is_empty() {
            return Ok(());
        }
        match timeout(self.repl_timeout, self.stream.write_all(&self.output)).await {
            Ok(written) => written?,
            Err(_) => return Err(LinkFault::Silence(self.repl_timeout)),
        }
        self.output.clear();
        Ok(())
    }
}

impl Drop for Wire<'_> {
    fn drop(&mut self) {
        self.engine.clients.remove(self.entry.id);
    }
}

/// The master is a client, too: `CLIENT LIST` shows it, and `CLIENT KILL TYPE master` closes the
/// link. It counts, but there is room for it always.
fn admit(engine: &Engine, stream: &TcpStream) -> Result<Arc<Entry>, LinkFault> {
    let (addr, laddr) = (stream.peer_addr()?, stream.local_addr()?);
    let entry = engine.clients.admit(addr, laddr, usize::MAX, engine.now_ms());
    let entry = entry.ok_or_else(|| io::Error::other("too many clients"))?;
    entry.facts().master = true;
    Ok(entry)
}

/// Waits until another master is to be followed.
async fn retargeted(engine: &Engine, master: &HostPort) {
    while engine.wanted_master().as_ref() == Some(master) {
        sleep(LOOK).await;
    }
}
