//! Writes to a connection as fast as its peer reads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use super::Stream;

/// The capacity, in bytes, above which a connection's empty buffer is freed.
pub const KEEP: usize = 16 * 1024;
/// The bytes of replies that may wait for a slow client. While more wait, no more of its requests
/// are read.
pub const OUTPUT_HIGH: usize = 1024 * 1024;

/// Writes the bytes of `out` from `written` on, and empties `out` when all are written. Calls `sent`
/// with the length of each piece. True if the socket takes no more now.
///
/// # Errors
/// The socket's errors.
pub fn flush(
    stream: &mut Stream,
    out: &mut Vec<u8>,
    written: &mut usize,
    cx: &mut Context<'_>,
    mut sent: impl FnMut(usize),
) -> io::Result<bool> {
    while *written < out.len() {
        match Pin::new(&mut *stream).poll_write(cx, &out[*written..])? {
            Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(len) => {
                *written += len;
                sent(len);
            }
            Poll::Pending => {
                if *written >= OUTPUT_HIGH {
                    out.drain(..*written);
                    *written = 0;
                }
                return Ok(true);
            }
        }
    }
    *written = 0;
    out.clear();
    stream.push_out(cx)
}
