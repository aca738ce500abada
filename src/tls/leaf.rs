//! What a certificate says of its owner.

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::error::TlsError;

/// The certificate that a side shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its subject, such as `CN=redis.example, O=Example`.
    pub subject: String,
    /// When it ends to be valid, in seconds since 1970.
    pub not_after_s: i64,
}

impl Leaf {
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Result<Self, TlsError> {
        let (_, parsed) = X509Certificate::from_der(certificate)
            .map_err(|error| TlsError::Certificate(error.to_string()))?;
        Ok(Self {
            subject: parsed.subject().to_string(),
            not_after_s: parsed.validity().not_after.timestamp(),
        })
    }
}

/// The common name of a certificate's owner, which `tls-auth-clients-user = "CN"` takes for a user;
/// `None` if it has none, or several.
#[must_use]
pub fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let mut names = parsed.subject().iter_common_name();
    let name = names.next()?.as_str().ok()?.to_owned();
    (names.next().is_none() && !name.is_empty()).then_some(name)
}
