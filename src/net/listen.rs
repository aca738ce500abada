//! Connections that we accept.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::TcpStream;

use crate::config::HostPort;

/// Connections that may wait to be accepted (redis.conf: `tcp-backlog`, 511).
const BACKLOG: i32 = 1024;

/// Opens listeners on `addr`, one for each of `count` workers: the kernel spreads connections over
/// them (`SO_REUSEPORT`).
///
/// # Errors
/// The address does not resolve, is taken, or not ours.
pub fn listen(addr: &HostPort, count: usize) -> io::Result<Vec<std::net::TcpListener>> {
    let mut resolved = (addr.host.as_str(), addr.port).to_socket_addrs()?;
    let mut addr = resolved.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    // Without this probe a second proxy on the same port would silently share its clients.
    drop(bind(addr, false).and_then(|probe| probe.listen(1).map(|()| probe))?);
    let mut listeners = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = bind(addr, true)?;
        socket.listen(BACKLOG)?;
        let listener = std::net::TcpListener::from(socket);
        // Port 0: the others share what the first one got.
        addr.set_port(listener.local_addr()?.port());
        listeners.push(listener);
    }
    Ok(listeners)
}

fn bind(addr: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

/// Sets the options of a connection that was accepted.
///
/// # Errors
/// The socket is gone already.
pub fn accepted(stream: &TcpStream, keepalive: Option<Duration>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    set_keepalive(stream, keepalive)
}

/// As Redis's `anetKeepAlive`: probes after `keepalive`, then every third of it, three times.
pub(super) fn set_keepalive(stream: &TcpStream, keepalive: Option<Duration>) -> io::Result<()> {
    let Some(time) = keepalive else { return Ok(()) };
    let interval = (time / 3).max(Duration::from_secs(1));
    let options = TcpKeepalive::new().with_time(time).with_interval(interval).with_retries(3);
    SockRef::from(stream).set_tcp_keepalive(&options)
}
