//! The socket of a link: bytes in, acks out, and the time after which the master counts as gone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::fault::LinkFault;
use crate::config::HostPort;
use crate::engine::Engine;
use crate::net::{Connecting, Stream};
use crate::registry::Entry;
use tidegate_replication::{Ack, Phase, Pulse, write_ack};
use tidegate_wire::units::ReplOffset;

/// How much one read takes at most.
const READ: usize = 256 * 1024;
/// How often the link checks whether the master to follow has changed.
pub(super) const LOOK: Duration = Duration::from_millis(100);

/// A connection to the master.
#[derive(Debug)]
pub(super) struct Wire<'e> {
    engine: &'e Engine,
    master: &'e HostPort,
    stream: Stream,
    /// The connection as `CLIENT LIST` of the port shows it.
    entry: Arc<Entry>,
    pulse: Pulse,
    repl_timeout: Duration,
    /// What the master has asked for and the append-only file did not have yet.
    unsynced: Option<ReplOffset>,
    /// Bytes that have arrived and are not processed yet.
    pub(super) input: BytesMut,
    /// Bytes to send.
    pub(super) output: Vec<u8>,
}

impl<'e> Wire<'e> {
    pub(super) async fn open(engine: &'e Engine, master: &'e HostPort) -> Result<Self, LinkFault> {
        let config = engine.config.load_full();
        let repl_timeout = config.replica.repl_timeout;
        let opening =
            timeout(repl_timeout, connect(engine, master, Connecting::to_master(&config)));
        let opened = tokio::select! {
            biased;
            opened = opening => opened,
            // A host that is gone never answers, so the link does not wait for it.
            () = retargeted(engine, master) => return Err(LinkFault::Retarget),
        };
        let stream = match opened {
            Ok(stream) => stream.map_err(LinkFault::Connect)?,
            Err(_) => return Err(LinkFault::Connect(io::ErrorKind::TimedOut.into())),
        };
        let pulse = Pulse::new(repl_timeout, engine.now_ms());
        let entry = admit(engine, &stream)?;
        Ok(Self {
            engine,
            master,
            stream,
            entry,
            pulse,
            repl_timeout,
            unsynced: None,
            input: BytesMut::new(),
            output: Vec::new(),
        })
    }

    /// Returns the address of the master.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()?.ip()
    }

    /// Moves the link to another phase.
    pub(super) fn enter(&mut self, phase: Phase) {
        self.pulse.enter(phase, self.engine.now_ms());
    }

    /// Notes that the payload has arrived: the master may send the stream.
    pub(super) fn open_stream(&mut self) {
        self.pulse.open_stream(self.engine.now_ms());
    }

    /// Returns the ack when `applied` is applied. Its offset is 0 while the engine's copy does not
    /// count as a replica's, so that the master's WAIT and WAITAOF never count it.
    fn acknowledged(&self, applied: ReplOffset) -> Ack {
        let counts = self.engine.config.load().replica.counts_as_replica;
        if counts { Ack { applied, synced: self.engine.synced() } } else { Ack::default() }
    }

    /// Sends an ack at once, because the master asked for one.
    pub(super) async fn ack(&mut self, applied: ReplOffset) -> Result<(), LinkFault> {
        let ack = self.acknowledged(applied);
        self.unsynced = ack.synced.filter(|synced| *synced < applied).map(|_| applied);
        write_ack(ack, &mut self.output);
        self.flush().await
    }

    /// Sends an ack when the disk has what the master had asked for. Its WAITAOF need not wait for the
    /// next second.
    fn ack_synced(&mut self, applied: ReplOffset) {
        let Some(wanted) = self.unsynced else { return };
        let ack = self.acknowledged(applied);
        if ack.synced.is_none_or(|synced| synced >= wanted) {
            self.unsynced = None;
            write_ack(ack, &mut self.output);
        }
    }

    /// Sends what is due and reads once, within `wait`. Returns how many bytes arrived. A master
    /// that is silent for too long is gone, unless the engine did not read meanwhile.
    pub(super) async fn tick(
        &mut self,
        applied: ReplOffset,
        wait: Duration,
    ) -> Result<usize, LinkFault> {
        self.beat(applied).await?;
        // The name of the master may lead to another server now.
        let is_elsewhere = |at| self.peer().is_some_and(|peer| peer != at);
        if !self.engine.is_wanted(self.master)
            || self.engine.endpoint_of(self.master).is_some_and(is_elsewhere)
        {
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

    /// Sends what is due each second.
    pub(super) async fn beat(&mut self, applied: ReplOffset) -> Result<(), LinkFault> {
        self.ack_synced(applied);
        let ack = self.acknowledged(applied);
        self.pulse.beat(ack, self.engine.now_ms(), &mut self.output);
        self.flush().await
    }

    /// Drops the first `len` bytes of the input.
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

/// Registers the master as a client of the port: `CLIENT LIST` shows it, and `CLIENT KILL TYPE
/// master` closes the link. `max-clients` counts it and never refuses it.
fn admit(engine: &Engine, stream: &Stream) -> Result<Arc<Entry>, LinkFault> {
    let (addr, laddr) = (stream.peer_addr()?, stream.local_addr()?);
    let entry = engine.clients.admit(addr, laddr, usize::MAX, engine.now_ms());
    let entry = entry.ok_or_else(|| io::Error::other("too many clients"))?;
    entry.info().master = true;
    Ok(entry)
}

/// Connects to the master at the address that was proven, if one was.
async fn connect(engine: &Engine, master: &HostPort, how: Connecting) -> io::Result<Stream> {
    Stream::connect(master, engine.endpoint_of(master), &how).await
}

/// Waits until the configuration names another master.
async fn retargeted(engine: &Engine, master: &HostPort) {
    while engine.wanted_master().as_ref() == Some(master) {
        sleep(LOOK).await;
    }
}
