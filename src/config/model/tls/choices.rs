//! The words that keys of TLS accept.

use crate::config::kind::Choice;
use crate::tls::{AuthClients, Protocol};

/// Whether the name in a client's certificate logs the client in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertUser {
    /// It does not.
    Off,
    /// The certificate's common name is the user's name.
    CommonName,
}

impl Choice for CertUser {
    const ALL: &'static [Self] = &[Self::Off, Self::CommonName];

    fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::CommonName => "CN",
        }
    }
}

impl Choice for AuthClients {
    const ALL: &'static [Self] = &[Self::No, Self::Optional, Self::Yes];

    fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Optional => "optional",
            Self::Yes => "yes",
        }
    }
}

impl Choice for Protocol {
    const ALL: &'static [Self] = Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}
