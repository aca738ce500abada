//! How connections to servers are opened.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::tls::ClientTls;

/// How connections to servers are opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connecting {
    /// The period of TCP keep-alive; `None` for none.
    pub keepalive: Option<Duration>,
    /// What is trusted and shown with TLS; `None` for plain connections.
    pub tls: Option<Arc<ClientTls>>,
}

impl Connecting {
    /// To the servers of `[topology]`.
    #[must_use]
    pub fn to_servers(config: &Config) -> Self {
        Self { keepalive: config.proxy.tcp_keepalive, tls: config.tls_to_servers() }
    }

    /// To Sentinels.
    #[must_use]
    pub fn to_sentinels(config: &Config) -> Self {
        Self { keepalive: config.proxy.tcp_keepalive, tls: config.tls_to_sentinels() }
    }

    /// From the engine to its master.
    #[must_use]
    pub fn to_master(config: &Config) -> Self {
        Self { keepalive: config.proxy.tcp_keepalive, tls: config.tls_to_master() }
    }
}
