//! One client's task: reads its socket, has [`Client`] deal with the bytes, writes the replies.

use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::client::drain::Drain;
use crate::client::ending::Ending;
use crate::client::events;
use crate::client::introspection::listing;
use crate::client::planning::logins;
use crate::client::reading::requests;
use crate::client::replies::output;
use crate::client::sending::order;
use crate::client::state::client::Client;
use crate::client::state::progress::Waiting;
use crate::net::{KEEP, Linger, OUTPUT_HIGH, QueryBuffer, READS_PER_TURN, Stream, flush};
use crate::registry::{Closing, Entry};
use crate::tasks::{Kind, PanicGuard};
use crate::worker::worker::Worker;
use tidegate_wire::units::HostPort;

/// Requests that are read ahead while earlier ones are in flight, in bytes. A client that takes no
/// replies may be one that writes everything before it reads: the proxy reads on, up to
/// `query-buffer-limit`.
const AHEAD_MAX: usize = 64 * 1024;
/// A request that lacks at least this much is read straight into its own buffer.
const DIRECT_READ: usize = 64 * 1024;

/// Serves one client until the connection ends.
pub(super) struct Task {
    stream: Stream,
    client: Client,
    /// Requests that were read and not dealt with yet: an incomplete one, or those that wait.
    query: QueryBuffer,
    /// The last read filled its buffer: what comes next may have been sent together with it.
    came_full: bool,
    /// The client has closed its sending side; it may still read, as `printf ... | nc` does.
    eof: bool,
    /// What is still read, once the process ends.
    drain: Option<Drain>,
    /// Replies were written after the decision to end the connection.
    farewell: bool,
    /// All replies are written; see [`Task::linger`].
    lingering: Option<Linger>,
    _panic_guard: PanicGuard,
}

impl Task {
    pub(super) fn new(
        stream: Stream,
        worker: Rc<Worker>,
        entry: Arc<Entry>,
        port: Option<Rc<HostPort>>,
    ) -> Self {
        let _panic_guard = PanicGuard::new(&worker.shared.tasks, Kind::Client);
        let client = Client::new(worker, entry, port);
        let query = QueryBuffer::default();
        let (came_full, eof, farewell) = (false, false, false);
        let (drain, lingering) = (None, None);
        Self { stream, client, query, came_full, eof, drain, farewell, lingering, _panic_guard }
    }

    /// Lets the client act as the user that its certificate names. One whose certificate names no user
    /// that exists, or one with too many clients, acts as none: it has to log in.
    pub(super) fn enter_by_certificate(&mut self, name: &str) {
        logins::enter_by_certificate(&mut self.client, name);
    }

    /// Runs one turn; true when the connection is over.
    fn turn(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        // A blocking command of a client that has closed must not pop an element any more.
        let blocks = self.client.dedicated.is_blocked() && self.may_read(false);
        if blocks && self.read(cx)?.is_ready() && self.eof {
            return Ok(true);
        }
        events::look(&mut self.client);
        if self.client.ending() == Some(Ending::AfterRequests) {
            let is_sending = self.came_full || self.query.len() >= AHEAD_MAX;
            let now_ms = self.client.worker.shared.now_ms();
            self.drain.get_or_insert_with(|| Drain::begin(is_sending, now_ms));
        }
        if !self.query.is_empty() {
            self.consume_query();
        }
        for _ in 0..READS_PER_TURN {
            let is_stuck = self.flush(cx)?;
            if is_stuck {
                order::record_order(&mut self.client);
            }
            let lacks_room = self.client.reading.waiting() == Waiting::Room;
            if lacks_room && !is_stuck && !self.client.is_full() {
                self.consume_query();
                continue;
            }
            if !self.may_read(is_stuck) {
                return Ok(self.is_over());
            }
            match self.read(cx)? {
                Poll::Pending => return Ok(self.is_over()),
                Poll::Ready(()) => {}
            }
        }
        self.flush(cx)?;
        // There may be more to read: other clients have their turn first.
        cx.waker().wake_by_ref();
        Ok(self.is_over())
    }

    /// Waits until the client hangs up; true when it is over.
    fn linger(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let linger = match &mut self.lingering {
            Some(linger) => linger,
            None => {
                self.query.clear();
                self.client.leave();
                self.lingering.insert(Linger::begin(&mut self.stream, cx)?)
            }
        };
        events::look(&mut self.client);
        if self.client.ending() == Some(Ending::Now) {
            return Ok(true);
        }
        linger.turn(&mut self.stream, &self.client.worker.scratch, cx)
    }

    fn is_over(&self) -> bool {
        match self.client.ending() {
            None => self.eof && self.client.is_through(),
            Some(Ending::AfterRequests) => {
                self.client.is_through() && (self.eof || self.has_said_all())
            }
            Some(Ending::AfterReplies) => self.client.is_answered(),
            Some(Ending::Now) => true,
        }
    }

    /// Whether a client of a process that ends has sent nothing more. This asks the socket itself:
    /// the runtime may not know yet of bytes that have come.
    fn has_said_all(&self) -> bool {
        let now_ms = self.client.worker.shared.now_ms();
        let (is_empty, is_amid) = (!self.stream.has_input(), !self.query.is_empty());
        let is_over = |drain: &Drain| drain.is_over(is_empty, is_amid, now_ms);
        self.drain.as_ref().is_none_or(is_over)
    }

    /// Whether more is read now; `is_stuck` while the client does not take its replies.
    fn may_read(&self, is_stuck: bool) -> bool {
        // The proxy reads on from a blocked client, as Redis does, to see it go away.
        let ahead = self.client.reading.is_waiting() && !self.client.dedicated.is_blocked();
        let most = if is_stuck { self.client.query_buffer_limit() } else { AHEAD_MAX };
        let waits = ahead && self.query.len() >= most;
        let open = !self.eof
            && self.client.takes_requests()
            && self.drain.as_ref().is_none_or(Drain::may_read);
        open && !waits
    }

    /// Reads once. Requests are begun at once; only those that have to wait are kept.
    fn read(&mut self, cx: &mut Context<'_>) -> io::Result<Poll<()>> {
        order::about_to_receive(&mut self.client, self.query.len(), !self.came_full);
        let lacking = self.client.reading.wanted().saturating_sub(self.query.len());
        if lacking >= DIRECT_READ && !self.client.reading.is_waiting() {
            // The buffer grows with the bytes that have come, whatever length the client announces:
            // to four times, because each growth leaves the smaller buffer behind for a while.
            let query = self.query.as_vec();
            let step = lacking.min((3 * query.len()).max(DIRECT_READ));
            if query.capacity() - query.len() < DIRECT_READ.min(lacking) {
                query.reserve_exact(step);
            }
            let Poll::Ready(read) = pin!(self.stream.read_buf(query)).poll(cx) else {
                return Ok(Poll::Pending);
            };
            self.received(read?);
            self.check_query_limit();
            self.consume_query();
            return Ok(Poll::Ready(()));
        }
        let scratch = Rc::clone(&self.client.worker.scratch);
        let mut scratch = scratch.borrow();
        let mut buf = ReadBuf::new(&mut scratch);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
            Poll::Pending => return Ok(Poll::Pending),
            Poll::Ready(result) => result?,
        }
        self.came_full = buf.remaining() == 0;
        let bytes = buf.filled();
        self.received(bytes.len());
        if self.query.is_empty() {
            let used = requests::consume(&mut self.client, bytes);
            self.query.push(&bytes[used..]);
        } else {
            self.query.push(bytes);
            self.consume_query();
        }
        self.check_query_limit();
        Ok(Poll::Ready(()))
    }

    fn received(&mut self, bytes: usize) {
        self.eof = bytes == 0;
        let (is_full, now_ms) = (self.came_full, self.client.worker.shared.now_ms());
        if let Some(drain) = &mut self.drain {
            drain.received(bytes, is_full, now_ms);
        }
        self.client.presence.touch();
        self.client.worker.counts.bytes_in.add(bytes as u64);
    }

    fn consume_query(&mut self) {
        let used = requests::consume_owned(&mut self.client, &mut self.query);
        self.query.advance(used);
    }

    /// Closes a client whose request is longer than `query-buffer-limit`. Requests that wait for
    /// earlier ones are not read beyond that limit.
    fn check_query_limit(&mut self) {
        let waits = self.client.reading.is_waiting() && !self.client.dedicated.is_blocked();
        if !waits && self.query.len() > self.client.query_buffer_limit() {
            self.client.worker.counts.query_limit_kills.increment();
            let text = "closed at query-buffer-limit";
            self.client.close(Closing::QueryLimit, Ending::Now, text);
        }
    }

    /// Writes what is ready; true while the socket takes no more.
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        // A client that has read a reply may count on CLIENT LIST showing its effect.
        listing::update_change(&mut self.client);
        // The engine's replies were made in place, without an event that would have checked this.
        output::check(&mut self.client);
        let client = &mut self.client;
        let is_farewell = client.ending().is_some();
        let mut replies = client.inbox.replies();
        let (ready, taken) = replies.ready();
        let mut moved = 0;
        let is_full = flush(&mut self.stream, ready, taken, cx, |sent| {
            client.unread.took(sent as u64);
            self.farewell |= is_farewell;
            // A client that receives is not idle.
            client.presence.touch();
            client.worker.counts.bytes_out.add(sent as u64);
            moved += sent as u64;
        })?;
        if !is_full {
            replies.shrink(KEEP);
        }
        client.reading.set_stuck(is_full);
        let has_room = replies.ready_bytes() < OUTPUT_HIGH;
        drop(replies);
        if moved > 0 {
            client.account.moved(0, moved, || client.worker.shared.now_ms());
        }
        if let Some(own) = client.dedicated.get().filter(|_| has_room) {
            own.go_on();
        }
        Ok(is_full)
    }
}

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.client.set_waker(cx.waker());
        let mut over = match this.lingering {
            None => this.turn(cx),
            Some(_) => this.linger(cx),
        };
        if matches!(over, Ok(true)) && this.client.ending() == Some(Ending::AfterRequests) {
            this.client.end(Ending::AfterReplies);
        }
        let polite = this.client.ending() == Some(Ending::AfterReplies) && !this.eof;
        if matches!(over, Ok(true)) && this.lingering.is_none() && polite && this.farewell {
            over = this.linger(cx);
        }
        match over {
            Ok(false) => {
                listing::update(&mut this.client, this.query.len());
                Poll::Pending
            }
            // The client is gone.
            Ok(true) | Err(_) => Poll::Ready(()),
        }
    }
}
