//! What a peer still says is read and forgotten, until it hangs up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use super::Scratch;

/// Reads at most `reads` times and forgets what came; true once the peer has hung up. Whoever polls
/// is woken when there is more.
///
/// # Errors
/// Those of the socket.
pub fn drain(
    stream: &mut TcpStream,
    scratch: &Scratch,
    reads: usize,
    cx: &mut Context<'_>,
) -> io::Result<bool> {
    for _ in 0..reads {
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
