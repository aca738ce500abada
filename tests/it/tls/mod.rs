//! TLS towards clients and servers, Unix sockets, and the PROXY protocol.

mod certificates;
mod clients;
mod proxy_protocol;
mod servers;
mod unix_sockets;

use crate::support::*;

/// The host of all servers of these tests.
pub const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

/// A path as a TOML string.
pub fn quoted(path: &std::path::Path) -> String {
    format!("\"{}\"", path.display())
}

/// Waits until the proxy has logged this.
#[track_caller]
pub fn wait_log(proxy: &Tidegate, text: &str) {
    eventually(PATIENCE, || {
        let log = proxy.log();
        if log.contains(text) { Ok(()) } else { Err(format!("{text:?} is not in\n{log}")) }
    });
}

/// A configuration that accepts clients with TLS too, at the returned port.
pub fn with_tls(config: ConfigBuilder, issued: &Issued) -> (ConfigBuilder, std::net::SocketAddr) {
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], ports::free_port()));
    let config = config
        .set("proxy", "tls-listen", &format!("[\"{addr}\"]"))
        .set("proxy", "tls-cert-file", &quoted(&issued.cert))
        .set("proxy", "tls-key-file", &quoted(&issued.key));
    (config, addr)
}
