//! `[metrics]`: where Prometheus scrapes and operators look.

use super::section::section;
use crate::config::kind::{Address, Choice, OneOf, OrOff};
use tidegate_wire::units::HostPort;

section! {
    /// `[metrics]`: the HTTP endpoint.
    pub struct Metrics = "metrics" {
        /// Its address; port 0 is any free one, `None` is no endpoint.
        "listen" => listen: Option<HostPort> = Some(HostPort::local(6490)),
            OrOff(Address::Listen), Restart;

        /// What `/readyz` means by ready.
        "ready" => ready: Ready = Ready::Writes, OneOf::<Ready>::new(), Live;
    }
}

/// What has to be possible for the proxy to be ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// A write could be routed now.
    Writes,
    /// A read could be routed now.
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
