//! Accepts clients and starts their tasks.

use std::io;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::timeout;

use crate::client::task::Task;
use crate::config::{CertUser, Config};
use crate::net::{self, Acceptor, Stream, read_proxy_header};
use crate::tls::common_name;
use crate::worker::worker::Worker;
use tidegate_wire::units::{HostPort, PeerAddr};

/// How long a load balancer may take for the header of the PROXY protocol.
const HEADER_MAX: Duration = Duration::from_secs(5);

/// A port that clients connect to.
#[derive(Clone, Debug, Default)]
pub struct Port {
    /// Its address, if a `[[listener]]` names it.
    pub listener: Option<Rc<HostPort>>,
    /// Whether its clients use TLS.
    pub is_tls: bool,
}

/// Accepts clients from `acceptor` for ever, which is that of `port`.
pub async fn accept(worker: Rc<Worker>, acceptor: Rc<Acceptor>, port: Port) {
    let welcome = |stream, addr| welcome(&worker, stream, addr, &port);
    acceptor.accept_all("the proxy", welcome).await;
}

fn welcome(worker: &Rc<Worker>, stream: Stream, addr: PeerAddr, port: &Port) {
    let shared = &worker.shared;
    if shared.draining.load(Relaxed) {
        return;
    }
    let config = worker.config();
    let (Ok(laddr), Ok(())) = (stream.local_addr(), stream.set_options(config.proxy.tcp_keepalive))
    else {
        return;
    };
    if config.proxy.proxy_protocol {
        if !is_trusted(&config, &addr) {
            worker.counts.rejected_clients.increment();
            return tracing::info!(client = %addr, "refused: not one of proxy-protocol-trusted");
        }
        let (worker, port) = (Rc::clone(worker), port.clone());
        tokio::task::spawn_local(async move {
            match client_behind(stream, (addr.clone(), laddr)).await {
                Ok((stream, addrs)) => admit(&worker, stream, addrs, &port),
                Err(error) => tracing::info!(client = %addr, "refused: {error}"),
            }
        });
        return;
    }
    admit(worker, stream, (addr, laddr), port);
}

/// Whether the header of a load balancer at this address is believed. One that connects to a Unix
/// socket counts as 127.0.0.1.
fn is_trusted(config: &Config, addr: &PeerAddr) -> bool {
    let host = addr.host();
    config.proxy.proxy_protocol_trusted.iter().any(|network| network.contains(&host))
}

/// The connection, and its ends as the load balancer's header names them.
async fn client_behind(
    mut stream: Stream,
    (addr, laddr): (PeerAddr, PeerAddr),
) -> io::Result<(Stream, (PeerAddr, PeerAddr))> {
    let header = timeout(HEADER_MAX, read_proxy_header(&mut stream)).await;
    let header = header.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    Ok((stream, header.map_or((addr, laddr), |it| (it.addr, it.laddr))))
}

/// Starts the client's task, unless there are too many clients.
fn admit(worker: &Rc<Worker>, stream: Stream, (addr, laddr): (PeerAddr, PeerAddr), port: &Port) {
    let (shared, config) = (&worker.shared, worker.config());
    let max = config.proxy.max_clients;
    let Some(entry) = shared.registry.admit(addr, laddr, max, shared.now_ms()) else {
        worker.counts.rejected_clients.increment();
        // Over TLS the client cannot read an error before the handshake.
        return if port.is_tls { drop(stream) } else { net::turn_away(&stream) };
    };
    worker.counts.accepted_clients.increment();
    let (worker, listener) = (Rc::clone(worker), port.listener.clone());
    if !port.is_tls {
        tokio::task::spawn_local(Task::new(stream, worker, entry, listener));
        return;
    }
    let tls = config.certificates.to_clients.clone();
    tokio::task::spawn_local(async move {
        let shared = &worker.shared;
        let ended = entry.ended(|| shared.draining.load(Relaxed));
        match stream.encrypted_unless(tls, ended).await {
            Ok(stream) => {
                let name = named_user(&worker.config(), &stream);
                let mut task = Task::new(stream, worker, entry, listener);
                if let Some(name) = name {
                    task.enter_by_certificate(&name);
                }
                task.await;
            }
            Err(error) => {
                worker.shared.registry.remove(entry.id);
                tracing::info!(client = %entry.addr, "no connection: {error}");
            }
        }
    });
}

/// The user that the client's certificate names, if that is to log the client in.
fn named_user(config: &Config, stream: &Stream) -> Option<String> {
    let by_name = config.proxy.tls_auth_clients_user == CertUser::CommonName;
    stream.peer_certificate().filter(|_| by_name).and_then(common_name)
}
