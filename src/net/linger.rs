//! The end of a connection that loses nothing: what the peer still says is read and forgotten,
//! until it hangs up. To close with bytes unread would make the system reset the connection, and
//! replies that are still on their way would be lost.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::{Scratch, Stream};

/// How long a peer may take to receive the last replies and hang up.
const LINGER: Duration = Duration::from_secs(3);
/// Reads of one connection in one turn, before others get theirs.
pub const READS_PER_TURN: usize = 4;

/// A connection over which nothing more is said from here.
#[derive(Debug)]
pub struct Linger(Pin<Box<Sleep>>);

impl Linger {
    /// All is written: the peer is told so.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn begin(stream: &mut Stream, cx: &mut Context<'_>) -> io::Result<Self> {
        let _ = Pin::new(stream).poll_shutdown(cx)?;
        Ok(Self(Box::pin(sleep(LINGER))))
    }

    /// One turn; true once the peer has hung up, or had its time. Whoever polls is woken when there
    /// is more to do.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn turn(
        &mut self,
        stream: &mut Stream,
        scratch: &Scratch,
        cx: &mut Context<'_>,
    ) -> io::Result<bool> {
        if self.0.as_mut().poll(cx).is_ready() {
            return Ok(true);
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
