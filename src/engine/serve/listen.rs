//! The port's addresses and its thread.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};

use super::port_context::PortContext;
use super::task::Task;
use crate::config::HostPort;
use crate::engine::Engine;
use crate::net::{self, Acceptor, Listener, Stream};
use crate::tasks::{self, Kind, Record};

/// How often the thread does its housekeeping.
const TICK: Duration = Duration::from_millis(100);

/// The open port, before it is served.
#[derive(Debug)]
pub(in crate::engine) struct Listeners(Vec<Listener>);

impl Listeners {
    /// Opens every address.
    ///
    /// # Errors
    /// The address that cannot be listened on, and why.
    pub(in crate::engine) fn bind(listen: &[HostPort]) -> Result<Self, (HostPort, io::Error)> {
        let mut all = Vec::new();
        for addr in listen {
            let opened = Listener::open(addr, 1).map_err(|error| (addr.clone(), error))?;
            if let Some(local) = opened.first().and_then(|listener| listener.local_addr().ok()) {
                tracing::info!("the engine listens on {local}");
            }
            all.extend(opened);
        }
        Ok(Self(all))
    }

    /// Returns the port of the first address.
    pub(in crate::engine) fn port(&self) -> Option<u16> {
        Some(self.0.first()?.local_addr().ok()?.port())
    }
}

/// Serves the port until the process ends. After a panic it serves the port again, to new clients.
pub(in crate::engine) fn serve(engine: &Arc<Engine>, listeners: &Listeners) {
    let record = engine.record(Kind::ReplicaPort, "replica port");
    let run = || {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().build_local(LocalOptions::default())?;
        tasks::block_on(runtime, accept_all(engine, listeners, &record))
    };
    // The listeners stay open across panics.
    let _ = tasks::keep_thread(&engine.tasks, &record, u32::MAX, run);
}

async fn accept_all(
    engine: &Arc<Engine>,
    listeners: &Listeners,
    record: &Record,
) -> io::Result<()> {
    let context = Rc::new(PortContext::new(Arc::clone(engine)));
    for (at, listener) in listeners.0.iter().enumerate() {
        let listener = Rc::new(listener.acceptor()?);
        let (context, name) =
            (Rc::clone(&context), engine.task_name(&format!("acceptor {at} of the replica port")));
        tokio::task::spawn_local(async move {
            let make = |_| accept(Rc::clone(&context), Rc::clone(&listener));
            tasks::keep(context.engine.tasks.clone(), Kind::Acceptor, &name, make).await;
        });
    }
    let mut ticks = tokio::time::interval(TICK);
    let mut injected = pin!(record.injected_panic());
    let mut waking = pin!(context.blocked.wake_on_progress(engine));
    let mut acks = pin!(async {
        loop {
            context.blocked.wake_on_ack(engine).await;
            context.go_on_failing_over();
            context.go_on_shutting_down();
        }
    });
    loop {
        tokio::select! {
            () = &mut waking => {}
            _ = &mut acks => {}
            _ = ticks.tick() => {
                context.tick();
                context.do_duties();
                record.beat(engine.tasks.now_ms());
            }
            () = &mut injected => {}
        }
    }
}

async fn accept(context: Rc<PortContext>, acceptor: Rc<Acceptor>) {
    acceptor.accept_all("the replica", |stream, addr| welcome(&context, stream, addr)).await;
}

fn welcome(context: &Rc<PortContext>, stream: Stream, addr: SocketAddr) {
    let config = context.config();
    let (Ok(laddr), Ok(())) = (stream.local_addr(), stream.set_options(config.proxy.tcp_keepalive))
    else {
        return;
    };
    let max = config.proxy.max_clients;
    let Some(entry) = context.engine.clients.admit(addr, laddr, max, context.now_ms()) else {
        context.stats.rejected.add(1);
        return net::turn_away(&stream);
    };
    context.stats.connections.add(1);
    tokio::task::spawn_local(Task::new(stream, Rc::clone(context), entry).serve());
}
