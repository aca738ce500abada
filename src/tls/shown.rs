//! The certificate and the key that a side shows.

use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::{Part, TlsError};
use super::leaf::Leaf;
use super::pem::{self, Fingerprint};

/// The certificate and the key that a side shows.
pub(super) struct Shown {
    /// The certificate, and those of the authorities between it and a trusted one.
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) leaf: Leaf,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Shown {
    /// Reads both files.
    pub(super) fn read(
        cert: &Path,
        key: &Path,
        fingerprint: &mut Fingerprint,
    ) -> Result<Self, (Part, TlsError)> {
        let in_cert = |error| (Part::Cert, error);
        let chain =
            fingerprint.read(cert).and_then(|it| pem::certificates(&it)).map_err(in_cert)?;
        let leaf = chain.first().ok_or(TlsError::NoCertificate).and_then(Leaf::of);
        let leaf = leaf.map_err(in_cert)?;
        let key = fingerprint.read(key).and_then(|it| pem::key(&it));
        Ok(Self { chain, leaf, key: key.map_err(|error| (Part::Key, error))? })
    }
}
