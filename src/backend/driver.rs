//! The task of a connection: it connects, then moves bytes in both directions.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection::Socket;
use super::setup::SetupPace;
use super::{Connection, HandshakeError, set_up};
use crate::config::HostPort;
use crate::net::{Connecting, Scratch, Stream};
use crate::topology::{Health, scan_tag};
use tidegate_wire::units::{micros, millis};

/// How the server is reached.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    pub(super) addr: HostPort,
    /// The address that was proven; without one the name is resolved.
    pub(super) at: Option<SocketAddr>,
    /// The time to connect and to set the connection up.
    pub(super) timeout: Duration,
    /// How the connection is opened.
    pub(super) connecting: Connecting,
}

/// What the driver shares with the other connections of its worker.
#[derive(Clone, Debug)]
pub(super) struct DriverContext {
    pub(super) scratch: Rc<Scratch>,
    pub(super) health: std::sync::Arc<Health>,
    /// The beginning of the process's clock.
    pub(super) epoch: Instant,
    /// The [`scan_tag`] of the server process, if only that one will do. What is proven of a replica
    /// is proven of one process; the next process has the data that this one saved.
    pub(super) process: Option<u32>,
    /// Notified when the topology may have changed.
    pub(super) suspect: std::sync::Arc<tokio::sync::Notify>,
    /// The pace of leased connections; `None` for a shared one, which does not wait.
    pub(super) pace: Option<Rc<SetupPace>>,
    /// Whether the login is the proxy's own, and not that of a user.
    pub(super) is_own_login: bool,
}

impl DriverContext {
    /// Whether a server that refuses this step with `reply` accepts no connection at all: it is full,
    /// or the proxy's login is wrong. Then requests go to other servers. A user's login and a missing
    /// database concern only the client, and a server that runs a script is well.
    fn is_entry(&self, step: &str, reply: &str) -> bool {
        let concerns_login = LOGIN_REFUSED.iter().any(|begin| reply.starts_with(begin));
        matches!(step, "HELLO" | "AUTH")
            && !reply.starts_with("BUSY ")
            && (self.is_own_login || !concerns_login)
    }
}

/// What the errors for a wrong login begin with, Redis 5 included.
const LOGIN_REFUSED: [&str; 4] = ["WRONGPASS ", "NOPERM ", "NOAUTH ", "ERR invalid password"];

/// Drives `connection` until it ends.
pub(super) async fn drive(connection: Rc<Connection>, dial: Dial, context: DriverContext) {
    let Some(outcome) = open_in_turn(&connection, &dial, &context).await else { return };
    let reason = match outcome {
        Err(HandshakeError::Refused { step, reply }) if !context.is_entry(step, &reply) => {
            // The server is well, and refuses this set-up.
            let reason = format!("{} refused {step}: {reply}", dial.addr);
            tracing::debug!(backend = %dial.addr, "{reason}");
            connection.close_with(&reason, Some(&reply));
            return;
        }
        Err(error) => format!("{} cannot be reached: {error}", dial.addr),
        Ok(None) => format!("{} runs another process than the one that was probed", dial.addr),
        Ok(Some(stream)) => {
            context.health.answered();
            let socket = Rc::new(RefCell::new(stream));
            connection.set_socket(&socket);
            let error = Transfer::new(&socket, &connection, &context).await;
            if connection.is_closed() {
                return;
            }
            format!("the connection to {} was lost: {error}", dial.addr)
        }
    };
    let now_ms = millis(context.epoch.elapsed());
    if context.health.failed(now_ms, fastrand::f64()) {
        tracing::warn!(backend = %dial.addr, "{reason}");
    }
    connection.close(&reason);
    context.suspect.notify_one();
}

/// As [`open`], when it is the connection's turn; `None` if the session that it is for has gone.
async fn open_in_turn(
    connection: &Connection,
    dial: &Dial,
    context: &DriverContext,
) -> Option<Result<Option<Stream>, HandshakeError>> {
    let Some(pace) = &context.pace else {
        return Some(open(connection, dial, context.process).await);
    };
    let turn = pace.turn().await;
    if connection.is_closed() {
        return None;
    }
    let Some(_turn) = turn else {
        let failed = io::Error::other("all other connections to it fail");
        return Some(Err(failed.into()));
    };
    let opened = open(connection, dial, context.process).await;
    let is_reached = match &opened {
        Ok(_) => true,
        Err(HandshakeError::Refused { step, reply }) => !context.is_entry(step, reply),
        Err(_) => false,
    };
    pace.note(is_reached);
    Some(opened)
}

/// Connects and sets the connection up; `None` if another process than `process` answers.
async fn open(
    connection: &Connection,
    dial: &Dial,
    process: Option<u32>,
) -> Result<Option<Stream>, HandshakeError> {
    let opening = async {
        let mut stream = Stream::connect(&dial.addr, dial.at, &dial.connecting).await?;
        let server = set_up(&mut stream, &connection.key).await?;
        Ok((stream, server))
    };
    let (stream, server) = tokio::time::timeout(dial.timeout, opening)
        .await
        .map_err(|_| HandshakeError::Timeout(dial.timeout))
        .flatten()?;
    let tag = scan_tag(&server.run_id);
    if process.is_some_and(|process| process != tag) {
        return Ok(None);
    }
    connection.opened(server.client_id, tag);
    Ok(Some(stream))
}

/// Moves bytes until the connection ends, and resolves to the reason.
struct Transfer<'a> {
    socket: &'a Socket,
    connection: &'a Connection,
    context: &'a DriverContext,
    /// The beginning of a reply's line whose end has not arrived.
    rest: Vec<u8>,
    /// The time of the next question for the server's offset.
    asks: Option<Pin<Box<Sleep>>>,
}

impl Future for Transfer<'_> {
    type Output = io::Error;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Error> {
        let this = self.get_mut();
        if this.connection.close_if_fenced() || this.connection.is_closed() {
            return Poll::Ready(io::ErrorKind::ConnectionAborted.into());
        }
        this.connection.set_driver(cx.waker());
        // A question that is due goes with what is sent.
        this.asks(cx);
        if let Err(error) = this.send(cx) {
            return Poll::Ready(error);
        }
        match this.receive(cx) {
            Poll::Ready(Err(error)) => return Poll::Ready(error),
            Poll::Ready(Ok(never)) => match never {},
            Poll::Pending => {}
        }
        // A question may be due, and a reply may have brought more to send.
        while this.asks(cx) || this.connection.take_addition() {
            if let Err(error) = this.send(cx) {
                return Poll::Ready(error);
            }
        }
        Poll::Pending
    }
}

impl<'a> Transfer<'a> {
    fn new(socket: &'a Socket, connection: &'a Connection, context: &'a DriverContext) -> Self {
        Self { socket, connection, context, rest: Vec::new(), asks: None }
    }

    fn send(&self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut stream = self.socket.borrow_mut();
        self.connection.send_with(|bytes| match Pin::new(&mut *stream).poll_write(cx, bytes) {
            Poll::Ready(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(Ok(sent)) => Ok(Some(sent)),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Pending => Ok(None),
        })?;
        stream.push_out(cx).map(|_| ())
    }

    /// Whether a question for the server's offset is due.
    fn asks(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(at) = self.connection.asks_at() else { return false };
        let now = Instant::now();
        // The timer is up to a millisecond late. It wakes this task if nothing else does earlier.
        if now < at {
            let asks = self.asks.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if asks.deadline() != at {
                asks.as_mut().reset(at);
            }
            if asks.as_mut().poll(cx).is_pending() {
                return false;
            }
        }
        self.connection.ask_due(now.max(at));
        true
    }

    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Infallible>> {
        let scratch = Rc::clone(&self.context.scratch);
        let mut scratch = scratch.borrow();
        loop {
            if self.connection.is_held_back() {
                return Poll::Pending;
            }
            let mut buf = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut *self.socket.borrow_mut()).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            if self.connection.close_if_fenced() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            self.take(buf.filled()).map_err(io::Error::other)?;
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), tidegate_wire::resp::reply::ReplyError> {
        let now = Instant::now();
        let received = if self.rest.is_empty() {
            let received = self.connection.receive(bytes, now)?;
            self.rest.extend_from_slice(&bytes[received.used..]);
            received
        } else {
            self.rest.extend_from_slice(bytes);
            let received = self.connection.receive(&self.rest, now)?;
            self.rest.drain(..received.used);
            received
        };
        if let Some(took) = received.took {
            self.context.health.observe_latency(micros(took));
        }
        if self.connection.take_refused() {
            self.context.suspect.notify_one();
        }
        Ok(())
    }
}
