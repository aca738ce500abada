//! The addresses on which the proxy will listen, and whether it can.

use std::io::ErrorKind;

use serde::Serialize;

use super::finding::{Finding, Level};
use crate::config::{ClientPort, Config, HostPort};
use crate::net;

/// The addresses that a configuration names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Listen {
    /// The addresses of `proxy.listen` and of `[[listener]]`.
    clients: Vec<String>,
    /// The address of `metrics.listen`; `None` if it is off.
    metrics: Option<String>,
    /// The addresses of `replica.listen`; empty without an engine.
    replica: Vec<String>,
}

impl Listen {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            clients: config.client_ports().iter().map(shown).collect(),
            metrics: config.metrics.listen.as_ref().map(ToString::to_string),
            replica: engine(config).map(|(_, addr)| addr.to_string()).collect(),
        }
    }

    /// The addresses as one line of text.
    pub(super) fn line(&self) -> String {
        let mut text = format!("clients connect to {}", self.clients.join(", "));
        if let Some(metrics) = &self.metrics {
            text += &format!("; HTTP at {metrics}");
        }
        if !self.replica.is_empty() {
            text += &format!("; the replica answers at {}", self.replica.join(", "));
        }
        text
    }
}

/// A port of clients, with TLS where they use it.
fn shown(port: &ClientPort<'_>) -> String {
    format!("{}{}", port.addr, if port.is_tls { " (TLS)" } else { "" })
}

/// The addresses of the engine's own port, each with its key; none without an engine.
fn engine(config: &Config) -> impl Iterator<Item = (String, &HostPort)> {
    let replica = &config.replica;
    let plain = replica.listen.iter().map(|addr| ("replica.listen".to_owned(), addr));
    let tls = replica.tls_listen.iter().map(|addr| ("replica.tls-listen".to_owned(), addr));
    plain.chain(tls).filter(|_| replica.enabled)
}

/// Listens on every address for a moment; returns a warning for each that fails.
pub(super) fn taken(config: &Config) -> Vec<Finding> {
    let metrics = config.metrics.listen.iter().map(|addr| ("metrics.listen".to_owned(), addr));
    let clients = config.client_ports().into_iter().map(|port| (port.key, port.addr));
    let all = clients.chain(metrics).chain(engine(config));
    all.filter_map(|(key, addr)| try_one(key, addr)).collect()
}

fn try_one(key: String, addr: &HostPort) -> Option<Finding> {
    let error = net::Listener::open(addr, 1, None).err()?;
    let why = match error.kind() {
        ErrorKind::AddrInUse => "another process listens there; choose another address, unless it \
                                 is the Tidegate that uses this file"
            .to_owned(),
        _ => format!("cannot listen there: {error}"),
    };
    let text = format!("{key} = \"{addr}\": {why}");
    Some(Finding { level: Level::Warning, key: Some(key.into()), line: None, text })
}
