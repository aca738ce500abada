//! Accepts clients and starts their tasks.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::net::{TcpListener, TcpStream};

use super::task::Task;
use crate::net;
use crate::worker::worker::Worker;

/// Accepts clients from `listener` for ever.
pub async fn accept(worker: Rc<Worker>, listener: Rc<TcpListener>) {
    net::accept(&listener, "the proxy", |stream, addr| welcome(&worker, stream, addr)).await;
}

fn welcome(worker: &Rc<Worker>, stream: TcpStream, addr: SocketAddr) {
    let shared = &worker.shared;
    if shared.draining.load(Relaxed) {
        return;
    }
    let config = worker.config();
    let (Ok(laddr), Ok(())) =
        (stream.local_addr(), net::accepted(&stream, config.proxy.tcp_keepalive))
    else {
        return;
    };
    let max = config.proxy.max_clients;
    let Some(entry) = shared.registry.admit(addr, laddr, max, shared.now_ms()) else {
        worker.counts.rejected_clients.increment();
        return net::turn_away(&stream);
    };
    worker.counts.accepted_clients.increment();
    tokio::task::spawn_local(Task::new(stream, Rc::clone(worker), entry));
}
