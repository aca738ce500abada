//! The port's addresses and its thread.

use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};

use super::port_clock::Slept;
use super::port_context::PortContext;
use super::task::Task;
use crate::config::{Config, HostPort};
use crate::engine::Engine;
use crate::net::{self, Acceptor, Listener, Stream};
use crate::tasks::{self, Kind, Record};
use tidegate_wire::units::PeerAddr;

/// How often the thread does its housekeeping.
const TICK: Duration = Duration::from_millis(100);

/// The open port, before it is served.
#[derive(Debug)]
pub(in crate::engine) struct Listeners {
    plain: Vec<Listener>,
    /// Those whose clients use TLS.
    tls: Vec<Listener>,
}

impl Listeners {
    /// Opens every address.
    ///
    /// # Errors
    /// The address that cannot be listened on, and why.
    pub(in crate::engine) fn bind(config: &Config) -> Result<Self, (HostPort, io::Error)> {
        let mode = config.proxy.unixsocketperm;
        Ok(Self {
            plain: open(&config.replica.listen, mode, "")?,
            tls: open(&config.replica.tls_listen, mode, " with TLS")?,
        })
    }

    /// Returns the port that replicas are told: with TLS, if that is how the engine replicates
    /// (`tls-replication`).
    pub(in crate::engine) fn port(&self, prefers_tls: bool) -> Option<u16> {
        let tls = if prefers_tls { self.tls.as_slice() } else { &[] };
        let port = |it: &Listener| Some(it.local_addr().ok()?.ip()?.port());
        tls.iter().chain(&self.plain).chain(&self.tls).find_map(port)
    }
}

fn open(
    listen: &[HostPort],
    mode: Option<u32>,
    tls: &str,
) -> Result<Vec<Listener>, (HostPort, io::Error)> {
    let mut all = Vec::new();
    for addr in listen {
        let opened = Listener::open(addr, 1, mode).map_err(|error| (addr.clone(), error))?;
        if let Some(local) = opened.first().and_then(|listener| listener.local_addr().ok()) {
            tracing::info!("the engine listens on {local}{tls}");
        }
        all.extend(opened);
    }
    Ok(all)
}

/// Serves the port until the process ends. After a panic it serves the port again, to new clients.
pub(in crate::engine) fn serve(engine: &Arc<Engine>, listeners: &Listeners) {
    let record = engine.record(Kind::ReplicaPort, "replica port");
    let run = || {
        let slept = Slept::default();
        let mut builder = Builder::new_current_thread();
        let waking = slept.clone();
        builder.on_thread_unpark(move || waking.note());
        let runtime = builder.enable_all().build_local(LocalOptions::default())?;
        tasks::block_on(runtime, accept_all(engine, listeners, &record, slept))
    };
    // The listeners stay open across panics.
    let _ = tasks::keep_thread(&engine.tasks, &record, u32::MAX, run);
}

async fn accept_all(
    engine: &Arc<Engine>,
    listeners: &Listeners,
    record: &Record,
    slept: Slept,
) -> io::Result<()> {
    let context = Rc::new(PortContext::new(Arc::clone(engine), slept));
    let plain = listeners.plain.iter().map(|listener| (listener, false));
    let all = plain.chain(listeners.tls.iter().map(|listener| (listener, true)));
    for (at, (listener, is_tls)) in all.enumerate() {
        let listener = Rc::new(listener.acceptor()?);
        let (context, name) =
            (Rc::clone(&context), engine.task_name(&format!("acceptor {at} of the replica port")));
        tokio::task::spawn_local(async move {
            let make = |_| accept(Rc::clone(&context), Rc::clone(&listener), is_tls);
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
                context.clock.expire();
                record.beat(engine.tasks.now_ms());
            }
            () = &mut injected => {}
        }
    }
}

async fn accept(context: Rc<PortContext>, acceptor: Rc<Acceptor>, is_tls: bool) {
    let welcome = |stream, addr| welcome(&context, stream, addr, is_tls);
    acceptor.accept_all("the replica", welcome).await;
}

fn welcome(context: &Rc<PortContext>, stream: Stream, addr: PeerAddr, is_tls: bool) {
    let config = context.config();
    let (Ok(laddr), Ok(())) = (stream.local_addr(), stream.set_options(config.proxy.tcp_keepalive))
    else {
        return;
    };
    let max = config.proxy.max_clients;
    let Some(entry) = context.engine.clients.admit(addr, laddr, max, context.now_ms()) else {
        context.stats.rejected.add(1);
        // Over TLS the client cannot read an error before the handshake.
        return if is_tls { drop(stream) } else { net::turn_away(&stream) };
    };
    context.stats.connections.add(1);
    let context = Rc::clone(context);
    if !is_tls {
        tokio::task::spawn_local(Task::new(stream, context, entry).serve());
        return;
    }
    let tls = config.certificates.to_clients.clone();
    tokio::task::spawn_local(async move {
        match stream.encrypted_unless(tls, entry.ended(|| false)).await {
            Ok(stream) => Task::new(stream, context, entry).serve().await,
            Err(error) => {
                context.engine.clients.remove(entry.id);
                tracing::info!(client = %entry.addr, "no connection: {error}");
            }
        }
    });
}
