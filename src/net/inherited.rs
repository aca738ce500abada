//! Listening sockets that the process that started Tidegate has opened (`LISTEN_FDS`), as systemd
//! does for a socket unit. They stay open while Tidegate is restarted.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::net::UnixListener;
use std::sync::{Mutex, PoisonError};

use listenfd::ListenFd;
use socket2::SockRef;

use tidegate_wire::units::HostPort;

/// The inherited sockets that no port has taken yet.
#[derive(Debug, Default)]
pub struct Inherited(Mutex<Vec<Listening>>);

/// An inherited socket.
#[derive(Debug)]
pub(super) enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why the inherited sockets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InheritedError {
    /// A descriptor is no socket that accepts connections.
    #[error("the inherited descriptor {fd} is no listening TCP or Unix socket")]
    NoListener {
        /// Its number.
        fd: usize,
    },
    /// No key names the address of a socket.
    #[error(
        "the inherited socket listens on {0}, which proxy.listen, proxy.tls-listen, [[listener]] \
         and metrics.listen do not name"
    )]
    Unnamed(String),
}

/// The number of the first descriptor that is passed on.
const FIRST: usize = 3;

impl Inherited {
    /// Takes the sockets that `LISTEN_FDS` announces to this process. A later call finds none.
    ///
    /// # Errors
    /// A descriptor is no listening socket.
    pub fn take_all() -> Result<Self, InheritedError> {
        let mut passed = ListenFd::from_env();
        let mut all = Vec::with_capacity(passed.len());
        for at in 0..passed.len() {
            let tcp = passed.take_tcp_listener(at).ok().flatten().map(Listening::Tcp);
            let unix = || passed.take_unix_listener(at).ok().flatten().map(Listening::Unix);
            let socket = tcp.or_else(unix).filter(Listening::accepts);
            all.push(socket.ok_or(InheritedError::NoListener { fd: FIRST + at })?);
        }
        Ok(Self(Mutex::new(all)))
    }

    /// The socket that listens on `addr`, if one was inherited.
    ///
    /// # Errors
    /// The socket cannot be set up.
    pub(super) fn take(&self, addr: &HostPort) -> io::Result<Option<Listening>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return Ok(None);
        }
        let named: Vec<SocketAddr> = match addr.unix_path() {
            Some(_) => Vec::new(),
            None => (addr.host.as_str(), addr.port).to_socket_addrs()?.collect(),
        };
        let fits = |socket: &Listening| match socket {
            Listening::Tcp(it) => it.local_addr().is_ok_and(|own| named.contains(&own)),
            Listening::Unix(it) => it.local_addr().is_ok_and(|own| {
                own.as_pathname().is_some()
                    && own.as_pathname() == addr.unix_path().map(AsRef::as_ref)
            }),
        };
        let Some(at) = all.iter().position(fits) else { return Ok(None) };
        let socket = all.swap_remove(at);
        match &socket {
            Listening::Tcp(it) => it.set_nonblocking(true)?,
            Listening::Unix(it) => it.set_nonblocking(true)?,
        }
        Ok(Some(socket))
    }

    /// Checks that a port has taken each socket.
    ///
    /// # Errors
    /// The address of one that none has taken.
    pub fn finish(&self) -> Result<(), InheritedError> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.first().map_or(Ok(()), |socket| Err(InheritedError::Unnamed(socket.addr())))
    }
}

impl Listening {
    fn accepts(&self) -> bool {
        let socket = match self {
            Self::Tcp(it) => SockRef::from(it),
            Self::Unix(it) => SockRef::from(it),
        };
        socket.is_listener().unwrap_or(false)
    }

    fn addr(&self) -> String {
        match self {
            Self::Tcp(it) => it.local_addr().map_or_else(|it| it.to_string(), |it| it.to_string()),
            Self::Unix(it) => match it.local_addr() {
                Ok(addr) => addr.as_pathname().map_or_else(
                    || "an unnamed Unix socket".to_owned(),
                    |path| format!("unix:{}", path.display()),
                ),
                Err(error) => error.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_taken_once_and_by_its_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr: HostPort = listener.local_addr().unwrap().to_string().parse().unwrap();
        let other: HostPort = "127.0.0.1:1".parse().unwrap();
        let inherited = Inherited(Mutex::new(vec![Listening::Tcp(listener)]));
        assert!(inherited.take(&other).unwrap().is_none());
        let error = inherited.finish().unwrap_err().to_string();
        assert!(error.contains(&addr.to_string()), "{error}");
        assert!(inherited.take(&addr).unwrap().is_some());
        assert!(inherited.take(&addr).unwrap().is_none());
        inherited.finish().unwrap();
    }
}
