//! Whether a socket has something to read.

use std::mem::MaybeUninit;

use socket2::SockRef;
use tokio::net::TcpStream;

/// Whether bytes have come over `stream` that were not read yet. The system is asked, which knows
/// before the runtime does. An end of the stream, or an error, is nothing to read.
pub fn has_input(stream: &TcpStream) -> bool {
    SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]).is_ok_and(|len| len > 0)
}
