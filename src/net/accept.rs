//! Clients that come.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// How long accepting rests when the process is out of descriptors or memory.
const REST: Duration = Duration::from_millis(100);

/// Accepts clients from `listener` for ever and hands each over to `welcome`; `port` is how people
/// call it.
pub async fn accept(listener: &TcpListener, port: &str, welcome: impl Fn(TcpStream, SocketAddr)) {
    loop {
        match listener.accept().await {
            Ok((stream, addr)) => welcome(stream, addr),
            Err(error) => {
                tracing::warn!("{port} cannot accept a client: {error}");
                sleep(REST).await;
            }
        }
    }
}

/// Tells a client that there are `max-clients` already.
pub fn turn_away(stream: &TcpStream) {
    // As much as fits into the empty socket buffer: all of it.
    drop(stream.try_write(b"-ERR max number of clients reached\r\n"));
}
