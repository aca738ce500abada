//! The certificates that the keys of a configuration name, as they are in their files.

use std::sync::Arc;

use crate::config::model::change::{Applies, Change};
use crate::tls::{ClientTls, Leaf, ServerTls};

/// The certificates that the keys of a configuration name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates {
    /// What clients with TLS see; `None` if no port has TLS.
    pub to_clients: Option<Arc<ServerTls>>,
    /// What is trusted and shown at servers and Sentinels; `None` if none is connected to with TLS.
    pub to_servers: Option<Arc<ClientTls>>,
}

impl Certificates {
    /// Each certificate that is shown, with the key that names it.
    pub fn leaves(&self) -> impl Iterator<Item = (&'static str, &Leaf)> {
        let to_clients = self.to_clients.as_deref().map(ServerTls::leaf);
        let to_servers = self.to_servers.as_deref().and_then(ClientTls::leaf);
        let to_clients = to_clients.map(|leaf| ("proxy.tls-cert-file", leaf));
        to_clients.into_iter().chain(to_servers.map(|leaf| ("topology.tls-client-cert-file", leaf)))
    }

    /// What differs between the contents of the files.
    pub(in crate::config::model) fn diff(&self, new: &Self) -> Vec<Change> {
        let leaf = |it: &Self, key: &str| {
            let found = it.leaves().find(|(its_key, _)| *its_key == key);
            found.map_or_else(|| "none".to_owned(), |(_, leaf)| shown(leaf))
        };
        let change = |key: &'static str| Change {
            key: format!("the files of {key}"),
            old: leaf(self, key),
            new: leaf(new, key),
            applies: Applies::Live,
        };
        let both = |is_other: bool, key| is_other.then(|| change(key));
        let of_clients = both(
            self.to_clients.is_some() && self.to_clients != new.to_clients,
            "proxy.tls-cert-file",
        );
        let of_servers = both(
            self.to_servers.is_some() && self.to_servers != new.to_servers,
            "topology.tls-client-cert-file",
        );
        of_clients.into_iter().chain(of_servers).collect()
    }
}

fn shown(leaf: &Leaf) -> String {
    format!("{} until {} s", leaf.subject, leaf.not_after_s)
}
