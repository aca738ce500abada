//! What comes of the stream while the snapshot that it goes on from is loaded: kept on the disk,
//! so that nothing gathers at the master.
//!
//! A link that ends meanwhile does not undo what it brought, as in Redis, which looks at its
//! socket again only when it has loaded: the rest is asked for with a partial resync.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use super::fault::LinkFault;
use super::wire::Wire;
use crate::engine::persist::{Spool, SpoolReader};
use tidegate_replication::Offsets;

/// Bytes of the stream that wait.
#[derive(Debug)]
pub(super) struct CatchUpBuffer {
    spool: Spool,
    /// Why no more will come.
    ended: Option<LinkFault>,
}

impl CatchUpBuffer {
    /// None so far; they will be kept in `dir`.
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        Ok(Self { spool: Spool::new(dir)?, ended: None })
    }

    /// A reader of all of them, from the first on.
    pub(super) fn reader(&self) -> io::Result<SpoolReader> {
        self.spool.reader()
    }

    /// Takes what has come, and waits for more for as long as `wait`; true if some came. While the
    /// link is up the master is told how far the data is.
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

    /// Ends the keeping: what comes from now on is the caller's.
    ///
    /// # Errors
    /// Why the link ended, if it did.
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
