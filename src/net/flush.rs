//! What is written to a connection that takes it as fast as its peer reads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use super::Stream;

/// Buffers of a connection that are larger than this, in bytes, are given back when they are empty.
pub const KEEP: usize = 16 * 1024;
/// Replies that may wait for a slow reader before no more of its requests are read, in bytes.
pub const OUTPUT_HIGH: usize = 1024 * 1024;

/// Writes what of `out` is not `written` yet, and empties it when all is; `sent` is told of each
/// piece. True while the socket takes no more.
///
/// # Errors
/// Those of the socket.
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
    Ok(false)
}
