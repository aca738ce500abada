//! The address of one end of a connection.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The address of one end of a connection, as `CLIENT LIST` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PeerAddr {
    /// An end of a TCP connection.
    Ip(SocketAddr),
    /// The path of the Unix socket that listens; the other end has no address of its own.
    Unix(Arc<str>),
}

impl PeerAddr {
    /// The address of a TCP connection.
    #[must_use]
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(addr) => Some(*addr),
            Self::Unix(_) => None,
        }
    }

    /// The IP address, without its port and without an IPv4 address's form in IPv6. The other end of
    /// a Unix socket is on this machine.
    #[must_use]
    pub fn host(&self) -> IpAddr {
        self.ip().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |addr| addr.ip().to_canonical())
    }
}

impl From<SocketAddr> for PeerAddr {
    fn from(addr: SocketAddr) -> Self {
        Self::Ip(addr)
    }
}

/// As Redis's `genClientAddrString`: a Unix socket has its path and the port 0.
impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(addr) => addr.fmt(f),
            Self::Unix(path) => write!(f, "{path}:0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unix_socket_has_the_port_0() {
        assert_eq!(PeerAddr::Unix("/run/a.sock".into()).to_string(), "/run/a.sock:0");
        let ip = PeerAddr::from(SocketAddr::from(([127, 0, 0, 1], 7)));
        assert_eq!(
            (ip.to_string().as_str(), ip.host()),
            ("127.0.0.1:7", IpAddr::V4(Ipv4Addr::LOCALHOST))
        );
    }
}
