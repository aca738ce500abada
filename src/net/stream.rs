//! A connection: plain, or encrypted with TLS.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::connecting::Connecting;
use super::socket::Socket;
use crate::tls::{COUNTS, ServerTls, Side};
use tidegate_wire::units::{HostPort, PeerAddr};

/// How long a peer may take for the handshake of TLS.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A connection's bytes, in both directions.
#[derive(Debug)]
pub struct Stream(Layer);

#[derive(Debug)]
enum Layer {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
}

impl Stream {
    /// Connects to `addr`. At `at` if that is given, else its name is resolved, and all its addresses
    /// are tried.
    ///
    /// # Errors
    /// The error of the last address, of the look-up, or of the TLS handshake. Bound its time.
    pub async fn connect(
        addr: &HostPort,
        at: Option<SocketAddr>,
        how: &Connecting,
    ) -> io::Result<Self> {
        let socket = match at {
            Some(at) if addr.unix_path().is_none() => Socket::connect_to(at).await?,
            _ => Socket::connect(addr).await?,
        };
        socket.set_options(how.keepalive)?;
        let Some(tls) = &how.tls else { return Ok(Self(Layer::Plain(socket))) };
        let name = tls.name_of(addr).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "its host is no name for a certificate")
        })?;
        let outcome = TlsConnector::from(tls.config()).connect(name, socket).await;
        let stream = COUNTS.count(Side::Server, outcome)?;
        Ok(Self(Layer::Tls(Box::new(stream.into()))))
    }

    /// Wraps an accepted connection.
    pub(super) const fn accepted(socket: Socket) -> Self {
        Self(Layer::Plain(socket))
    }

    /// Lets the peer that has connected begin TLS, within ten seconds.
    ///
    /// # Errors
    /// Why the handshake failed.
    pub async fn encrypted(self, tls: &ServerTls) -> io::Result<Self> {
        let Layer::Plain(socket) = self.0 else { return Ok(self) };
        let accepting = TlsAcceptor::from(tls.config()).accept(socket);
        let accepted = timeout(HANDSHAKE_MAX, accepting).await;
        let accepted = accepted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let stream = COUNTS.count(Side::Client, accepted)?;
        Ok(Self(Layer::Tls(Box::new(stream.into()))))
    }

    /// As [`Self::encrypted`], unless `ended` comes first. Without a certificate there is no connection.
    ///
    /// # Errors
    /// Why the handshake failed, or was given up.
    pub async fn encrypted_unless(
        self,
        tls: Option<Arc<ServerTls>>,
        ended: impl Future<Output = ()>,
    ) -> io::Result<Self> {
        let tls = tls.ok_or_else(|| io::Error::other("there is no certificate"))?;
        tokio::select! {
            biased;
            () = ended => Err(io::ErrorKind::ConnectionAborted.into()),
            stream = self.encrypted(&tls) => stream,
        }
    }

    /// The certificate that the peer has shown, which was checked; `None` if it has shown none.
    #[must_use]
    pub fn peer_certificate(&self) -> Option<&CertificateDer<'static>> {
        let Layer::Tls(stream) = &self.0 else { return None };
        stream.get_ref().1.peer_certificates()?.first()
    }

    fn socket(&self) -> &Socket {
        match &self.0 {
            Layer::Plain(socket) => socket,
            Layer::Tls(stream) => stream.get_ref().0,
        }
    }

    fn socket_mut(&mut self) -> &mut Socket {
        match &mut self.0 {
            Layer::Plain(socket) => socket,
            Layer::Tls(stream) => stream.get_mut().0,
        }
    }

    /// Sends small pieces at once, and probes an idle peer as Redis's `anetKeepAlive` does: after
    /// `keepalive`, then every third of it, three times.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn set_options(&self, keepalive: Option<Duration>) -> io::Result<()> {
        self.socket().set_options(keepalive)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn local_addr(&self) -> io::Result<PeerAddr> {
        self.socket().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn peer_addr(&self) -> io::Result<PeerAddr> {
        self.socket().peer_addr()
    }

    /// Whether unread bytes have arrived. Asks the system, which knows it before the runtime does. The
    /// end of the stream and an error count as no bytes.
    #[must_use]
    pub fn has_input(&self) -> bool {
        let is_decrypted = match &self.0 {
            Layer::Plain(_) => false,
            Layer::Tls(stream) => match &**stream {
                TlsStream::Client(stream) => !stream.get_ref().1.wants_read(),
                TlsStream::Server(stream) => !stream.get_ref().1.wants_read(),
            },
        };
        is_decrypted || self.socket().has_input()
    }

    /// Writes as many bytes as fit into the socket's buffer now. Nothing is written over TLS.
    ///
    /// # Errors
    /// Nothing fits, or the socket is gone.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Layer::Plain(socket) => socket.try_write(bytes),
            Layer::Tls(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Ends the connection in both directions. A task that waits for it is woken.
    pub fn hang_up(&self) {
        self.socket().shut_down();
    }

    /// Chooses whether small pieces are sent at once, or collected.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn set_nodelay(&self, is_at_once: bool) -> io::Result<()> {
        self.socket().set_nodelay(is_at_once)
    }

    /// Sends what was encrypted and did not fit into the socket. True if the socket takes no more now;
    /// the task of `cx` is woken when it does.
    ///
    /// # Errors
    /// The socket's errors.
    #[inline]
    pub fn push_out(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        match &mut self.0 {
            Layer::Plain(_) => Ok(false),
            Layer::Tls(stream) => push_out(stream, cx),
        }
    }

    /// Takes the connection from this thread's runtime.
    ///
    /// # Errors
    /// The socket is gone already.
    pub fn detach(mut self) -> io::Result<Detached> {
        self.socket_mut().detach()?;
        Ok(Detached(self))
    }
}

fn push_out(stream: &mut TlsStream<Socket>, cx: &mut Context<'_>) -> io::Result<bool> {
    let wants_write = match &*stream {
        TlsStream::Client(stream) => stream.get_ref().1.wants_write(),
        TlsStream::Server(stream) => stream.get_ref().1.wants_write(),
    };
    if !wants_write {
        return Ok(false);
    }
    match Pin::new(stream).poll_flush(cx) {
        Poll::Pending => Ok(true),
        Poll::Ready(outcome) => outcome.map(|()| false),
    }
}

/// A connection on its way to another thread.
#[derive(Debug)]
pub struct Detached(Stream);

impl Detached {
    /// Gives the connection to this thread's runtime.
    ///
    /// # Errors
    /// The socket is gone already, or the runtime takes no more.
    pub fn attach(self) -> io::Result<Stream> {
        let mut stream = self.0;
        stream.socket_mut().attach()?;
        Ok(stream)
    }
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Layer::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Layer::Tls(stream) => {
                // A task that only waits for bytes may have written some that did not fit.
                push_out(stream, cx)?;
                match Pin::new(&mut **stream).poll_read(cx, buf) {
                    // The peer has closed without TLS's own end, as many do.
                    Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        Poll::Ready(Ok(()))
                    }
                    other => other,
                }
            }
        }
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Layer::Plain(socket) => Pin::new(socket).poll_write(cx, buf),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Layer::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Layer::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Layer::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, bufs),
            Layer::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
