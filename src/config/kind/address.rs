//! The kind of values that are addresses.

use toml::de::DeValue;

use super::{Kind, Raw, Read, Switch, Wrong, quoted};
use ipnet::IpNet;
use tidegate_wire::units::HostPort;

/// A [`HostPort`]: an address to listen on, where port 0 means any free port, or a server's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Address {
    Listen,
    Server,
}

impl Address {
    fn min_port(self) -> u16 {
        match self {
            Self::Listen => 0,
            Self::Server => 1,
        }
    }
}

impl Kind for Address {
    type Value = HostPort;

    fn accepted(&self) -> String {
        let min = self.min_port();
        format!(
            "an address \"host:port\" or \"[::1]:port\" with a port from {min} to 65535, or \
             \"unix:/path\""
        )
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, HostPort> {
        raw.get_ref()
            .as_str()
            .and_then(|text| text.parse::<HostPort>().ok())
            .filter(|it| it.port >= self.min_port() || it.unix_path().is_some())
            .map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &HostPort) -> String {
        quoted(&value.to_string())
    }
}

impl Switch for Address {
    const OFF: &'static str = "\"\"";

    fn is_off(raw: &DeValue<'_>) -> bool {
        raw.as_str() == Some("")
    }
}

/// A network of IP addresses, or a single address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network;

impl Kind for Network {
    type Value = IpNet;

    fn accepted(&self) -> String {
        "an IP address or a network such as \"10.0.0.0/8\" or \"fd00::/8\"".to_owned()
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, IpNet> {
        let network = |text: &str| {
            let single = || text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
            text.parse::<IpNet>().ok().or_else(single)
        };
        raw.get_ref().as_str().and_then(network).map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &IpNet) -> String {
        quoted(&value.to_string())
    }
}
