//! Accepts clients and starts their tasks.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::task::Task;
use super::worker::Worker;
use crate::net;

/// How long accepting rests when the process is out of descriptors or memory.
const REST: Duration = Duration::from_millis(100);

/// Accepts clients from `listener` for ever.
pub async fn accept(worker: Rc<Worker>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, addr)) => welcome(&worker, stream, addr),
            Err(error) => {
                tracing::warn!("cannot accept a client: {error}");
                tokio::time::sleep(REST).await;
            }
        }
    }
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
        // As much as fits into the empty socket buffer: all of it.
        drop(stream.try_write(b"-ERR max number of clients reached\r\n"));
        return;
    };
    worker.counts.accepted_clients.increment();
    tokio::task::spawn_local(Task::new(stream, Rc::clone(worker), entry));
}
