//! Where a client's replies arrive, and what else its backends have to tell it.

use std::cell::{Cell, RefCell, RefMut};
use std::task::Waker;

use super::{Credentials, Failed};
use crate::net::OUTPUT_HIGH;
use crate::session::replies::{Replies, Sequence};
use crate::session::tracking::broken_redirect;
use crate::topology::BackendId;

/// A reply that was asked for in one piece.
#[derive(Debug)]
pub struct Whole {
    /// The request's number.
    pub seq: Sequence,
    /// The reply.
    pub frame: Vec<u8>,
    /// Who gave it.
    pub backend: BackendId,
    /// The scan tag of the server process that gave it.
    pub scan_tag: u32,
}

/// What a client has to act on, beyond replies that only have to be passed on.
#[derive(Debug)]
pub enum Event {
    /// A request was not answered.
    Failed(Failed),
    /// A reply that needs a change before it is passed on.
    Whole(Whole),
    /// The leased connection's server answered this request with an error.
    Denied(Sequence),
    /// The leased connection's server refused a write: it is no master any more.
    Demoted,
    /// The leased connection is gone; its unanswered requests have failed already.
    LeaseLost(String),
    /// The server refused to set the leased connection up, in these words (without the `-`); the
    /// requests that waited for it have failed already.
    LeaseRefused(String),
}

/// One client's inbox: filled by backend connections, emptied by the client's task, all on one
/// thread.
#[derive(Debug, Default)]
pub struct Inbox {
    replies: RefCell<Replies>,
    events: RefCell<Vec<Event>>,
    waker: RefCell<Option<Waker>>,
    /// The client was woken and has not looked yet.
    woken: Cell<bool>,
    /// The client is gone: whatever still arrives for it is dropped.
    gone: Cell<bool>,
    /// The master that was written to last.
    master: Cell<Option<BackendId>>,
    /// The login of what is under way.
    login: RefCell<Option<Credentials>>,
    /// The number behind the last write that was sent.
    written: Cell<Sequence>,
    /// The number behind the last read that another server than the master was asked.
    elsewhere: Cell<Sequence>,
    /// A bug crossed our way: the client has to be closed.
    broken: Cell<bool>,
    /// The client that its invalidations are redirected to; 0 for none.
    redirect: Cell<u64>,
    /// The server said that this client has gone.
    redirect_broken: Cell<bool>,
    /// What comes unasked is dropped.
    muted: Cell<bool>,
}

impl Inbox {
    /// The replies that are owed and those that are ready.
    pub fn replies(&self) -> RefMut<'_, Replies> {
        self.replies.borrow_mut()
    }

    /// Remembers whom to wake; said once, by the client's task.
    pub fn set_waker(&self, waker: &Waker) {
        *self.waker.borrow_mut() = Some(waker.clone());
    }

    /// An inbox whose arrivals wake the owner of `other`.
    #[must_use]
    pub fn woken_with(other: &Self) -> Self {
        let waker = RefCell::new(other.waker.borrow().clone());
        Self { waker, ..Self::default() }
    }

    /// Whether what comes unasked is dropped from now on.
    pub fn mute(&self, is_muted: bool) {
        self.muted.set(is_muted);
    }

    /// The client's invalidations are redirected to the client with this id from now on; 0 for none.
    pub fn set_redirect(&self, id: u64) {
        self.redirect.set(id);
        self.redirect_broken.set(false);
    }

    /// The client that its invalidations are redirected to is known to have gone.
    pub fn break_redirect(&self) {
        self.redirect_broken.set(true);
    }

    /// Whether the client that its invalidations are redirected to is known to have gone.
    pub fn is_redirect_broken(&self) -> bool {
        self.redirect_broken.get()
    }

    /// Whether what is sent to `master` now can't overtake what another master was sent before.
    pub fn keeps_order(&self, master: BackendId) -> bool {
        let same = self.master.get().is_none_or(|last| last == master);
        if same || self.replies().is_settled() {
            self.master.set(Some(master));
            return true;
        }
        false
    }

    /// Whether what is sent with the login `credentials` now can't overtake what was sent with
    /// another one: over one connection requests keep their order, over two they may not.
    pub fn keeps_login(&self, credentials: &Credentials) -> bool {
        let mut login = self.login.borrow_mut();
        if login.as_ref() == Some(credentials) {
            return true;
        }
        let may_change = self.replies().is_settled();
        if may_change {
            *login = Some(credentials.clone());
        }
        may_change
    }

    /// The requests below `end` that were sent include a write.
    pub fn wrote(&self, end: Sequence) {
        self.written.set(self.written.get().max(end));
    }

    /// The number behind the last write that was sent.
    pub fn written(&self) -> Sequence {
        self.written.get()
    }

    /// The requests below `end` include a read that another server than the master was asked.
    pub fn read_elsewhere(&self, end: Sequence) {
        self.elsewhere.set(self.elsewhere.get().max(end));
    }

    /// The number behind the last read that another server than the master was asked.
    pub fn elsewhere(&self) -> Sequence {
        self.elsewhere.get()
    }

    /// The client is gone, and owed nothing any more.
    pub fn close(&self) {
        self.gone.set(true);
        self.replies.take();
        self.events.take();
        self.waker.take();
    }

    /// The client looks now: later arrivals wake it again.
    pub fn looked(&self) {
        self.woken.set(false);
    }

    /// Whether a reply arrived that nobody waited for.
    pub fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// What has to be acted on.
    pub fn take_events(&self) -> Vec<Event> {
        let mut events = self.events.borrow_mut();
        if events.is_empty() { Vec::new() } else { std::mem::take(&mut *events) }
    }

    /// `count` whole replies from `seq` on.
    pub fn deliver(&self, seq: Sequence, count: u32, bytes: &[u8]) {
        if self.gone.get() {
            return;
        }
        let delivered = self.replies.borrow_mut().deliver(seq, count, bytes);
        if delivered.is_err() {
            self.broken.set(true);
        }
        self.wake();
    }

    /// As [`Self::deliver`], without a copy where nothing is ready yet.
    pub fn deliver_all(&self, seq: Sequence, count: u32, bytes: Vec<u8>) {
        if self.gone.get() {
            return;
        }
        let delivered = self.replies.borrow_mut().deliver_all(seq, count, bytes);
        if delivered.is_err() {
            self.broken.set(true);
        }
        self.wake();
    }

    /// Part of the reply to `seq`.
    pub fn deliver_part(&self, seq: Sequence, bytes: &[u8]) {
        if self.gone.get() {
            return;
        }
        let delivered = self.replies.borrow_mut().deliver_part(seq, bytes);
        if delivered.is_err() {
            self.broken.set(true);
        }
        self.wake();
    }

    /// Bytes that answer no request.
    pub fn push(&self, bytes: &[u8]) {
        if self.gone.get() || self.muted.get() {
            return;
        }
        let redirect = self.redirect.get();
        match broken_redirect(bytes, redirect).filter(|_| redirect != 0) {
            Some(push) => {
                // The server knows the target's connection, the client knows the target.
                self.break_redirect();
                self.replies.borrow_mut().push(&push);
            }
            None => self.replies.borrow_mut().push(bytes),
        }
        self.wake();
    }

    /// Something to act on.
    pub fn tell(&self, event: Event) {
        if self.gone.get() {
            return;
        }
        if let Event::Whole(whole) = &event {
            // What is pushed from now on stays behind it.
            self.replies.borrow_mut().received(whole.seq + 1);
        }
        self.events.borrow_mut().push(event);
        self.wake();
    }

    /// The request's reply will not come from where it was expected ([`Event::Failed`]): its
    /// place in the line is kept for whoever answers it instead.
    pub fn fail(&self, failed: Failed) {
        if self.gone.get() {
            return;
        }
        if self.replies.borrow_mut().detach(failed.seq).is_err() {
            self.broken.set(true);
        }
        self.tell(Event::Failed(failed));
    }

    /// Whether so many replies are ready for the client that no more are to be read for it where
    /// that keeps no other client waiting.
    pub fn is_full(&self) -> bool {
        self.replies.borrow().ready_bytes() >= OUTPUT_HIGH
    }

    /// Makes the client look.
    pub fn wake(&self) {
        if !self.woken.replace(true)
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
    }
}
