//! The address of the proxy whose state is shown.

use std::net::IpAddr;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::Config;
use tidegate_wire::units::{HostPort, Secret};

/// Where a proxy answers HTTP, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(super) addr: HostPort,
    /// Whether it is asked over HTTPS.
    pub(super) is_https: bool,
    /// The file of the authorities that its certificate is checked with; without one, those that the
    /// system trusts.
    pub(super) ca: Option<PathBuf>,
    /// What a request says in `Authorization`; empty means nothing.
    pub(super) authorization: Secret,
}

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
    /// The address in `text`: a URL, perhaps with a user and a password, or `host:port`.
    ///
    /// # Errors
    /// [`TargetError::NoAddress`]
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let wrong = || TargetError::NoAddress(text.to_owned());
        let secure = text.strip_prefix("https://");
        let bare = secure.or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        let bare = bare.strip_suffix('/').unwrap_or(bare);
        if bare.contains('/') {
            return Err(wrong());
        }
        let (login, bare) = bare.rsplit_once('@').map_or((None, bare), |(it, at)| (Some(it), at));
        let addr: HostPort = bare.parse().map_err(|_| wrong())?;
        if addr.port == 0 {
            return Err(wrong());
        }
        let authorization = login.map(basic).unwrap_or_default();
        Ok(Self { addr, is_https: secure.is_some(), ca: None, authorization })
    }

    /// The same, whose certificate is checked with the authorities of this file.
    #[must_use]
    pub fn trusting(self, ca: Option<PathBuf>) -> Self {
        Self { ca: ca.or(self.ca), ..self }
    }

    /// The address at which the proxy of this configuration listens, and what it asks for. A proxy
    /// that listens at every address is asked at the loopback.
    ///
    /// # Errors
    /// [`TargetError::Off`]
    pub fn of(config: &Config) -> Result<Self, TargetError> {
        let metrics = &config.metrics;
        let mut addr = metrics.listen.clone().ok_or(TargetError::Off)?;
        match addr.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(v4)) if v4.is_unspecified() => addr.host = "127.0.0.1".to_owned(),
            Ok(IpAddr::V6(v6)) if v6.is_unspecified() => addr.host = "::1".to_owned(),
            _ => {}
        }
        let authorization = match (metrics.bearer_token.expose(), metrics.password.expose()) {
            ("", "") => Secret::default(),
            ("", password) => basic(&format!("{}:{password}", metrics.username)),
            (token, _) => Secret::new(format!("Bearer {token}")),
        };
        let ca = Some(&config.proxy.tls_ca_cert_file).filter(|file| !file.is_empty());
        Ok(Self { addr, is_https: metrics.tls, ca: ca.map(PathBuf::from), authorization })
    }

    /// Its URL, without a login.
    pub(super) fn url(&self) -> String {
        format!("http{}://{}", if self.is_https { "s" } else { "" }, self.addr)
    }
}

/// What a request with this `user:password` says.
fn basic(login: &str) -> Secret {
    Secret::new(format!("Basic {}", STANDARD.encode(login)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_addresses_are_taken_and_other_texts_refused() {
        for text in ["http://127.0.0.1:6490", "http://127.0.0.1:6490/", "127.0.0.1:6490"] {
            let target = Target::parse(text).unwrap();
            assert_eq!((target.addr, target.is_https), (HostPort::local(6490), false), "{text}");
        }
        for text in ["", "6490", "ftp://a:1", "http://a", "a:0", "http://a:1/status"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
        let target = Target::parse("https://ops:open@a.example:1").unwrap();
        assert_eq!((target.url().as_str(), target.is_https), ("https://a.example:1", true));
        assert_eq!(target.authorization.expose(), "Basic b3BzOm9wZW4=");
        assert!(!format!("{target:?}").contains("b3Bz"));
    }

    #[test]
    fn every_address_is_asked_at_the_loopback() {
        let of = |listen: &str| {
            let text = format!("[metrics]\nlisten = \"{listen}\"\n");
            Target::of(&Config::parse(&text, "proxy.toml").unwrap())
        };
        assert_eq!(of("0.0.0.0:7").unwrap().addr, HostPort::local(7));
        assert_eq!(of("[::]:7").unwrap().addr.to_string(), "[::1]:7");
        assert_eq!(of("off"), Err(TargetError::Off));
    }
}
