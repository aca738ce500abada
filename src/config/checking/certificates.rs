//! The files of certificates and keys: each key that names one, and what is in them.

use std::path::Path;
use std::sync::Arc;

use crate::config::mistakes::Report;
use crate::config::model::{CertUser, Certificates, Config};
use crate::tls::{AuthClients, ClientFiles, ClientTls, Part, ServerFiles, ServerTls};

/// Notes every broken rule among the keys that concern TLS and the PROXY protocol.
pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    let proxy = &config.proxy;
    let mut needs = |is_broken: bool, key: &str, value: &str, rule: &str| {
        if is_broken && report.is_read(key) {
            report.conflict(key, value.to_owned(), rule.to_owned());
        }
    };
    let (cert, key) = (&proxy.tls_cert_file, &proxy.tls_key_file);
    let pair = "proxy.tls-cert-file and proxy.tls-key-file";
    let ports = config.client_ports().into_iter().filter(|port| port.is_tls);
    let ports = ports.map(|port| (port.key, port.addr));
    let engine = config.replica.tls_listen.iter().filter(|_| config.replica.enabled);
    let engine = engine.map(|addr| ("replica.tls-listen".to_owned(), addr));
    for (from, addr) in ports.chain(engine) {
        let rule = format!("needs {pair}, which its clients see");
        needs(cert.is_empty() || key.is_empty(), &from, &format!("\"{addr}\""), &rule);
    }
    let lone_cert = cert.is_empty() != key.is_empty();
    let rule = format!("{pair} need each other");
    let given = if cert.is_empty() { "proxy.tls-key-file" } else { "proxy.tls-cert-file" };
    needs(lone_cert, given, &format!("{:?}", if cert.is_empty() { key } else { cert }), &rule);
    let has_ca = !proxy.tls_ca_cert_file.is_empty();
    let asks = matches!(proxy.tls_auth_clients, Some(AuthClients::Yes | AuthClients::Optional));
    let rule = "needs proxy.tls-ca-cert-file, the authorities of clients' certificates";
    needs(asks && !has_ca, "proxy.tls-auth-clients", "(set)", rule);
    let by_name = proxy.tls_auth_clients_user == CertUser::CommonName;
    let rule = "needs proxy.tls-ca-cert-file, and proxy.tls-auth-clients other than \"no\"";
    let is_asked = config.auth_clients() != AuthClients::No;
    needs(by_name && !is_asked, "proxy.tls-auth-clients-user", "\"CN\"", rule);
    let topology = &config.topology;
    let (cert, key) = (&topology.tls_client_cert_file, &topology.tls_client_key_file);
    let rule = "topology.tls-client-cert-file and topology.tls-client-key-file need each other";
    let given = if cert.is_empty() { "key" } else { "cert" };
    let given = format!("topology.tls-client-{given}-file");
    needs(cert.is_empty() != key.is_empty(), &given, "(set)", rule);
    let rule = "the servers in this process have no TLS; only clients of the proxy may use it";
    needs(topology.tls && topology.is_embedded(), "topology.tls", "true", rule);
    let (cert, key) = (&proxy.tls_cert_file, &proxy.tls_key_file);
    let rule = format!("needs {pair}");
    needs(config.metrics.tls && (cert.is_empty() || key.is_empty()), "metrics.tls", "true", &rule);
    let metrics = &config.metrics;
    let rule = "needs metrics.password, that user's password";
    let lone_user = !metrics.username.is_empty() && metrics.password.is_empty();
    needs(lone_user, "metrics.username", &format!("{:?}", metrics.username), rule);
    let rule = "needs proxy-protocol-trusted, the addresses of the load balancers";
    let trusts_none = proxy.proxy_protocol && proxy.proxy_protocol_trusted.is_empty();
    needs(trusts_none, "proxy.proxy-protocol", "true", rule);
}

/// Reads the files that the keys of `config` name, and notes what is wrong with them.
pub(in crate::config) fn load(config: &Config, report: &mut Report<'_>) -> Certificates {
    Certificates {
        to_clients: to_clients(config, report).map(Arc::new),
        to_servers: to_servers(config, report).map(Arc::new),
    }
}

fn to_clients(config: &Config, report: &mut Report<'_>) -> Option<ServerTls> {
    let proxy = &config.proxy;
    if proxy.tls_cert_file.is_empty() {
        return None;
    }
    let files = ServerFiles {
        cert: Path::new(&proxy.tls_cert_file),
        key: Path::new(&proxy.tls_key_file),
        ca: given(&proxy.tls_ca_cert_file),
        auth_clients: config.auth_clients(),
        protocols: &proxy.tls_protocols,
    };
    let (part, error) = match ServerTls::load(&files) {
        Ok(tls) => return Some(tls),
        Err(wrong) => wrong,
    };
    let (key, file) = match part {
        Part::Cert => ("proxy.tls-cert-file", &proxy.tls_cert_file),
        Part::Key => ("proxy.tls-key-file", &proxy.tls_key_file),
        Part::Ca => ("proxy.tls-ca-cert-file", &proxy.tls_ca_cert_file),
    };
    report.conflict(key, format!("{file:?}"), error.to_string());
    None
}

fn to_servers(config: &Config, report: &mut Report<'_>) -> Option<ClientTls> {
    if !config.connects_with_tls() {
        return None;
    }
    let topology = &config.topology;
    let own = given(&topology.tls_client_cert_file).zip(given(&topology.tls_client_key_file));
    let files = ClientFiles {
        ca: given(&topology.tls_ca_cert_file),
        own,
        server_name: &topology.tls_server_name,
        checks_name: topology.tls_check_host_name,
        protocols: &config.proxy.tls_protocols,
    };
    let (part, error) = match ClientTls::load(&files) {
        Ok(tls) => return Some(tls),
        Err(wrong) => wrong,
    };
    let (key, file) = match part {
        Part::Cert => ("topology.tls-client-cert-file", &topology.tls_client_cert_file),
        Part::Key => ("topology.tls-client-key-file", &topology.tls_client_key_file),
        Part::Ca => ("topology.tls-ca-cert-file", &topology.tls_ca_cert_file),
    };
    report.conflict(key, format!("{file:?}"), error.to_string());
    None
}

/// The path, if the key has one.
fn given(path: &str) -> Option<&Path> {
    (!path.is_empty()).then(|| Path::new(path))
}
