//! The cryptography behind TLS, and the versions of the protocol.

use std::sync::{Arc, LazyLock};

use rustls::SupportedProtocolVersion;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::ProducesTickets;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

impl Protocol {
    /// All that exist here, as `tls-protocols` calls them.
    pub const ALL: &'static [Self] = &[Self::V12, Self::V13];

    /// redis.conf's name of the version.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V12 => "TLSv1.2",
            Self::V13 => "TLSv1.3",
        }
    }
}

/// The versions as rustls has them.
pub(super) fn versions(protocols: &[Protocol]) -> Vec<&'static SupportedProtocolVersion> {
    let version = |protocol: &Protocol| match protocol {
        Protocol::V12 => &rustls::version::TLS12,
        Protocol::V13 => &rustls::version::TLS13,
    };
    protocols.iter().map(version).collect()
}

/// The cryptography.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// Fills `bytes` with random ones, as keys need them. Without randomness of the system they stay.
pub fn random(bytes: &mut [u8]) {
    // It has none only before the system's start is complete.
    drop(provider().secure_random.fill(bytes));
}

/// What encrypts session tickets. It is the same for all certificates, so that clients resume their
/// sessions after a reload, and changes its keys by itself; `None` if the system has no randomness.
pub(super) fn ticketer() -> Option<Arc<dyn ProducesTickets>> {
    static TICKETER: LazyLock<Option<Arc<dyn ProducesTickets>>> =
        LazyLock::new(|| aws_lc_rs::Ticketer::new().ok());
    TICKETER.clone()
}
