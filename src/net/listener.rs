//! A listening port. Only this file and that of [`super::Stream`] name a kind of socket.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, ToSocketAddrs};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::Stream;
use crate::config::HostPort;

/// The number of connections that may wait to be accepted (redis.conf: `tcp-backlog`, 511).
const BACKLOG: i32 = 1024;
/// The pause before the next accept when the process is out of descriptors or memory.
const REST: Duration = Duration::from_millis(100);

/// A listening port. It belongs to no runtime, so that it stays open when a thread starts again.
#[derive(Debug)]
pub struct Listener(StdListener);

impl Listener {
    /// Opens `count` listeners on `addr`, one for each worker. The kernel spreads connections over
    /// them (`SO_REUSEPORT`).
    ///
    /// # Errors
    /// The address does not resolve, is in use, or belongs to another host.
    pub fn open(addr: &HostPort, count: usize) -> io::Result<Vec<Self>> {
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
            listeners.push(Self(listener));
        }
        Ok(listeners)
    }

    /// The port's address. Where port 0 was asked for, it has the port that the system chose.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// An acceptor of its connections, in the runtime of the calling thread.
    ///
    /// # Errors
    /// The process is out of descriptors, or there is no runtime.
    pub fn acceptor(&self) -> io::Result<Acceptor> {
        Ok(Acceptor(TcpListener::from_std(self.0.try_clone()?)?))
    }
}

/// Accepts the connections of a [`Listener`].
#[derive(Debug)]
pub struct Acceptor(TcpListener);

impl Acceptor {
    /// Waits for the next connection; returns it with the address of its other end.
    ///
    /// # Errors
    /// The process is out of descriptors or memory, or the client has gone already.
    pub async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        let (stream, addr) = self.0.accept().await?;
        Ok((Stream::accepted(stream), addr))
    }

    /// Accepts clients for ever, and calls `welcome` with each; `port` is the port's name in the log.
    pub async fn accept_all(&self, port: &str, welcome: impl Fn(Stream, SocketAddr)) {
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

fn bind(addr: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
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
