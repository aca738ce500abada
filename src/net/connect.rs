//! Connections that we open.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

use super::listen::set_keepalive;
use crate::config::HostPort;

/// Connects to `addr`, whose name is resolved anew each time; all its addresses are tried.
///
/// # Errors
/// The last address's error, or that of the look-up.
pub async fn connect(addr: &HostPort, keepalive: Option<Duration>) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((addr.host.as_str(), addr.port)).await?;
    stream.set_nodelay(true)?;
    set_keepalive(&stream, keepalive)?;
    Ok(stream)
}
