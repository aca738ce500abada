//! Accepts clients and starts their tasks.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use crate::client::task::Task;
use crate::net::{self, Acceptor, Stream};
use crate::worker::worker::Worker;
use tidegate_wire::units::HostPort;

/// Accepts clients from `acceptor` for ever; `port` is its address if a `[[listener]]` names it.
pub async fn accept(worker: Rc<Worker>, acceptor: Rc<Acceptor>, port: Option<Rc<HostPort>>) {
    let welcome = |stream, addr| welcome(&worker, stream, addr, port.clone());
    acceptor.accept_all("the proxy", welcome).await;
}

fn welcome(worker: &Rc<Worker>, stream: Stream, addr: SocketAddr, port: Option<Rc<HostPort>>) {
    let shared = &worker.shared;
    if shared.draining.load(Relaxed) {
        return;
    }
    let config = worker.config();
    let (Ok(laddr), Ok(())) = (stream.local_addr(), stream.set_options(config.proxy.tcp_keepalive))
    else {
        return;
    };
    let max = config.proxy.max_clients;
    let Some(entry) = shared.registry.admit(addr, laddr, max, shared.now_ms()) else {
        worker.counts.rejected_clients.increment();
        return net::turn_away(&stream);
    };
    worker.counts.accepted_clients.increment();
    tokio::task::spawn_local(Task::new(stream, Rc::clone(worker), entry, port));
}
