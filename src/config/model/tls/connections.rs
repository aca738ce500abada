//! Which connections use TLS.

use std::sync::Arc;

use crate::config::model::config::Config;
use crate::tls::{AuthClients, ClientTls};

impl Config {
    /// Whether clients with TLS have to show a certificate.
    #[must_use]
    pub fn auth_clients(&self) -> AuthClients {
        let has_ca = !self.proxy.tls_ca_cert_file.is_empty();
        let default = if has_ca { AuthClients::Yes } else { AuthClients::No };
        self.proxy.tls_auth_clients.unwrap_or(default)
    }

    /// How connections to servers are encrypted; `None` if they are plain.
    #[must_use]
    pub fn tls_to_servers(&self) -> Option<Arc<ClientTls>> {
        self.certificates.to_servers.clone().filter(|_| self.topology.tls)
    }

    /// How connections to Sentinels are encrypted; `None` if they are plain.
    #[must_use]
    pub fn tls_to_sentinels(&self) -> Option<Arc<ClientTls>> {
        let is_on = self.topology.sentinel_tls.unwrap_or(self.topology.tls);
        self.certificates.to_servers.clone().filter(|_| is_on)
    }

    /// How the engine's link to its master is encrypted; `None` if it is plain.
    #[must_use]
    pub fn tls_to_master(&self) -> Option<Arc<ClientTls>> {
        let is_on = self.replica.tls_replication.unwrap_or(self.topology.tls);
        self.certificates.to_servers.clone().filter(|_| is_on)
    }

    /// Whether any connection is made with TLS.
    #[must_use]
    pub fn connects_with_tls(&self) -> bool {
        let topology = &self.topology;
        topology.tls
            || topology.sentinel_tls == Some(true)
            || self.replica.enabled && self.replica.tls_replication == Some(true)
    }
}
