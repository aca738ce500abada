//! A place in a connection's line: who gets the next replies.

use std::rc::Rc;

use tokio::time::Instant;

use super::Inbox;
use crate::session::replies::Sequence;

/// Replies that one inbox waits for, in a row.
#[derive(Debug)]
pub struct Ticket {
    /// Who waits; `None` once they gave up: the replies are dropped as they come.
    pub inbox: Option<Rc<Inbox>>,
    /// The request whose reply comes next.
    pub seq: Sequence,
    /// Replies still to come.
    pub left: u32,
    /// Replies that have come.
    pub done: u32,
    /// Bytes of the requests.
    pub bytes: usize,
    /// When the requests were handed to the connection.
    pub since: Instant,
    /// The reply is needed in one piece, because something in it has to be changed.
    pub whole: bool,
    /// Over a leased connection without depending on anything before: it may be sent again over
    /// another one.
    pub once: bool,
    /// May take as long as it likes (a blocking command).
    pub patient: bool,
}

impl Ticket {
    /// An ordinary ticket for `count` requests of `bytes` bytes.
    #[must_use]
    pub fn new(inbox: Rc<Inbox>, seq: Sequence, count: u32, bytes: usize, since: Instant) -> Self {
        let inbox = Some(inbox);
        let (whole, once, patient) = (false, false, false);
        Self { inbox, seq, left: count, done: 0, bytes, since, whole, once, patient }
    }
}
