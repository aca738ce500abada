//! The part of the stream that arrives while the engine loads the snapshot. It is kept on the disk,
//! so that the master's output buffer stays empty.
//!
//! If the link ends meanwhile, the bytes that have arrived are applied all the same, and a partial
//! resync asks for the rest. Redis does so, too: it reads its socket again only after the load.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use super::fault::LinkFault;
use super::wire::Wire;
use crate::engine::persist::{Spool, SpoolReader};
use tidegate_replication::Offsets;

/// Bytes of the stream that wait for the end of the load.
#[derive(Debug)]
pub(super) struct CatchUpBuffer {
    spool: Spool,
    /// Why the link has ended, if it has.
    ended: Option<LinkFault>,
}

impl CatchUpBuffer {
    /// Makes an empty buffer in `dir`.
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        Ok(Self { spool: Spool::new(dir)?, ended: None })
    }

    /// Returns a reader of all bytes, from the first on.
    pub(super) fn reader(&self) -> io::Result<SpoolReader> {
        self.spool.reader()
    }

    /// Takes the bytes that have arrived, and waits for more, for `wait` at most. Returns whether
    /// some have arrived. While the link is up the master is told how far the data are.
    pub(super) async fn gather(
        &mut self,
        wire: &mut Wire<'_>,
        offsets: &mut Offsets,
        wait: Duration,
    ) -> bool {
        if self.ended.is_some() {
            sleep(wait).await;
            return false;
        }
        let came = match self.keep(wire, offsets) {
            Ok(()) => wire.tick(offsets.applied(), wait).await,
            Err(fault) => Err(fault),
        };
        let came = came.and_then(|read| self.keep(wire, offsets).map(|()| read > 0));
        came.unwrap_or_else(|fault| {
            self.ended = Some(fault);
            false
        })
    }

    /// Closes the buffer: the caller takes the bytes that arrive from now on.
    ///
    /// # Errors
    /// Why the link has ended, if it has.
    pub(super) fn close(self) -> Result<(), LinkFault> {
        self.ended.map_or(Ok(()), Err)
    }

    fn keep(&mut self, wire: &mut Wire<'_>, offsets: &mut Offsets) -> Result<(), LinkFault> {
        let len = wire.input.len();
        if len > 0 {
            self.spool.write(&wire.input).map_err(LinkFault::Spool)?;
            wire.consume(len);
            offsets.received(len as u64);
        }
        Ok(())
    }
}
