//! What a client's backend connections deliver to it: replies and events.

use std::cell::{Cell, RefCell, RefMut};
use std::task::Waker;

use super::{Credentials, Failed, Reader};
use crate::consistency::SessionMinimum;
use crate::net::OUTPUT_HIGH;
use crate::session::replies::{Replies, Sequence};
use crate::session::tracking::broken_redirect;
use crate::topology::BackendId;

/// A reply in one piece.
#[derive(Debug)]
pub struct Whole {
    /// The request's number.
    pub seq: Sequence,
    /// The reply.
    pub frame: Vec<u8>,
    /// The backend that sent it.
    pub backend: BackendId,
    /// The scan tag of the server process that sent it.
    pub scan_tag: u32,
}

/// What a client has to act on. Other replies are only passed on.
#[derive(Debug)]
pub enum Event {
    /// A request was not answered.
    Failed(Failed),
    /// A reply has arrived that has to be changed before it is passed on.
    Whole(Whole),
    /// The leased connection's server answered this request with an error.
    Denied(Sequence),
    /// The leased connection's server refused a write, because it is no longer a master.
    Demoted,
    /// The server has confirmed all subscriptions of a [`Ticket::renews`](super::Ticket::renews).
    Renewed,
    /// The server refused them with this error line.
    NotRenewed(String),
    /// The leased connection has ended, for this reason. Its unanswered requests have failed already.
    LeaseLost(String),
    /// The server refused to set the leased connection up with this error (without the `-`). The
    /// requests that waited for it have failed already.
    LeaseRefused(String),
}

/// One client's inbox. Backend connections fill it and the client's task empties it, all on one
/// thread.
#[derive(Debug, Default)]
pub struct Inbox {
    replies: RefCell<Replies>,
    events: RefCell<Vec<Event>>,
    waker: RefCell<Option<Waker>>,
    /// Whether the client was woken and has not looked yet.
    woken: Cell<bool>,
    /// Whether the client is gone. What arrives for it is dropped.
    gone: Cell<bool>,
    /// The master to which it sent last.
    master: Cell<Option<BackendId>>,
    /// The login of the requests that are under way.
    login: RefCell<Option<Credentials>>,
    /// The number behind the last write that was sent.
    written: Cell<Sequence>,
    /// The number behind the last read that was sent to another server than the master.
    elsewhere: Cell<Sequence>,
    /// What its reads must include.
    minimum: SessionMinimum,
    /// The server from which it reads.
    pub reader: Reader,
    /// Whether a reply arrived that no request is owed, which is a bug. The client has to be closed.
    broken: Cell<bool>,
    /// The client to which its invalidations are redirected; 0 for none.
    redirect: Cell<u64>,
    /// Whether the server reported that this client has gone.
    redirect_broken: Cell<bool>,
    /// Whether messages that no request asked for are dropped.
    muted: Cell<bool>,
}

impl Inbox {
    /// The replies that are owed and those that are ready.
    pub fn replies(&self) -> RefMut<'_, Replies> {
        self.replies.borrow_mut()
    }

    /// Sets the waker of the client's task.
    pub fn set_waker(&self, waker: &Waker) {
        *self.waker.borrow_mut() = Some(waker.clone());
    }

    /// An inbox whose arrivals wake the owner of `other`.
    #[must_use]
    pub fn woken_with(other: &Self) -> Self {
        let waker = RefCell::new(other.waker.borrow().clone());
        Self { waker, ..Self::default() }
    }

    /// Sets whether messages that no request asked for are dropped from now on.
    pub fn mute(&self, is_muted: bool) {
        self.muted.set(is_muted);
    }

    /// Redirects the client's invalidations to the client with this id from now on; 0 for none.
    pub fn set_redirect(&self, id: u64) {
        self.redirect.set(id);
        self.redirect_broken.set(false);
    }

    /// Notes that the client to which its invalidations are redirected has gone.
    pub fn break_redirect(&self) {
        self.redirect_broken.set(true);
    }

    /// Whether the client to which its invalidations are redirected is known to have gone.
    pub fn is_redirect_broken(&self) -> bool {
        self.redirect_broken.get()
    }

    /// Whether a request to `master` now cannot overtake an earlier one to another master. Notes
    /// `master` if so.
    pub fn keeps_order(&self, master: BackendId) -> bool {
        let same = self.master.get().is_none_or(|last| last == master);
        if same || self.replies().is_settled() {
            self.master.set(Some(master));
            return true;
        }
        false
    }

    /// Whether a request with the login `credentials` now cannot overtake an earlier one with another
    /// login: two connections may carry them in another order. Notes `credentials` if so.
    pub fn keeps_login(&self, credentials: &Credentials) -> bool {
        let mut login = self.login.borrow_mut();
        if login.as_ref() == Some(credentials) {
            return true;
        }
        // The first request over a shared connection has none before it to overtake.
        let may_change = login.is_none() || self.replies().is_settled();
        if may_change {
            *login = Some(credentials.clone());
        }
        may_change
    }

    /// Notes that a write is among the sent requests below `end`.
    pub fn wrote(&self, end: Sequence) {
        self.written.set(self.written.get().max(end));
    }

    /// The number behind the last write that was sent.
    pub fn written(&self) -> Sequence {
        self.written.get()
    }

    /// Notes that a read to another server than the master is among the requests below `end`.
    pub fn read_elsewhere(&self, end: Sequence) {
        self.elsewhere.set(self.elsewhere.get().max(end));
    }

    /// The number behind the last read that was sent to another server than the master.
    pub fn elsewhere(&self) -> Sequence {
        self.elsewhere.get()
    }

    /// What its reads must include.
    pub const fn minimum(&self) -> &SessionMinimum {
        &self.minimum
    }

    /// Notes that the client is gone. It is owed no reply any more.
    pub fn close(&self) {
        self.gone.set(true);
        self.replies.take();
        self.events.take();
        self.waker.take();
    }

    /// Whether the client is gone.
    pub fn is_gone(&self) -> bool {
        self.gone.get()
    }

    /// Notes that the client looks now. Later arrivals wake it again.
    pub fn looked(&self) {
        self.woken.set(false);
    }

    /// Whether a reply arrived that no request is owed.
    pub fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// Whether events have come that were not taken.
    pub fn has_events(&self) -> bool {
        !self.events.borrow().is_empty()
    }

    /// The events since the last call.
    pub fn take_events(&self) -> Vec<Event> {
        let mut events = self.events.borrow_mut();
        if events.is_empty() { Vec::new() } else { std::mem::take(&mut *events) }
    }

    /// Delivers `count` whole replies, from that to `seq` on.
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

    /// As [`Self::deliver`], without a copy where no reply is ready yet.
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

    /// Delivers a part of the reply to `seq`.
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

    /// Delivers bytes that answer no request.
    pub fn push(&self, bytes: &[u8]) {
        if self.gone.get() || self.muted.get() {
            return;
        }
        let redirect = self.redirect.get();
        match broken_redirect(bytes, redirect).filter(|_| redirect != 0) {
            Some(push) => {
                // The server names the target by its connection, the client by its id.
                self.break_redirect();
                self.replies.borrow_mut().push(&push);
            }
            None => self.replies.borrow_mut().push(bytes),
        }
        self.wake();
    }

    /// Delivers an event.
    pub fn tell(&self, event: Event) {
        if self.gone.get() {
            return;
        }
        if let Event::Whole(whole) = &event {
            // Later pushes stay behind it.
            self.replies.borrow_mut().received(whole.seq + 1);
        }
        self.events.borrow_mut().push(event);
        self.wake();
    }

    /// Delivers [`Event::Failed`]. The reply's place in the order is kept for another source.
    pub fn fail(&self, failed: Failed) {
        if self.gone.get() {
            return;
        }
        if self.replies.borrow_mut().detach(failed.seq).is_err() {
            self.broken.set(true);
        }
        self.tell(Event::Failed(failed));
    }

    /// Whether so many replies are ready for the client that no more should be read for it. That
    /// applies to its leased connection: on a shared one, other clients would wait.
    pub fn is_full(&self) -> bool {
        self.replies.borrow().ready_bytes() >= OUTPUT_HIGH
    }

    /// Wakes the client's task.
    pub fn wake(&self) {
        if !self.woken.replace(true)
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn a_client_keeps_its_login_while_something_is_under_way() {
        let login = |password| Credentials::new("app", Secret::new(password));
        let inbox = Inbox::default();
        let dedicated = inbox.replies().open(1, true);
        assert!(inbox.keeps_login(&login("x")), "none has left over a shared connection");
        inbox.deliver(dedicated, 1, b"+OK\r\n");
        let seq = inbox.replies().open(1, true);
        assert!(inbox.keeps_login(&login("x")) && !inbox.keeps_login(&login("y")));
        inbox.deliver(seq, 1, b"+OK\r\n");
        assert!(inbox.keeps_login(&login("y")));
        inbox.replies().open(1, true);
        assert!(!inbox.keeps_login(&login("x")));
    }
}
