//! How many requests of one client may be under way: as many as their replies have room for.
//!
//! What the replies will come to is known only from those before them. So few requests are sent at
//! first, then twice as many each time that all was answered and small. A client whose replies are
//! large gets a connection of its own for its reads: nothing is read from it while the client does
//! not take what it has, and no other client waits behind such replies.

use std::rc::Rc;

use super::batch::Batch;
use super::client::Client;
use super::dispatch::Next;
use super::lease::Passage;
use crate::backend::Connection;
use crate::routing::{NoRoute, Route, Target};
use crate::telemetry::Kind;
use crate::worker::worker::key_of;

/// Requests of a client that may be under way at first.
const WINDOW_MIN: u64 = 16;
/// Requests of a client that may be under way at most.
const WINDOW_MAX: u64 = 4096;
/// What the replies under way may come to, in bytes; one reply may always be under way.
const UNDER_WAY: usize = 4 * 1024 * 1024;
/// Replies of at least this many bytes come over a connection of the client's own.
const LARGE_REPLY: usize = 64 * 1024;

/// How many requests may be under way.
#[derive(Debug)]
pub(super) struct Window {
    size: u64,
    /// Requests that may be taken on before it is looked anew how many are under way; 0 while there
    /// are as many as may be.
    allowance: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { size: WINDOW_MIN, allowance: 1 }
    }
}

impl Window {
    /// Whether another request may be taken on without a look.
    #[inline]
    pub(super) const fn is_open(&self) -> bool {
        self.allowance > 0
    }

    /// A request was taken on.
    #[inline]
    pub(super) const fn take(&mut self) {
        self.allowance = self.allowance.saturating_sub(1);
    }

    /// Looks how many requests may be taken on while `owed` are under way and a reply comes to
    /// `usual` bytes; false for none. Once there is no room, it is waited for until there is room
    /// for many.
    pub(super) fn renew(&mut self, owed: u64, usual: usize) -> bool {
        let fits = (UNDER_WAY / usual.max(1)) as u64;
        let fits = fits.clamp(1, WINDOW_MAX);
        let was_met = self.allowance == 0;
        self.size = self.size.min(fits);
        if was_met && owed <= self.size / 2 {
            self.size = (self.size * 2).min(fits);
        } else if was_met || owed >= self.size {
            self.allowance = 0;
            return false;
        }
        self.allowance = self.size - owed;
        true
    }
}

impl Client {
    /// Whether more requests may be taken on; not before some are answered otherwise.
    pub(super) fn has_window(&mut self) -> bool {
        let replies = self.inbox.replies();
        self.window.renew(replies.owed(), replies.usual_size())
    }

    /// Whether its replies are so large that its reads go over a connection of their own.
    #[inline]
    pub(super) fn reads_apart(&self) -> bool {
        self.inbox.replies().usual_size() >= LARGE_REPLY
    }

    /// What is read over a connection of its own has to come before anything else goes on.
    pub(super) fn ends_apart(&mut self) -> bool {
        self.hold |= self.apart.is_some();
        self.hold && !self.settle()
    }

    /// Sends a read over a connection that only this client uses until all is answered.
    pub(super) fn read_apart(&mut self, batch: &mut Batch<'_>, frame: &[u8]) -> Next {
        if self.apart.is_none() {
            batch.flush(&self.inbox);
            if !self.settle() {
                return Next::Wait;
            }
        }
        match self.connection_apart(batch) {
            Ok(Some((connection, kind))) => {
                let (kind, moves) = (Some(kind), batch.is_elsewhere(connection.backend));
                let passage = Passage { once: true, moves, kind, ..Passage::plain(true) };
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
        let from = self.session.reads.unwrap_or(self.config.reads.from);
        let Route { backend, reason } =
            self.worker.route(&batch.topology, from, Target::Read, None)?;
        let kind = Kind::read(reason);
        let mut pool = self.worker.pool.borrow_mut();
        let lease = pool.lease(backend, key_of(&self.session), &self.inbox);
        self.lease = Some(Rc::clone(&lease));
        self.apart = Some(kind);
        Ok(Some((lease, kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many requests are taken on while `owed` are under way.
    fn take_all(window: &mut Window, owed: u64, usual: usize) -> u64 {
        let mut taken = 0;
        while window.is_open() || window.renew(owed + taken, usual) {
            window.take();
            taken += 1;
        }
        taken
    }

    #[test]
    fn it_grows_while_replies_are_small() {
        let mut window = Window::default();
        assert!(window.renew(0, 0));
        assert_eq!(take_all(&mut window, 0, 0), 16);
        assert!(!window.renew(9, 100), "not before half of them are answered");
        let mut sizes = Vec::new();
        for _ in 0..10 {
            sizes.push(take_all(&mut window, 0, 100));
        }
        assert_eq!(sizes, [32, 64, 128, 256, 512, 1024, 2048, 4096, 4096, 4096]);
    }

    #[test]
    fn large_replies_close_it_to_what_has_room() {
        let mut window = Window::default();
        for _ in 0..10 {
            take_all(&mut window, 0, 100);
        }
        assert_eq!(take_all(&mut window, 0, 1024 * 1024), 4);
        assert_eq!(take_all(&mut window, 0, 100 * 1024 * 1024), 1);
        assert_eq!(take_all(&mut window, 1, 100 * 1024 * 1024), 0);
        assert_eq!(take_all(&mut window, 0, 100 * 1024 * 1024), 1);
        assert_eq!(take_all(&mut window, 0, 100), 2, "and it grows again");
    }

    /// A client that never met it has not shown that it needs more.
    #[test]
    fn it_does_not_grow_unmet() {
        let mut window = Window::default();
        for _ in 0..100 {
            assert!(window.renew(0, 10));
            window.take();
        }
        assert_eq!(window.size, 16);
    }
}
