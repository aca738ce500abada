//! `host:port`, as addresses are written everywhere, or `unix:/path`.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The longest host name in DNS.
const MAX_HOST: usize = 253;
/// The longest path of a Unix socket: Linux's `sun_path` without the final zero.
const MAX_SOCKET_PATH: usize = 107;
/// What the address of a Unix socket begins with.
const UNIX: &str = "unix:";

/// A host (name, IPv4 or IPv6 address) and a TCP port, or the path of a Unix socket. Names are
/// resolved when they are used.
///
/// Two spellings of one host are equal if that can be seen without a resolver: names are kept in
/// lower case, IPv6 addresses in their canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// The host, an IPv6 address without its brackets; of a Unix socket the whole `unix:/path`.
    pub host: String,
    /// The port. 0, "any free one", is only for listening. A Unix socket has 0.
    pub port: u16,
}

/// The error for a text that is not `host:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address such as 127.0.0.1:6379, redis.example:6379, [::1]:6379 or unix:/path")]
pub struct HostPortError;

impl HostPort {
    /// Returns `port` on 127.0.0.1.
    pub fn local(port: u16) -> Self {
        Self { host: Ipv4Addr::LOCALHOST.to_string(), port }
    }

    /// The path of the Unix socket, if it is one.
    #[must_use]
    pub fn unix_path(&self) -> Option<&str> {
        self.host.strip_prefix(UNIX)
    }

    /// Whether only this machine reaches the host, as far as its name shows.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        if self.unix_path().is_some() {
            return true;
        }
        let is_address =
            self.host.parse::<std::net::IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback());
        is_address || self.host.eq_ignore_ascii_case("localhost")
    }

    /// Parses a host and a port that are separate words, as in redis.conf and in servers' replies.
    /// An IPv6 address may lack its brackets.
    ///
    /// # Errors
    /// [`HostPortError`] if they are no address.
    pub fn of(host: &str, port: &str) -> Result<Self, HostPortError> {
        let host = match host.parse::<Ipv6Addr>() {
            Ok(v6) => v6.to_string(),
            Err(_) => read_host(host)?,
        };
        Ok(Self { host, port: read_port(port)? })
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<Self, HostPortError> {
        if let Some(path) = text.strip_prefix(UNIX) {
            let is_path = path.starts_with('/') && path.len() <= MAX_SOCKET_PATH;
            let is_path = is_path && !path.contains(|c: char| c.is_control() || c == ' ');
            return is_path.then(|| Self { host: text.to_owned(), port: 0 }).ok_or(HostPortError);
        }
        let (host, port) = text.rsplit_once(':').ok_or(HostPortError)?;
        Ok(Self { host: read_host(host)?, port: read_port(port)? })
    }
}

fn read_port(text: &str) -> Result<u16, HostPortError> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(HostPortError);
    }
    text.parse().map_err(|_| HostPortError)
}

fn read_host(text: &str) -> Result<String, HostPortError> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(v6) => Ok(v6.parse::<Ipv6Addr>().map_err(|_| HostPortError)?.to_string()),
        None if is_host(text) => Ok(text.to_ascii_lowercase()),
        None => Err(HostPortError),
    }
}

/// Whether `text` is a host name as resolvers and container runtimes take them, or an IPv4 address.
/// A text of digits and dots alone must be an address: `10.0.0.256` is a typing error, not a name.
fn is_host(text: &str) -> bool {
    let labels = text.strip_suffix('.').unwrap_or(text);
    if labels.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return text.parse::<Ipv4Addr>().is_ok();
    }
    text.len() <= MAX_HOST
        && labels.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unix_path().is_some() {
            f.write_str(&self.host)
        } else if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_and_show() {
        for (text, host, port, shown) in [
            ("127.0.0.1:6379", "127.0.0.1", 6379, "127.0.0.1:6379"),
            ("Redis-0.Example.:1", "redis-0.example.", 1, "redis-0.example.:1"),
            ("my_service:65535", "my_service", 65535, "my_service:65535"),
            ("[::1]:0", "::1", 0, "[::1]:0"),
            ("[0:0::0:1]:7", "::1", 7, "[::1]:7"),
        ] {
            let read: HostPort = text.parse().unwrap();
            assert_eq!((read.host.as_str(), read.port), (host, port), "{text}");
            assert_eq!(read.to_string(), shown);
            let (host, port) = text.rsplit_once(':').unwrap();
            assert_eq!(HostPort::of(host, port), Ok(read.clone()), "{text}");
            assert_eq!(HostPort::of(&read.host, port), Ok(read), "without brackets");
        }
        for (host, port) in [("a:b", "1"), ("", "1"), ("a", ""), ("a", "+1"), ("[::1", "1")] {
            assert_eq!(HostPort::of(host, port), Err(HostPortError), "{host} {port}");
        }
    }

    #[test]
    fn a_unix_socket_is_an_address() {
        let socket: HostPort = "unix:/run/redis.sock".parse().unwrap();
        assert_eq!(socket.unix_path(), Some("/run/redis.sock"));
        assert_eq!(socket.to_string(), "unix:/run/redis.sock");
        assert!(socket.is_loopback());
        let long = format!("unix:/{}", "a".repeat(107));
        for text in ["unix:", "unix:redis.sock", "unix:/a b", "unix:/a\nb", &long] {
            assert_eq!(text.parse::<HostPort>(), Err(HostPortError), "{text}");
        }
        assert_eq!(HostPort::of("unix:/run/redis.sock", "1"), Err(HostPortError));
    }

    #[test]
    fn texts_that_are_no_address_are_refused() {
        for text in [
            "",
            ":",
            "6379",
            ":6379",
            "host",
            "host:",
            "host:+1",
            "host:65536",
            "::1:6379",
            "[::1]",
            "[host]:1",
            "10.0.0.256:1",
            "127.1:1",
            "a..b:1",
            "a b:1",
            ".:1",
            "*:6379",
            "user:pw@host:1",
            "redis://host:6379",
            "hôst:1",
        ] {
            assert_eq!(text.parse::<HostPort>(), Err(HostPortError), "{text}");
        }
    }
}
