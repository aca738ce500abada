//! The side that connects: to servers, to Sentinels, from the engine to its master.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::ServerName;

use super::error::{Part, TlsError};
use super::leaf::Leaf;
use super::pem::{self, Fingerprint};
use super::provider::{Protocol, provider, versions};
use super::shown::Shown;
use super::verifier::AnyName;
use tidegate_wire::units::HostPort;

/// What a [`ClientTls`] is made of.
#[derive(Clone, Copy, Debug)]
pub struct ClientFiles<'a> {
    /// The authorities of servers' certificates; without a file, those that the system trusts.
    pub ca: Option<&'a Path>,
    /// The certificate and the private key that servers may ask for.
    pub own: Option<(&'a Path, &'a Path)>,
    /// The name that servers' certificates are for; without one, that of the address.
    pub server_name: &'a str,
    /// Whether a server's certificate has to be for that name.
    pub checks_name: bool,
    /// The permitted versions.
    pub protocols: &'a [Protocol],
}

/// How connections are opened with TLS. Two are equal if they come from files with the same contents.
/// Sessions are resumed.
#[derive(Clone, Debug)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    name: Option<ServerName<'static>>,
    leaf: Option<Leaf>,
    fingerprint: [u8; 20],
}

impl ClientTls {
    /// Reads the files.
    ///
    /// # Errors
    /// The file with the mistake, and why it cannot be used.
    pub fn load(files: &ClientFiles<'_>) -> Result<Self, (Part, TlsError)> {
        let mut fingerprint = Fingerprint::default();
        let in_ca = |error| (Part::Ca, error);
        let roots = match files.ca {
            Some(ca) => fingerprint.read(ca).and_then(|it| pem::roots(&it)),
            None => pem::system_roots(),
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots.map_err(in_ca)?),
            provider(),
        );
        let verifier = verifier.build();
        let verifier = verifier.map_err(|error| in_ca(TlsError::Certificate(error.to_string())))?;
        fingerprint.take(format!("{} {:?}", files.checks_name, files.protocols).as_bytes());
        fingerprint.take(files.server_name.as_bytes());
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&versions(files.protocols))
            .map_err(|_| (Part::Ca, TlsError::NoProtocol))?;
        let builder = if files.checks_name {
            builder.with_webpki_verifier(verifier)
        } else {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyName(verifier)))
        };
        let (config, leaf) = match files.own {
            None => (builder.with_no_client_auth(), None),
            Some((cert, key)) => {
                let Shown { chain, leaf, key } = Shown::read(cert, key, &mut fingerprint)?;
                let config = builder.with_client_auth_cert(chain, key);
                let in_key = |error: rustls::Error| (Part::Key, TlsError::Key(error.to_string()));
                let config = config.map_err(in_key)?;
                (config, Some(leaf))
            }
        };
        let name = ServerName::try_from(files.server_name.to_owned()).ok();
        Ok(Self { config: Arc::new(config), name, leaf, fingerprint: fingerprint.finish() })
    }

    /// What rustls needs for a connection.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The name that the certificate of the server at `addr` has to be for, and that the server is told
    /// (SNI); `None` if its host is no such name.
    #[must_use]
    pub fn name_of(&self, addr: &HostPort) -> Option<ServerName<'static>> {
        let host = if addr.unix_path().is_some() { "localhost" } else { addr.host.as_str() };
        let own = || ServerName::try_from(host.trim_end_matches('.').to_owned()).ok();
        self.name.clone().or_else(own)
    }

    /// The certificate that servers see, if there is one.
    #[must_use]
    pub const fn leaf(&self) -> Option<&Leaf> {
        self.leaf.as_ref()
    }
}

impl PartialEq for ClientTls {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for ClientTls {}
