//! `[metrics]`: where Prometheus scrapes.

use super::HostPort;
use super::kind::{Address, OrOff};
use super::section::section;

section! {
    /// `[metrics]`: the HTTP endpoint.
    pub struct Metrics = "metrics" {
        /// Its address; port 0 is any free one, `None` is no endpoint.
        "listen" => listen: Option<HostPort> = Some(HostPort::local(9121)),
            OrOff(Address::Listen), Restart;
    }
}
