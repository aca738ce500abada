//! The task of one client: its socket, and its state ([`Client`]).

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::client::{Client, Ending};
use super::port_context::PortContext;
use crate::engine::state::Joining;
use crate::net::{KEEP, Linger, OUTPUT_HIGH, QueryBuffer, READS_PER_TURN, Stream, flush};
use crate::registry::Entry;
use crate::tasks::{Kind, PanicGuard};

/// The task of one client: it serves the client until one side ends the connection.
pub(super) struct Task {
    stream: Stream,
    client: Client,
    /// Requests that are read and not handled yet.
    query: QueryBuffer,
    /// Bytes of `client.out` that are written.
    written: usize,
    /// Whether the client has closed its side; it may still read.
    eof: bool,
    /// Whether the socket took no more at the last write.
    is_full: bool,
    /// Whether the client has sent something since the last turn began or a reply was written.
    just_sent: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// Set after all is written, while the client has time to hang up.
    lingering: Option<Linger>,
    _panic_guard: PanicGuard,
}

impl Task {
    pub(super) fn new(stream: Stream, context: Rc<PortContext>, entry: Arc<Entry>) -> Self {
        Self {
            stream,
            _panic_guard: PanicGuard::new(&context.engine.tasks, Kind::Client),
            client: Client::new(context, entry),
            query: QueryBuffer::default(),
            written: 0,
            eof: false,
            is_full: false,
            just_sent: false,
            timer: None,
            lingering: None,
        }
    }

    /// Serves the client to its end.
    pub(super) async fn serve(mut self) {
        (&mut self).await;
        self.hand_over();
    }

    /// Hands the connection to the feeding thread, if the client has become a replica.
    fn hand_over(mut self) {
        if self.client.ending != Some(Ending::HandOver) {
            return;
        }
        let engine = Arc::clone(&self.client.context.engine);
        let entry = engine.clients.hand_over(&self.client.entry);
        let id = entry.id;
        let input = self.query.bytes().to_vec();
        let joined = self.stream.detach().map(|stream| Joining { entry, stream, input });
        let is_taken = joined.is_ok_and(|joined| engine.feeding.hand_over(joined).is_ok());
        if !is_taken {
            engine.link_info().source.leave(id);
            // The client is removed with its state.
            self.client.ending = Some(Ending::Now);
        }
    }

    /// Runs one turn; true when the client is finished.
    fn turn(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        for _ in 0..READS_PER_TURN {
            if self.client.rest_of_exec.is_none() && self.is_cut_off() {
                return Ok(true);
            }
            self.work();
            if self.client.rest_of_exec.is_some() {
                // The transaction runs to its end, whatever becomes of the client.
                self.rest(cx);
                return Ok(false);
            }
            if self.client.context.is_asleep() {
                self.rest(cx);
                return Ok(false);
            }
            if self.client.context.engine.poll_log(cx).is_pending() {
                // What was executed is not on the disk yet.
                return Ok(false);
            }
            let is_full = self.flush(cx)?;
            if let Some(ending) = self.client.ending {
                return Ok(ending == Ending::Now || !is_full && self.client.out.is_empty());
            }
            if is_full {
                // The client may write everything before it reads.
                if self.may_read_ahead() && self.read(cx)?.is_ready() {
                    continue;
                }
                // A client that reads nothing would get no further turn.
                return Ok(self.is_cut_off());
            }
            if self.client.waits || self.client.is_blocked() {
                self.rest(cx);
                // Nothing else notices that a blocked client goes away.
                let is_over = self.client.is_blocked() && self.read(cx)?.is_ready() && self.eof;
                return Ok(is_over);
            }
            if self.client.is_stalled || self.client.has_mail() {
                continue;
            }
            if self.eof {
                return Ok(self.client.out.is_empty());
            }
            if self.read(cx)?.is_pending() {
                return Ok(false);
            }
        }
        // There may be more. Other clients have their turn first.
        cx.waker().wake_by_ref();
        Ok(false)
    }

    /// Whether more requests are read while replies wait for the client.
    fn may_read_ahead(&self) -> bool {
        let limit = self.client.context.config().proxy.query_buffer_limit.as_usize();
        !self.eof && self.query.len() + self.client.held_bytes() < limit
    }

    /// Handles the requests that have arrived.
    fn work(&mut self) {
        if self.client.out.len() < OUTPUT_HIGH {
            self.client.take_mail();
        }
        if self.client.is_blocked() {
            self.client.look_around();
            if self.client.is_blocked() {
                return self.check_query();
            }
            self.client.presence.change();
        }
        if self.query.is_empty() || self.client.ending.is_some() {
            return;
        }
        let used = self.client.consume(self.query.bytes());
        if used > 0 && self.client.session.tracking.is_some() {
            // The client to which its invalidations are redirected may have gone.
            self.client.presence.change();
        }
        self.query.advance(used);
        self.check_query();
    }

    /// Closes a client that sends more than the limit. If its requests only wait for earlier ones,
    /// the task stops reading at the limit instead.
    fn check_query(&mut self) {
        let is_empty = self.query.is_empty() && self.client.held_bytes() == 0;
        if is_empty || self.client.is_stalled || self.client.waits {
            return;
        }
        let limit = self.client.context.config().proxy.query_buffer_limit.as_usize();
        if self.query.len() + self.client.held_bytes() > limit {
            self.client.context.stats.query_limit.add(1);
            tracing::warn!(client = %self.client.entry.addr, "the replica closed a client at query-buffer-limit");
            self.client.end(Ending::Now);
        }
    }

    /// Closes the client at once: CLIENT KILL ended it, or it reads its replies too slowly.
    fn is_cut_off(&mut self) -> bool {
        let client = &mut self.client;
        if client.entry.is_killed() {
            return true;
        }
        if client.entry.take_kill_if_idle() && !client.is_listening() && client.out.is_empty() {
            return true;
        }
        // A dropped reply may have been written in part.
        let waiting = client.out.len().saturating_sub(self.written);
        let is_over = client.mailbox.is_over() || waiting > 0 && waiting > client.output_limit();
        if is_over {
            client.cut_off();
        }
        is_over
    }

    /// Sets the time of the next look: a pause is in force, or the client waits in a command.
    fn rest(&mut self, cx: &mut Context<'_>) {
        let next = Instant::now() + self.client.glance();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(next)));
        timer.as_mut().reset(next);
        if timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// Reads from the socket once.
    fn read(&mut self, cx: &mut Context<'_>) -> io::Result<Poll<()>> {
        let scratch = Rc::clone(&self.client.context.scratch);
        let mut scratch = scratch.borrow();
        let mut buf = ReadBuf::new(&mut scratch);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
            Poll::Pending => return Ok(Poll::Pending),
            Poll::Ready(result) => result?,
        }
        let bytes = buf.filled();
        self.eof = bytes.is_empty();
        let context = &self.client.context;
        context.stats.bytes_in.add(bytes.len() as u64);
        self.client.entry.touch(context.look().engine);
        self.just_sent = true;
        self.query.push(bytes);
        Ok(Poll::Ready(()))
    }

    /// Writes the replies that are ready; true while the socket takes no more.
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        // ClientInfo are published before the reply, so that a client that has read the reply finds
        // them.
        self.tell();
        let (client, just_sent) = (&mut self.client, &mut self.just_sent);
        let is_full = flush(&mut self.stream, &mut client.out, &mut self.written, cx, |sent| {
            client.context.stats.bytes_out.add(sent as u64);
            // A client that gets a reply is not idle. What it sent just now has told so.
            if !std::mem::take(just_sent) {
                client.entry.touch(client.context.look().engine);
            }
        })?;
        self.is_full = is_full;
        if !is_full {
            client.out.shrink_to(KEEP);
        }
        Ok(is_full)
    }

    fn tell(&mut self) {
        // What the socket has not refused is about to be sent.
        let output =
            if self.is_full { self.client.out.len().saturating_sub(self.written) } else { 0 };
        self.client.publish_news((self.query.len(), output));
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
        if self.client.entry.is_killed() {
            return Ok(true);
        }
        linger.turn(&mut self.stream, &self.client.context.scratch, cx)
    }
}

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.client.entry.set_waker(cx.waker());
        this.just_sent = false;
        let mut over = if this.lingering.is_some() { this.linger(cx) } else { this.turn(cx) };
        let is_polite = this.client.ending == Some(Ending::AfterReplies) && !this.eof;
        if matches!(over, Ok(true)) && this.lingering.is_none() && is_polite {
            over = this.linger(cx);
        }
        this.tell();
        match over {
            Ok(false) => Poll::Pending,
            // The client is gone, and the error tells nothing more.
            Ok(true) | Err(_) => Poll::Ready(()),
        }
    }
}
