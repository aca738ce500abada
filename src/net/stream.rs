//! A connection. Only this file and that of [`super::Listener`] name a kind of socket. It is TCP
//! today, and further kinds become variants here.

use std::io;
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::config::HostPort;

/// A connection's bytes, in both directions.
#[derive(Debug)]
pub struct Stream(TcpStream);

impl Stream {
    /// Connects to `addr`. Its name is resolved, and all its addresses are tried.
    ///
    /// # Errors
    /// The error of the last address, or of the look-up.
    pub async fn connect(addr: &HostPort, keepalive: Option<Duration>) -> io::Result<Self> {
        let stream = Self(TcpStream::connect((addr.host.as_str(), addr.port)).await?);
        stream.set_options(keepalive)?;
        Ok(stream)
    }

    /// Connects to `addr`, which needs no look-up.
    ///
    /// # Errors
    /// No connection could be made.
    pub async fn connect_to(addr: SocketAddr, keepalive: Option<Duration>) -> io::Result<Self> {
        let stream = Self(TcpStream::connect(addr).await?);
        stream.set_options(keepalive)?;
        Ok(stream)
    }

    /// Wraps an accepted connection.
    pub(super) const fn accepted(stream: TcpStream) -> Self {
        Self(stream)
    }

    /// Sends small pieces at once, and probes an idle peer as Redis's `anetKeepAlive` does: after
    /// `keepalive`, then every third of it, three times.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn set_options(&self, keepalive: Option<Duration>) -> io::Result<()> {
        self.0.set_nodelay(true)?;
        let Some(time) = keepalive else { return Ok(()) };
        let interval = (time / 3).max(Duration::from_secs(1));
        let options = TcpKeepalive::new().with_time(time).with_interval(interval).with_retries(3);
        SockRef::from(&self.0).set_tcp_keepalive(&options)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Whether unread bytes have arrived. Asks the system, which knows it before the runtime does. The
    /// end of the stream and an error count as no bytes.
    #[must_use]
    pub fn has_input(&self) -> bool {
        SockRef::from(&self.0).peek(&mut [MaybeUninit::uninit()]).is_ok_and(|len| len > 0)
    }

    /// Writes as many bytes as fit into the socket's buffer now.
    ///
    /// # Errors
    /// Nothing fits, or the socket is gone.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    /// Ends the connection in both directions. A task that waits for it is woken.
    pub fn hang_up(&self) {
        // An error means that the connection has ended already.
        drop(SockRef::from(&self.0).shutdown(Shutdown::Both));
    }
}

/// A connection on its way to another thread.
#[derive(Debug)]
pub struct Detached(std::net::TcpStream);

impl Stream {
    /// Takes the connection from this thread's runtime.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn detach(self) -> io::Result<Detached> {
        self.0.into_std().map(Detached)
    }

    /// Chooses whether small pieces are sent at once, or collected.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn set_nodelay(&self, is_at_once: bool) -> io::Result<()> {
        self.0.set_nodelay(is_at_once)
    }
}

impl Detached {
    /// Gives the connection to this thread's runtime.
    ///
    /// # Errors
    /// The socket is gone already, or the runtime takes no more.
    pub fn attach(self) -> io::Result<Stream> {
        TcpStream::from_std(self.0).map(Stream)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
