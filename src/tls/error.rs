//! Why certificates or keys cannot be used.

use std::io;

/// Why certificates or keys cannot be used. Nothing of a key is ever shown.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A file is no PEM file, or has a broken part.
    #[error("is no PEM file: {0}")]
    NotPem(String),
    /// A file has no certificate.
    #[error("has no certificate (a part that begins with -----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// A file has no private key.
    #[error("has no private key (a part that begins with -----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// The private key is encrypted with a password.
    #[error(
        "has a private key that is encrypted with a password; write it without one, in a file that \
         only the proxy's user may read"
    )]
    EncryptedKey,
    /// A certificate cannot be read, or has no use as such.
    #[error("has a certificate that cannot be used: {0}")]
    Certificate(String),
    /// The key does not belong to the certificate, or is of an unknown kind.
    #[error("does not fit the certificate: {0}")]
    Key(String),
    /// The system has no certificates of authorities.
    #[error("the system has no trusted certificates: {0}")]
    NoSystemRoots(String),
    /// No version of the protocol is permitted.
    #[error("permits no version of TLS")]
    NoProtocol,
}

/// The file that a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The certificate.
    Cert,
    /// The private key.
    Key,
    /// The authorities.
    Ca,
}
