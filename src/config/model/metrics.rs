//! `[metrics]`: the HTTP endpoint for Prometheus, orchestrators and operators.

use super::section::section;
use crate::config::kind::{Address, Choice, Flag, OneOf, OrOff, Password, Text};
use tidegate_wire::units::{HostPort, Secret};

section! {
    /// `[metrics]`: the HTTP endpoint.
    pub struct Metrics = "metrics" {
        /// The address of the endpoint; port 0 means any free port, "off" no endpoint.
        "listen" => listen: Option<HostPort> = Some(HostPort::local(6490)),
            OrOff(Address::Listen), Restart;

        /// Whether the endpoint speaks HTTPS, with the certificate of `proxy.tls-cert-file`.
        "tls" => tls: bool = false, Flag, Live;

        /// The user's name that pages ask for (HTTP basic authentication); empty means none.
        "username" => username: String = String::new(), Text, Live;

        /// That user's password; empty means none.
        "password" => password: Secret = Secret::default(), Password, Live;

        /// The token that pages ask for (`Authorization: Bearer`); empty means none. With a user,
        /// too, either is enough. `/healthz` and `/readyz` ask for nothing.
        "bearer-token" => bearer_token: Secret = Secret::default(), Password, Live;

        /// When `/readyz` reports ready.
        "ready" => ready: Ready = Ready::Writes, OneOf::<Ready>::new(), Live;
    }
}

/// What the proxy must be able to do to be ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Route a write.
    Writes,
    /// Route a read.
    Reads,
}

impl Choice for Ready {
    const ALL: &'static [Self] = &[Self::Writes, Self::Reads];

    fn as_str(self) -> &'static str {
        match self {
            Self::Writes => "writes",
            Self::Reads => "reads",
        }
    }
}
