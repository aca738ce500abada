//! Ends a connection without the loss of replies: what the peer still sends is read and dropped,
//! until the peer closes its end. If the connection were closed with unread bytes, the system would
//! reset it, and replies on their way would be lost.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::{Scratch, Stream};

/// The time for a peer to receive the last replies and to close its end.
const LINGER: Duration = Duration::from_secs(3);
/// The number of reads from one connection before other connections have their turn.
pub const READS_PER_TURN: usize = 4;

/// A connection on which nothing more is written.
#[derive(Debug)]
pub struct Linger {
    end: Pin<Box<Sleep>>,
    /// Whether the peer was told that all is written.
    is_told: bool,
}

impl Linger {
    /// Tells the peer that all is written.
    ///
    /// # Errors
    /// The socket's errors.
    pub fn begin(stream: &mut Stream, cx: &mut Context<'_>) -> io::Result<Self> {
        let is_told = Pin::new(stream).poll_shutdown(cx)?.is_ready();
        Ok(Self { end: Box::pin(sleep(LINGER)), is_told })
    }

    /// Reads for one turn. True once the peer has closed its end or its time is over; until then the
    /// polling task is woken when there is more to do.
    ///
    /// # Errors
    /// The socket's errors.
    pub fn turn(
        &mut self,
        stream: &mut Stream,
        scratch: &Scratch,
        cx: &mut Context<'_>,
    ) -> io::Result<bool> {
        if self.end.as_mut().poll(cx).is_ready() {
            return Ok(true);
        }
        if !self.is_told {
            self.is_told = Pin::new(&mut *stream).poll_shutdown(cx)?.is_ready();
        }
        for _ in 0..READS_PER_TURN {
            let mut scratch = scratch.borrow();
            let mut buf = ReadBuf::new(&mut scratch);
            match Pin::new(&mut *stream).poll_read(cx, &mut buf)? {
                Poll::Pending => return Ok(false),
                Poll::Ready(()) if buf.filled().is_empty() => return Ok(true),
                Poll::Ready(()) => {}
            }
        }
        cx.waker().wake_by_ref();
        Ok(false)
    }
}
