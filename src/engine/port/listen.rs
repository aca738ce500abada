//! The port's addresses and its thread.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};

use super::desk::Desk;
use super::task::Task;
use crate::config::HostPort;
use crate::engine::Engine;
use crate::net;

/// How often the thread does its housekeeping.
const TICK: Duration = Duration::from_millis(100);

/// The port, opened and not served yet.
#[derive(Debug)]
pub(in crate::engine) struct Listeners(Vec<StdListener>);

impl Listeners {
    /// Opens every address.
    ///
    /// # Errors
    /// The address that cannot be listened on, and why.
    pub(in crate::engine) fn bind(listen: &[HostPort]) -> Result<Self, (HostPort, io::Error)> {
        let mut all = Vec::new();
        for addr in listen {
            let opened = net::listen(addr, 1).map_err(|error| (addr.clone(), error))?;
            if let Some(local) = opened.first().and_then(|listener| listener.local_addr().ok()) {
                tracing::info!("the replica listens on {local}");
            }
            all.extend(opened);
        }
        Ok(Self(all))
    }

    /// The first one's port.
    pub(in crate::engine) fn port(&self) -> Option<u16> {
        Some(self.0.first()?.local_addr().ok()?.port())
    }
}

/// Serves the port until the process ends.
pub(in crate::engine) fn serve(engine: &Arc<Engine>, listeners: Listeners) {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    let served = runtime.and_then(|it| it.block_on(accept_all(Arc::clone(engine), listeners)));
    if let Err(error) = served {
        tracing::error!("the replica's port cannot be served: {error}");
    }
}

async fn accept_all(engine: Arc<Engine>, listeners: Listeners) -> io::Result<()> {
    let desk = Rc::new(Desk::new(engine));
    for listener in listeners.0 {
        let listener = TcpListener::from_std(listener)?;
        tokio::task::spawn_local(accept(Rc::clone(&desk), listener));
    }
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        desk.tick();
    }
}

async fn accept(desk: Rc<Desk>, listener: TcpListener) {
    net::accept(listener, "the replica", |stream, addr| welcome(&desk, stream, addr)).await;
}

fn welcome(desk: &Rc<Desk>, stream: TcpStream, addr: SocketAddr) {
    let config = desk.config();
    let (Ok(laddr), Ok(())) =
        (stream.local_addr(), net::accepted(&stream, config.proxy.tcp_keepalive))
    else {
        return;
    };
    let max = config.proxy.max_clients;
    let Some(entry) = desk.engine.clients.admit(addr, laddr, max, desk.now_ms()) else {
        desk.stats.rejected.add(1);
        return net::turn_away(&stream);
    };
    desk.stats.connections.add(1);
    tokio::task::spawn_local(Task::new(stream, Rc::clone(desk), entry));
}
