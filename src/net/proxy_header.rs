//! The header with which a load balancer says on whose behalf it has connected (HAProxy's PROXY
//! protocol, versions 1 and 2).

use std::io;
use std::net::SocketAddr;

use ppp::v1::Addresses as Text;
use ppp::v2::{Addresses as Binary, Command, IPv4, IPv6};
use ppp::{HeaderResult, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

use tidegate_wire::units::PeerAddr;

/// The longest header of version 1, with its line break.
const TEXT_MAX: usize = 107;
/// The longest header of version 2 that is taken: addresses and what a load balancer may add.
const BINARY_MAX: usize = 4096;
/// As many bytes tell the versions apart; no header is shorter.
const BEGIN: usize = 12;

/// The two ends of the client's connection to the load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// The client's address.
    pub addr: PeerAddr,
    /// The address to which the client has connected.
    pub laddr: PeerAddr,
}

/// Reads the header at the beginning of a connection, and nothing behind it. `None` if the load
/// balancer has connected on its own behalf (a health check), or knows no address. Bound its time.
///
/// # Errors
/// The connection's errors, or `InvalidData` if it does not begin with a header.
pub async fn read_proxy_header(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<Proxied>> {
    let mut header = vec![0; BEGIN];
    stream.read_exact(&mut header).await?;
    if header == v2::PROTOCOL_PREFIX {
        read_rest_of_binary(stream, &mut header).await?;
    } else if header.starts_with(b"PROXY ") {
        while !header.ends_with(b"\n") {
            if header.len() >= TEXT_MAX {
                return Err(no_header("its first line is too long"));
            }
            header.push(stream.read_u8().await?);
        }
    } else {
        return Err(no_header("it does not begin with one"));
    }
    match HeaderResult::parse(&header) {
        HeaderResult::V1(Ok(header)) => Ok(of_text(&header.addresses)),
        HeaderResult::V2(Ok(header)) => Ok(of_binary(&header)),
        HeaderResult::V1(Err(error)) => Err(no_header(&error.to_string())),
        HeaderResult::V2(Err(error)) => Err(no_header(&error.to_string())),
    }
}

async fn read_rest_of_binary(
    stream: &mut (impl AsyncRead + Unpin),
    header: &mut Vec<u8>,
) -> io::Result<()> {
    let mut rest = [0; 4];
    stream.read_exact(&mut rest).await?;
    header.extend_from_slice(&rest);
    let [_, _, high, low] = rest;
    let len = usize::from(u16::from_be_bytes([high, low]));
    if len > BINARY_MAX {
        return Err(no_header("it is too long"));
    }
    let begun = header.len();
    header.resize(begun + len, 0);
    stream.read_exact(&mut header[begun..]).await?;
    Ok(())
}

fn no_header(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no header of the PROXY protocol: {why}"))
}

impl From<&IPv4> for Proxied {
    fn from(it: &IPv4) -> Self {
        ends((it.source_address, it.source_port), (it.destination_address, it.destination_port))
    }
}

impl From<&IPv6> for Proxied {
    fn from(it: &IPv6) -> Self {
        ends((it.source_address, it.source_port), (it.destination_address, it.destination_port))
    }
}

fn ends(addr: impl Into<SocketAddr>, laddr: impl Into<SocketAddr>) -> Proxied {
    Proxied { addr: PeerAddr::Ip(addr.into()), laddr: PeerAddr::Ip(laddr.into()) }
}

fn of_text(addresses: &Text) -> Option<Proxied> {
    match addresses {
        Text::Unknown => None,
        Text::Tcp4(it) => Some(it.into()),
        Text::Tcp6(it) => Some(it.into()),
    }
}

fn of_binary(header: &v2::Header<'_>) -> Option<Proxied> {
    if header.command == Command::Local {
        return None;
    }
    match &header.addresses {
        Binary::Unspecified => None,
        Binary::IPv4(it) => Some(it.into()),
        Binary::IPv6(it) => Some(it.into()),
        Binary::Unix(it) => {
            let path = |bytes: &[u8]| {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                let path = String::from_utf8_lossy(&bytes[..end]);
                // CLIENT LIST has a line for each client, and blanks between its fields.
                PeerAddr::Unix(path.replace(|it: char| it.is_control() || it == ' ', "?").into())
            };
            Some(Proxied { addr: path(&it.source), laddr: path(&it.destination) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut bytes: &[u8]) -> (Result<Option<(String, String)>, String>, usize) {
        let read = read_proxy_header(&mut bytes).await;
        let shown = |it: Proxied| (it.addr.to_string(), it.laddr.to_string());
        (read.map(|it| it.map(shown)).map_err(|error| error.to_string()), bytes.len())
    }

    fn binary(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let len = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[0x20 | command, family], &len, addresses, b"PING"].concat()
    }

    #[tokio::test]
    async fn both_versions_are_read_and_nothing_behind_them() {
        let ends = Ok(Some(("192.0.2.7:4000".to_owned(), "192.0.2.1:6379".to_owned())));
        let text = b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 6379\r\nPING";
        assert_eq!(read(text).await, (ends.clone(), 4));
        let addresses = [192, 0, 2, 7, 192, 0, 2, 1, 15, 160, 24, 235];
        assert_eq!(read(&binary(1, 0x11, &addresses)).await, (ends, 4));
        let six = b"PROXY TCP6 2001:db8::7 2001:db8::1 4000 6379\r\n";
        let ends = ("[2001:db8::7]:4000".to_owned(), "[2001:db8::1]:6379".to_owned());
        assert_eq!(read(six).await, (Ok(Some(ends)), 0));
    }

    #[tokio::test]
    async fn a_path_breaks_no_line() {
        let mut paths = [0; 216];
        paths[..14].copy_from_slice(b"/run/a\nid=7 b ");
        paths[108..114].copy_from_slice(b"/run/b");
        let ends = ("/run/a?id=7?b?:0".to_owned(), "/run/b:0".to_owned());
        assert_eq!(read(&binary(1, 0x31, &paths)).await, (Ok(Some(ends)), 4));
    }

    #[tokio::test]
    async fn a_health_check_has_no_client() {
        assert_eq!(read(b"PROXY UNKNOWN\r\nPING").await, (Ok(None), 4));
        assert_eq!(read(&binary(0, 0, &[])).await, (Ok(None), 4));
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let long = [b"PROXY TCP4 ".as_slice(), &[b'1'; 200]].concat();
        let huge = [v2::PROTOCOL_PREFIX, &[0x21, 0x11, 0xff, 0xff]].concat();
        for bytes in [&b"*1\r\n$4\r\nPING\r\n"[..], b"PROXY TCP4 a b 1 2\r\n", &long, &huge] {
            let (outcome, _) = read(bytes).await;
            assert!(outcome.unwrap_err().starts_with("no header of the PROXY protocol"));
        }
        assert!(read(b"PROXY TCP4 192.0.2.7").await.0.is_err(), "it ends too early");
    }
}
