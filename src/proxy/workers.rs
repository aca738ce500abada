//! The threads that serve clients.

use std::net::TcpListener as StdListener;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::watch;
use tokio::time::Instant;

use super::StartError;
use crate::client::{Shared, Worker, accept};
use crate::config::{Config, Workers};
use crate::net;

/// How often a worker does its housekeeping.
const TICK: Duration = Duration::from_millis(100);
/// Tasks that run before the sockets are looked at again: more than tokio's 61, so that more
/// clients' requests join one write.
const EVENT_INTERVAL: u32 = 256;

/// The running workers.
#[derive(Debug)]
pub(super) struct Workforce {
    threads: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Workforce {
    pub(super) fn count(&self) -> usize {
        self.threads.len()
    }

    /// Ends them.
    pub(super) fn stop(self) {
        self.stop.send_replace(true);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker panicked");
            }
        }
    }
}

/// Opens the listeners and starts the workers.
pub(super) fn start(config: &Config, shared: &Arc<Shared>) -> Result<Workforce, StartError> {
    let count = match config.proxy.workers {
        Workers::Auto => std::thread::available_parallelism().map_or(1, usize::from),
        Workers::Count(count) => count,
    };
    let mut shares: Vec<Vec<StdListener>> = (0..count).map(|_| Vec::new()).collect();
    for addr in &config.proxy.listen {
        let listeners = net::listen(addr, count)
            .map_err(|error| StartError::Listen { addr: addr.clone(), error })?;
        if let Some(local) = listeners.first().and_then(|listener| listener.local_addr().ok()) {
            tracing::info!("listening on {local}");
        }
        for (share, listener) in shares.iter_mut().zip(listeners) {
            share.push(listener);
        }
    }
    let (stop, stopped) = watch::channel(false);
    let mut threads = Vec::with_capacity(count);
    for (at, listeners) in shares.into_iter().enumerate() {
        let (shared, stopped) = (Arc::clone(shared), stopped.clone());
        let thread = std::thread::Builder::new().name(format!("worker-{at}")).spawn(move || {
            if let Err(error) = work(shared, listeners, stopped) {
                tracing::error!("a worker ended: {error}");
            }
        })?;
        threads.push(thread);
    }
    Ok(Workforce { threads, stop })
}

/// One worker, until it is stopped.
fn work(
    shared: Arc<Shared>,
    listeners: Vec<StdListener>,
    mut stopped: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let mut builder = Builder::new_current_thread();
    let runtime =
        builder.enable_all().event_interval(EVENT_INTERVAL).build_local(LocalOptions::default())?;
    runtime.block_on(async move {
        let worker = Rc::new(Worker::new(shared));
        for listener in listeners {
            let listener = TcpListener::from_std(listener)?;
            tokio::task::spawn_local(accept(Rc::clone(&worker), listener));
        }
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                _ = ticks.tick() => worker.tick(Instant::now()),
                _ = stopped.changed() => break,
            }
        }
        worker.counts.flush(&worker.shared.metrics);
        Ok(())
    })
}
