//! The address of the proxy whose state is shown.

use std::net::IpAddr;

use crate::config::Config;
use tidegate_wire::units::HostPort;

/// Where a proxy answers HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(pub(super) HostPort);

/// Why there is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The text is no URL that can be asked.
    #[error("{0:?} is no address such as http://127.0.0.1:6490 or 127.0.0.1:6490")]
    NoAddress(String),
    /// `proxy.toml` has no endpoint.
    #[error("metrics.listen is \"off\" in this configuration, so there is nothing to ask")]
    Off,
}

impl Target {
    /// The address in `text`: a URL or `host:port`.
    ///
    /// # Errors
    /// [`TargetError::NoAddress`]
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let wrong = || TargetError::NoAddress(text.to_owned());
        let bare = text.strip_prefix("http://").unwrap_or(text);
        let bare = bare.strip_suffix('/').unwrap_or(bare);
        if bare.contains('/') {
            return Err(wrong());
        }
        let addr: HostPort = bare.parse().map_err(|_| wrong())?;
        if addr.port == 0 { Err(wrong()) } else { Ok(Self(addr)) }
    }

    /// The address at which the proxy of this configuration listens. A proxy that listens at every
    /// address is asked at the loopback.
    ///
    /// # Errors
    /// [`TargetError::Off`]
    pub fn of(config: &Config) -> Result<Self, TargetError> {
        let mut addr = config.metrics.listen.clone().ok_or(TargetError::Off)?;
        match addr.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(v4)) if v4.is_unspecified() => addr.host = "127.0.0.1".to_owned(),
            Ok(IpAddr::V6(v6)) if v6.is_unspecified() => addr.host = "::1".to_owned(),
            _ => {}
        }
        Ok(Self(addr))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_addresses_are_taken_and_other_texts_refused() {
        for text in ["http://127.0.0.1:6490", "http://127.0.0.1:6490/", "127.0.0.1:6490"] {
            assert_eq!(Target::parse(text), Ok(Target(HostPort::local(6490))), "{text}");
        }
        for text in ["", "6490", "https://a:1", "http://a", "a:0", "http://a:1/status"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_address_is_asked_at_the_loopback() {
        let of = |listen: &str| {
            let text = format!("[metrics]\nlisten = \"{listen}\"\n");
            Target::of(&Config::parse(&text, "proxy.toml").unwrap())
        };
        assert_eq!(of("0.0.0.0:7"), Ok(Target(HostPort::local(7))));
        assert_eq!(of("[::]:7").unwrap().0.to_string(), "[::1]:7");
        assert_eq!(of("off"), Err(TargetError::Off));
    }
}
