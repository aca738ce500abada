//! Tunnels from plain ports to ports with TLS.

use std::net::{SocketAddr, TcpListener};
use std::thread;

use rustls::pki_types::ServerName;

use super::client::TlsClient;

/// A plain port on loopback whose connections go on to a port with TLS. Its thread ends with the process.
#[derive(Debug)]
pub struct Tunnel {
    addr: SocketAddr,
}

impl Tunnel {
    /// A tunnel to `to`.
    #[must_use]
    pub fn open(client: &TlsClient, to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let connector = tokio_rustls::TlsConnector::from(client.config());
        let run = async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (mut plain, _) = listener.accept().await.unwrap();
                let connector = connector.clone();
                tokio::spawn(async move {
                    let tcp = tokio::net::TcpStream::connect(to).await?;
                    let name = ServerName::try_from(to.ip().to_string()).unwrap();
                    let mut tls = connector.connect(name, tcp).await?;
                    tokio::io::copy_bidirectional(&mut plain, &mut tls).await
                });
            }
        };
        thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(run)
        });
        Self { addr }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}
