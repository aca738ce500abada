//! PEM files.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha1::{Digest, Sha1};

use super::error::TlsError;

/// The longest file that is read, in bytes: the system's whole list of authorities is a quarter of it.
const MAX_FILE: u64 = 1 << 20;

/// The contents of the files that were read, as a number by which a change is noticed.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprint(Sha1);

impl Fingerprint {
    /// Reads a file, and takes its contents.
    pub(super) fn read(&mut self, path: &Path) -> Result<Vec<u8>, TlsError> {
        let len = std::fs::metadata(path)?.len();
        if len > MAX_FILE {
            return Err(TlsError::NotPem(format!("it has {len} bytes")));
        }
        let bytes = std::fs::read(path)?;
        self.take(&bytes);
        Ok(bytes)
    }

    /// Takes something else that matters.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> [u8; 20] {
        self.0.finalize().into()
    }
}

/// The certificates in a PEM file, in its order.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(bytes).collect();
    let all = all.map_err(|error| TlsError::NotPem(error.to_string()))?;
    if all.is_empty() { Err(TlsError::NoCertificate) } else { Ok(all) }
}

/// The first private key in a PEM file.
pub(super) fn key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    let has = |text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    if has(b"BEGIN ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED") {
        return Err(TlsError::EncryptedKey);
    }
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey,
        error => TlsError::NotPem(error.to_string()),
    })
}

/// The authorities in a PEM file.
pub(super) fn roots(bytes: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(bytes)? {
        roots.add(certificate).map_err(|error| TlsError::Certificate(error.to_string()))?;
    }
    Ok(roots)
}

/// The authorities that the system trusts.
pub(super) fn system_roots() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(TlsError::NoSystemRoots(errors.join("; ")));
    }
    Ok(roots)
}
