//! Clients with TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore,
    SupportedProtocolVersion,
};

use super::authority::{Authority, Issued};
use crate::wire::READ_TIMEOUT;

impl Authority {
    /// A client that trusts this authority.
    #[must_use]
    pub fn client(&self) -> TlsClient {
        TlsClient { ca: self.file(), own: None, versions: rustls::ALL_VERSIONS.to_vec() }
    }
}

/// How a client connects with TLS.
#[derive(Clone, Debug)]
pub struct TlsClient {
    ca: PathBuf,
    own: Option<Issued>,
    versions: Vec<&'static SupportedProtocolVersion>,
}

/// What a handshake has agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub version: ProtocolVersion,
    pub is_resumed: bool,
}

impl TlsClient {
    #[must_use]
    pub fn with(self, own: &Issued) -> Self {
        Self { own: Some(own.clone()), ..self }
    }

    #[must_use]
    pub fn version(self, version: &'static SupportedProtocolVersion) -> Self {
        Self { versions: vec![version], ..self }
    }

    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.ca).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match &self.own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let chain = CertificateDer::pem_file_iter(&own.cert).unwrap();
                let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
                let key = PrivateKeyDer::from_pem_file(&own.key).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        })
    }

    /// Connects, sends PING, and reads one line of the reply.
    pub fn ping(&self, addr: SocketAddr) -> Result<(String, Agreed), String> {
        ping(&self.config(), addr)
    }
}

/// As [`TlsClient::ping`], with a configuration that resumes its sessions.
pub fn ping(config: &Arc<ClientConfig>, addr: SocketAddr) -> Result<(String, Agreed), String> {
    let text = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect_timeout(&addr, READ_TIMEOUT).map_err(text)?;
    stream.set_read_timeout(Some(READ_TIMEOUT)).map_err(text)?;
    let name = ServerName::try_from(addr.ip().to_string()).unwrap();
    let mut session = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut tls = rustls::Stream::new(&mut session, &mut stream);
    tls.write_all(b"PING\r\n").map_err(text)?;
    let mut line = String::new();
    while !line.ends_with('\n') {
        let mut byte = [0];
        if tls.read(&mut byte).map_err(text)? == 0 {
            return Err(format!("closed after {line:?}"));
        }
        line.push(byte[0].into());
    }
    let agreed = Agreed {
        version: session.protocol_version().unwrap(),
        is_resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
    };
    Ok((line.trim_end().to_owned(), agreed))
}
