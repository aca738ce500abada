//! How many handshakes there were, and why some failed.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustls::{AlertDescription, CertificateError, Error};

/// With what a connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A client, or a replica of the engine, that has connected.
    Client,
    /// A server, a Sentinel, or the engine's master, to which the proxy has connected.
    Server,
}

impl Side {
    /// All sides.
    pub const ALL: [Self; 2] = [Self::Client, Self::Server];

    /// The value of the metrics' label `side`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// Why a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The other side has sent no certificate, and one is required.
    NoCertificate,
    /// The other side's certificate is not trusted, or has expired.
    Certificate,
    /// The certificate is for another name.
    Name,
    /// The other side does not trust the certificate of this one, or asks for one.
    Refused,
    /// No version or cipher is common to both.
    Version,
    /// The bytes are not TLS: the other side speaks plain text.
    NotTls,
    /// The other side has closed the connection.
    Closed,
    /// It took too long.
    Timeout,
}

impl Failure {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::NoCertificate,
        Self::Certificate,
        Self::Name,
        Self::Refused,
        Self::Version,
        Self::NotTls,
        Self::Closed,
        Self::Timeout,
    ];

    /// The value of the metrics' label `reason`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoCertificate => "no_certificate",
            Self::Certificate => "certificate",
            Self::Name => "name",
            Self::Refused => "refused",
            Self::Version => "version",
            Self::NotTls => "not_tls",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
        }
    }

    /// What the other side did, as a part of a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoCertificate => "it shows no certificate",
            Self::Certificate => "its certificate is not accepted",
            Self::Name => "its certificate is for another name",
            Self::Refused => "it refuses this side's certificate, or asks for one",
            Self::Version => "it has no version of TLS, or cipher, in common with this side",
            Self::NotTls => "it does not speak TLS",
            Self::Closed => "it has closed the connection",
            Self::Timeout => "it took too long",
        }
    }

    /// The reason of a failed handshake.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::TimedOut {
            return Self::Timeout;
        }
        let Some(error) = error.get_ref().and_then(|it| it.downcast_ref::<Error>()) else {
            return Self::Closed;
        };
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => Self::Name,
            Error::InvalidCertificate(_) => Self::Certificate,
            Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(_) => Self::Version,
            Error::AlertReceived(_) => Self::Refused,
            Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => Self::NotTls,
            _ => Self::Closed,
        }
    }
}

/// The handshakes of the process.
#[derive(Debug, Default)]
pub struct Counts {
    succeeded: [AtomicU64; Side::ALL.len()],
    failed: [[AtomicU64; Failure::ALL.len()]; Side::ALL.len()],
}

/// The handshakes of this process.
pub static COUNTS: Counts = Counts {
    succeeded: [const { AtomicU64::new(0) }; Side::ALL.len()],
    failed: [const { [const { AtomicU64::new(0) }; Failure::ALL.len()] }; Side::ALL.len()],
};

impl Counts {
    /// Counts the end of a handshake. An error says what the other side did.
    ///
    /// # Errors
    /// That of the handshake.
    pub fn count<T>(&self, side: Side, outcome: io::Result<T>) -> io::Result<T> {
        let error = match outcome {
            Ok(it) => {
                self.succeeded[side as usize].fetch_add(1, Relaxed);
                return Ok(it);
            }
            Err(error) => error,
        };
        let reason = Failure::of(&error);
        self.failed[side as usize][reason as usize].fetch_add(1, Relaxed);
        let text = format!("TLS: {} ({error})", reason.text());
        Err(io::Error::new(
            if reason == Failure::Closed { error.kind() } else { io::ErrorKind::InvalidData },
            text,
        ))
    }

    /// How many handshakes succeeded.
    #[must_use]
    pub fn succeeded(&self, side: Side) -> u64 {
        self.succeeded[side as usize].load(Relaxed)
    }

    /// How many failed for this reason.
    #[must_use]
    pub fn failed(&self, side: Side, reason: Failure) -> u64 {
        self.failed[side as usize][reason as usize].load(Relaxed)
    }
}
