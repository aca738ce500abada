//! `[metrics]`: the HTTP endpoint for Prometheus, orchestrators and operators.

use super::section::section;
use crate::config::kind::{Address, Choice, OneOf, OrOff};
use tidegate_wire::units::HostPort;

section! {
    /// `[metrics]`: the HTTP endpoint.
    pub struct Metrics = "metrics" {
        /// The address of the endpoint; port 0 means any free port, `None` means no endpoint.
        "listen" => listen: Option<HostPort> = Some(HostPort::local(6490)),
            OrOff(Address::Listen), Restart;

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
