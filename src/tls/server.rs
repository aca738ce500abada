//! The side that is connected to: the proxy's port, the engine's, that of the metrics.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};

use super::error::{Part, TlsError};
use super::leaf::Leaf;
use super::pem::{self, Fingerprint};
use super::provider::{Protocol, provider, ticketer, versions};
use super::shown::Shown;

/// Whether clients have to show a certificate (redis.conf: `tls-auth-clients`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthClients {
    /// They need none, and none is asked for.
    No,
    /// They may show one, which is checked then.
    Optional,
    /// They have to show one.
    Yes,
}

/// What a [`ServerTls`] is made of.
#[derive(Clone, Copy, Debug)]
pub struct ServerFiles<'a> {
    /// The certificate, followed by those of intermediate authorities.
    pub cert: &'a Path,
    /// Its private key.
    pub key: &'a Path,
    /// The authorities of clients' certificates.
    pub ca: Option<&'a Path>,
    /// Whether clients have to show one.
    pub auth_clients: AuthClients,
    /// The permitted versions.
    pub protocols: &'a [Protocol],
}

/// How connections are accepted with TLS. Two are equal if they come from files with the same contents.
#[derive(Clone, Debug)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    leaf: Leaf,
    fingerprint: [u8; 20],
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// The file with the mistake, and why it cannot be used.
    pub fn load(files: &ServerFiles<'_>) -> Result<Self, (Part, TlsError)> {
        let mut fingerprint = Fingerprint::default();
        let Shown { chain, leaf, key } = Shown::read(files.cert, files.key, &mut fingerprint)?;
        let asked = format!("{:?} {:?}", files.auth_clients, files.protocols);
        fingerprint.take(asked.as_bytes());
        let mut trust = Fingerprint::default();
        trust.take(asked.as_bytes());
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&versions(files.protocols))
            .map_err(|_| (Part::Cert, TlsError::NoProtocol))?;
        let builder = match (files.auth_clients, files.ca) {
            (AuthClients::No, _) | (AuthClients::Optional, None) => builder.with_no_client_auth(),
            (auth, ca) => {
                let in_ca = |error| (Part::Ca, error);
                let roots = match ca {
                    Some(ca) => fingerprint.read(ca).and_then(|it| {
                        trust.take(&it);
                        pem::roots(&it)
                    }),
                    None => Err(TlsError::NoCertificate),
                };
                let roots = Arc::new(roots.map_err(in_ca)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
                let verifier = match auth {
                    AuthClients::Optional => verifier.allow_unauthenticated(),
                    AuthClients::No | AuthClients::Yes => verifier,
                };
                let verifier = verifier.build();
                let verifier =
                    verifier.map_err(|error| in_ca(TlsError::Certificate(error.to_string())))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|error| (Part::Key, TlsError::Key(error.to_string())))?;
        if let Some(ticketer) = ticketer(trust.finish()) {
            config.ticketer = ticketer;
            // A ticket has the whole session: nothing is kept here.
            config.session_storage = Arc::new(NoServerSessionStorage {});
        }
        Ok(Self { config: Arc::new(config), leaf, fingerprint: fingerprint.finish() })
    }

    /// What rustls needs for a connection.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// The certificate that clients see.
    #[must_use]
    pub const fn leaf(&self) -> &Leaf {
        &self.leaf
    }
}

impl PartialEq for ServerTls {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for ServerTls {}
