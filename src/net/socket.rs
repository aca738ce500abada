//! A socket: TCP or Unix. Only this file and that of [`super::Listener`] name a kind of socket.

use std::io;
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::net::{RecvFlags, SendFlags};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use tidegate_wire::units::{HostPort, PeerAddr};

/// A connected socket.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    /// A Unix socket, with the path of the one that listens.
    Unix(UnixStream, Arc<str>),
    /// It is on its way to another thread, and belongs to no runtime.
    Detached(Bare),
}

/// A socket that belongs to no runtime.
#[derive(Debug)]
pub(super) enum Bare {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream, Arc<str>),
    /// The socket could not be moved.
    Gone,
}

/// Calls the method of the socket, whichever kind it is.
macro_rules! on_socket {
    ($socket:expr, $it:ident => $call:expr) => {
        match $socket {
            Socket::Tcp($it) => $call,
            Socket::Unix($it, _) => $call,
            Socket::Detached(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    };
}

/// As [`on_socket`], for polls.
macro_rules! poll_socket {
    ($socket:expr, $it:ident => $call:expr) => {
        match $socket.get_mut() {
            Socket::Tcp($it) => $call,
            Socket::Unix($it, _) => $call,
            Socket::Detached(_) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    };
}

impl Socket {
    /// Connects to `addr`. Its name is resolved, and all its addresses are tried.
    pub(super) async fn connect(addr: &HostPort) -> io::Result<Self> {
        match addr.unix_path() {
            Some(path) => Ok(Self::Unix(UnixStream::connect(path).await?, path.into())),
            None => TcpStream::connect((addr.host.as_str(), addr.port)).await.map(Self::Tcp),
        }
    }

    /// Connects to `addr`, which needs no look-up.
    pub(super) async fn connect_to(addr: SocketAddr) -> io::Result<Self> {
        TcpStream::connect(addr).await.map(Self::Tcp)
    }

    /// Sends small pieces at once, and probes an idle peer as Redis's `anetKeepAlive` does: after
    /// `keepalive`, then every third of it, three times. A Unix socket needs neither.
    pub(super) fn set_options(&self, keepalive: Option<Duration>) -> io::Result<()> {
        let Self::Tcp(stream) = self else { return Ok(()) };
        stream.set_nodelay(true)?;
        let Some(time) = keepalive else { return Ok(()) };
        let interval = (time / 3).max(Duration::from_secs(1));
        let options = TcpKeepalive::new().with_time(time).with_interval(interval).with_retries(3);
        SockRef::from(stream).set_tcp_keepalive(&options)
    }

    pub(super) fn set_nodelay(&self, is_at_once: bool) -> io::Result<()> {
        if let Self::Tcp(stream) = self { stream.set_nodelay(is_at_once) } else { Ok(()) }
    }

    pub(super) fn local_addr(&self) -> io::Result<PeerAddr> {
        self.addr(TcpStream::local_addr)
    }

    pub(super) fn peer_addr(&self) -> io::Result<PeerAddr> {
        self.addr(TcpStream::peer_addr)
    }

    fn addr(&self, of: impl Fn(&TcpStream) -> io::Result<SocketAddr>) -> io::Result<PeerAddr> {
        match self {
            Self::Tcp(stream) => of(stream).map(PeerAddr::Ip),
            Self::Unix(_, path) => Ok(PeerAddr::Unix(Arc::clone(path))),
            Self::Detached(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    pub(super) fn has_input(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let peeked: io::Result<usize> = on_socket!(self, it => SockRef::from(it).peek(&mut byte));
        peeked.is_ok_and(|len| len > 0)
    }

    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        on_socket!(self, it => it.try_write(bytes))
    }

    pub(super) fn shut_down(&self) {
        // An error means that the connection has ended already.
        let _: io::Result<()> = on_socket!(self, it => SockRef::from(it).shutdown(Shutdown::Both));
    }

    /// Takes the socket from this thread's runtime.
    pub(super) fn detach(&mut self) -> io::Result<()> {
        let bare = match std::mem::replace(self, Self::Detached(Bare::Gone)) {
            Self::Tcp(stream) => Bare::Tcp(stream.into_std()?),
            Self::Unix(stream, path) => Bare::Unix(stream.into_std()?, path),
            Self::Detached(bare) => bare,
        };
        *self = Self::Detached(bare);
        Ok(())
    }

    /// Gives the socket to this thread's runtime.
    pub(super) fn attach(&mut self) -> io::Result<()> {
        *self = match std::mem::replace(self, Self::Detached(Bare::Gone)) {
            Self::Detached(Bare::Tcp(stream)) => Self::Tcp(TcpStream::from_std(stream)?),
            Self::Detached(Bare::Unix(stream, path)) => {
                Self::Unix(UnixStream::from_std(stream)?, path)
            }
            Self::Detached(Bare::Gone) => return Err(io::ErrorKind::NotConnected.into()),
            attached => attached,
        };
        Ok(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            // `receive` needs bytes that have a value; the others would be written first.
            Self::Tcp(it) if buf.initialized().len() == buf.capacity() => receive(it, cx, buf),
            Self::Tcp(it) => Pin::new(it).poll_read(cx, buf),
            Self::Unix(it, _) => Pin::new(it).poll_read(cx, buf),
            Self::Detached(_) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(it) => send(it, cx, buf),
            Self::Unix(it, _) => Pin::new(it).poll_write(cx, buf),
            Self::Detached(_) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_socket!(self, it => Pin::new(it).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_socket!(self, it => Pin::new(it).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_socket!(self, it => Pin::new(it).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

/// As tokio's `poll_read` of a stream, but without the C library: glibc lets a thread be cancelled
/// within `recv` and `send`, and prepares for that at each call, as soon as a process has several
/// threads. That takes about 1 % of what a request without a pipeline costs.
fn receive(
    stream: &TcpStream,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let free = buf.initialize_unfilled();
    let read = ready!(transfer(stream, cx, Interest::READABLE, free.len(), |stream| {
        let (_, len) = rustix::net::recv(stream, &mut *free, RecvFlags::empty())?;
        Ok(len)
    }))?;
    buf.advance(read);
    Poll::Ready(Ok(()))
}

/// As tokio's `poll_write` of a stream; see [`receive`].
fn send(stream: &TcpStream, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
    transfer(stream, cx, Interest::WRITABLE, bytes.len(), |stream| {
        Ok(rustix::net::send(stream, bytes, SendFlags::NOSIGNAL)?)
    })
}

/// Makes the system call `call`, which moves up to `whole` bytes, when the socket is ready for it.
fn transfer(
    stream: &TcpStream,
    cx: &mut Context<'_>,
    interest: Interest,
    whole: usize,
    mut call: impl FnMut(&TcpStream) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(match interest {
            Interest::READABLE => stream.poll_read_ready(cx),
            _ => stream.poll_write_ready(cx),
        })?;
        let mut part = None;
        let outcome = stream.try_io(interest, || {
            let moved = call(stream)?;
            if moved > 0 && moved < whole {
                // The socket has no more, or takes no more, until epoll says so: as in tokio, which
                // is told so by this error.
                part = Some(moved);
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(moved)
        });
        match (part, outcome) {
            (Some(moved), _) => return Poll::Ready(Ok(moved)),
            (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            (None, outcome) => return Poll::Ready(outcome),
        }
    }
}
