//! A listening port. Only this file, that of the socket and those of sockets that others have made
//! name a kind of socket.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, ToSocketAddrs};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use tokio::net::{TcpListener, UnixListener};
use tokio::time::sleep;

use super::Stream;
use super::inherited::{Inherited, Listening};
use super::socket::Socket;
use super::socket_file::SocketFile;
use tidegate_wire::units::{HostPort, PeerAddr};

/// The number of connections that may wait to be accepted (redis.conf: `tcp-backlog`, 511).
const BACKLOG: i32 = 1024;
/// The pause before the next accept when the process is out of descriptors or memory.
const REST: Duration = Duration::from_millis(100);

/// A listening port. It belongs to no runtime, so that it stays open when a thread starts again.
#[derive(Debug)]
pub struct Listener(Port);

#[derive(Debug)]
enum Port {
    Tcp(StdListener),
    Unix(StdUnixListener, Arc<SocketFile>),
    /// A socket of the process that has started this one, which keeps it open; with its path if it
    /// is a Unix socket.
    Inherited(Arc<Listening>, Arc<str>),
}

impl Listener {
    /// Opens `count` listeners on `addr`, one for each worker. The kernel spreads connections over
    /// them (`SO_REUSEPORT`). The file of a Unix socket gets the permissions `mode`, if they are given
    /// (redis.conf: `unixsocketperm`).
    ///
    /// # Errors
    /// The address does not resolve, is in use, or belongs to another host.
    pub fn open(addr: &HostPort, count: usize, mode: Option<u32>) -> io::Result<Vec<Self>> {
        if let Some(path) = addr.unix_path() {
            return Self::open_unix(path, count, mode);
        }
        let mut resolved = (addr.host.as_str(), addr.port).to_socket_addrs()?;
        let mut addr = resolved.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
        // Without this probe a second proxy on the same port would silently share its clients.
        drop(bind(addr, false).and_then(|probe| probe.listen(1).map(|()| probe))?);
        let mut listeners = Vec::with_capacity(count);
        for _ in 0..count {
            let socket = bind(addr, true)?;
            socket.listen(BACKLOG)?;
            let listener = StdListener::from(socket);
            // With port 0 the others share the port that the first one got.
            addr.set_port(listener.local_addr()?.port());
            listeners.push(Self(Port::Tcp(listener)));
        }
        Ok(listeners)
    }

    /// As [`Self::open`], unless a socket with this address was inherited: then all of them share its
    /// queue.
    ///
    /// # Errors
    /// Those of [`Self::open`], or the inherited socket cannot be set up.
    pub fn inherit_or_open(
        inherited: &Inherited,
        addr: &HostPort,
        count: usize,
        mode: Option<u32>,
    ) -> io::Result<Vec<Self>> {
        let Some(socket) = inherited.take(addr)? else { return Self::open(addr, count, mode) };
        let path: Arc<str> = addr.unix_path().unwrap_or_default().into();
        let socket = Arc::new(socket);
        let port = |_| Self(Port::Inherited(Arc::clone(&socket), Arc::clone(&path)));
        Ok((0..count).map(port).collect())
    }

    /// Whether the process that has started this one keeps the socket open. Connections that this
    /// process does not accept are then the next one's.
    #[must_use]
    pub const fn is_inherited(&self) -> bool {
        matches!(self.0, Port::Inherited(..))
    }

    /// All of them share the queue of one socket.
    fn open_unix(path: &str, count: usize, mode: Option<u32>) -> io::Result<Vec<Self>> {
        let (listener, file) = SocketFile::listen(path, mode)?;
        listener.set_nonblocking(true)?;
        let file = Arc::new(file);
        let clone = |_| Ok(Self(Port::Unix(listener.try_clone()?, Arc::clone(&file))));
        (0..count).map(clone).collect()
    }

    /// The port's address. Where port 0 was asked for, it has the port that the system chose.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn local_addr(&self) -> io::Result<PeerAddr> {
        match &self.0 {
            Port::Tcp(listener) => listener.local_addr().map(PeerAddr::Ip),
            Port::Unix(_, file) => Ok(PeerAddr::Unix(file.path())),
            Port::Inherited(socket, path) => match &**socket {
                Listening::Tcp(listener) => listener.local_addr().map(PeerAddr::Ip),
                Listening::Unix(_) => Ok(PeerAddr::Unix(Arc::clone(path))),
            },
        }
    }

    /// An acceptor of its connections, in the runtime of the calling thread.
    ///
    /// # Errors
    /// The process is out of descriptors, or there is no runtime.
    pub fn acceptor(&self) -> io::Result<Acceptor> {
        Ok(Acceptor(match &self.0 {
            Port::Tcp(listener) => Accepting::Tcp(TcpListener::from_std(listener.try_clone()?)?),
            Port::Unix(listener, file) => {
                Accepting::Unix(UnixListener::from_std(listener.try_clone()?)?, file.path())
            }
            Port::Inherited(socket, path) => match &**socket {
                Listening::Tcp(it) => Accepting::Tcp(TcpListener::from_std(it.try_clone()?)?),
                Listening::Unix(it) => {
                    Accepting::Unix(UnixListener::from_std(it.try_clone()?)?, Arc::clone(path))
                }
            },
        }))
    }
}

/// Accepts the connections of a [`Listener`].
#[derive(Debug)]
pub struct Acceptor(Accepting);

#[derive(Debug)]
enum Accepting {
    Tcp(TcpListener),
    Unix(UnixListener, Arc<str>),
}

impl Acceptor {
    /// Waits for the next connection; returns it with the address of its other end.
    ///
    /// # Errors
    /// The process is out of descriptors or memory, or the client has gone already.
    pub async fn accept(&self) -> io::Result<(Stream, PeerAddr)> {
        match &self.0 {
            Accepting::Tcp(listener) => {
                let (stream, addr) = listener.accept().await?;
                Ok((Stream::accepted(Socket::Tcp(stream)), PeerAddr::Ip(addr)))
            }
            Accepting::Unix(listener, path) => {
                let (stream, _) = listener.accept().await?;
                let socket = Socket::Unix(stream, Arc::clone(path));
                Ok((Stream::accepted(socket), PeerAddr::Unix(Arc::clone(path))))
            }
        }
    }

    /// Accepts clients for ever, and calls `welcome` with each; `port` is the port's name in the log.
    pub async fn accept_all(&self, port: &str, welcome: impl Fn(Stream, PeerAddr)) {
        loop {
            match self.accept().await {
                Ok((stream, addr)) => welcome(stream, addr),
                Err(error) => {
                    tracing::warn!("{port} cannot accept a client: {error}");
                    sleep(REST).await;
                }
            }
        }
    }
}

fn bind(addr: SocketAddr, shared: bool) -> io::Result<RawSocket> {
    let socket = RawSocket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

/// Answers a client that exceeds `max-clients`.
pub fn turn_away(stream: &Stream) {
    // All of it fits into the empty socket buffer.
    drop(stream.try_write(b"-ERR max number of clients reached\r\n"));
}
