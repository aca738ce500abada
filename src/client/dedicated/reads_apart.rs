//! Reads of a client whose replies are large go over a connection of its own: nothing is read from
//! it while the client does not take what it has, and no other client waits behind such replies.

use std::rc::Rc;

use super::lease::Passage;
use crate::backend::Connection;
use crate::client::client::Client;
use crate::client::planning::dispatch::Next;
use crate::client::reading::batch::Batch;
use crate::routing::{NoRoute, Route, Target};
use crate::telemetry::Kind;

/// Replies of at least this many bytes come over a connection of the client's own.
const LARGE_REPLY: usize = 64 * 1024;

impl Client {
    /// Whether more requests may be taken on; not before some are answered otherwise.
    pub(in crate::client) fn has_window(&mut self) -> bool {
        let replies = self.inbox.replies();
        self.reading.window.renew(replies.owed(), replies.usual_size())
    }

    /// Whether its replies are so large that its reads go over a connection of their own.
    #[inline]
    pub(in crate::client) fn reads_apart(&self) -> bool {
        self.inbox.replies().usual_size() >= LARGE_REPLY
    }

    /// What is read over a connection of its own has to come before anything else goes on.
    pub(in crate::client) fn ends_apart(&mut self) -> bool {
        self.hold |= self.apart.is_some();
        self.hold && !self.settle()
    }

    /// Sends a read over a connection that only this client uses until all is answered.
    pub(in crate::client) fn read_apart(&mut self, batch: &mut Batch<'_>, frame: &[u8]) -> Next {
        if self.apart.is_none() {
            batch.flush(&self.inbox);
            if !self.settle() {
                return Next::Wait;
            }
        }
        match self.connection_apart(batch) {
            Ok(Some((connection, kind))) => {
                let (kind, moves) = (Some(kind), batch.is_elsewhere(connection.backend));
                let passage = Passage { retryable: true, moves, kind, ..Passage::plain(true) };
                self.send_leased(&connection, frame, passage, batch);
                Next::Done
            }
            Ok(None) => {
                self.hold = true;
                Next::Wait
            }
            Err(error) => self.barred(batch, error, true),
        }
    }

    /// The connection, and what reads over it are to the metrics; `None` where it is lost and what
    /// was asked over it is asked again first.
    fn connection_apart(
        &mut self,
        batch: &Batch<'_>,
    ) -> Result<Option<(Rc<Connection>, Kind)>, NoRoute> {
        if let Some(kind) = self.apart {
            let open = self.lease.as_ref().filter(|lease| !lease.is_closed());
            return Ok(open.map(|lease| (Rc::clone(lease), kind)));
        }
        let from = self.reads_from();
        let Route { backend, reason } =
            self.worker.route(batch.topology.sole_shard(), from, Target::Read, None)?;
        let kind = Kind::read(reason);
        let mut pool = self.worker.pool.borrow_mut();
        let lease = pool.lease(backend, self.worker.key_of(&self.session), &self.inbox);
        self.lease = Some(Rc::clone(&lease));
        self.apart = Some(kind);
        Ok(Some((lease, kind)))
    }
}
