//! The cryptography behind TLS, and the versions of the protocol.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

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

/// How many ports with different trust keep what encrypts their tickets.
const TICKETERS_MAX: usize = 16;

/// What encrypts session tickets, by the digest of what decides which clients are trusted.
type Ticketers = Vec<([u8; 20], Arc<dyn ProducesTickets>)>;

/// What encrypts session tickets for clients that are trusted by `trust`: a digest of the authorities
/// and of what is asked of clients. With another certificate of the port it is the same, so that
/// clients resume their sessions after a reload. With another trust it is another one: a ticket has the
/// client's certificate, and is not checked again. It changes its keys by itself; `None` if the system
/// has no randomness.
pub(super) fn ticketer(trust: [u8; 20]) -> Option<Arc<dyn ProducesTickets>> {
    static TICKETERS: Mutex<Ticketers> = Mutex::new(Vec::new());
    let mut all = TICKETERS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = all.iter().position(|(own, _)| *own == trust);
    let ticketer = match known {
        Some(at) => all.remove(at).1,
        None => aws_lc_rs::Ticketer::new().ok()?,
    };
    all.push((trust, Arc::clone(&ticketer)));
    if all.len() > TICKETERS_MAX {
        all.remove(0);
    }
    Some(ticketer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_good_while_the_same_clients_are_trusted() {
        let sealed = ticketer([1; 20]).unwrap().encrypt(b"session").unwrap();
        let opened = |trust| ticketer(trust).unwrap().decrypt(&sealed);
        assert_eq!(opened([1; 20]).as_deref(), Some(&b"session"[..]));
        assert_eq!(opened([2; 20]), None);
    }
}
