//! The worker threads, which serve clients.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::start_error::StartError;
use crate::client::{self, accept};
use crate::config::{ClientPort, Config, HostPort, Workers};
use crate::net::{Inherited, Listener};
use crate::tasks::{self, Failure, Kind, Record};
use crate::worker::{Shared, Worker};

/// The time between two ticks of a worker.
const TICK: Duration = Duration::from_millis(100);

/// The pause between two groups of waiting clients that are woken.
const RELEASE_PAUSE: Duration = Duration::from_millis(1);
/// The pause between two looks at the requests under way, while others begin to wait for a master.
const SETTLE_PAUSE: Duration = Duration::from_millis(5);
/// How long the acceptors of inherited sockets may take to end.
const LEAVE_MAX: Duration = Duration::from_secs(1);
/// How many tasks run between two polls of the sockets: more than tokio's 61, so that the requests
/// of more clients leave in one write.
const EVENT_INTERVAL: u32 = 256;
/// How often in a row a worker may panic within a minute of its start. Then the process ends,
/// because the kernel would go on giving a share of the clients to the worker's listeners.
const FAILURES_MAX: u32 = 5;

/// A listening port: its address if a `[[listener]]` names it, and whether its clients use TLS.
struct Port {
    open: Listener,
    listener: Option<HostPort>,
    is_tls: bool,
}

/// How a worker is told to leave the inherited sockets.
#[derive(Debug)]
struct Leaving {
    left: watch::Receiver<bool>,
    inheritors: Arc<AtomicUsize>,
}

/// An acceptor of an inherited socket. It counts as long as it exists.
#[derive(Debug)]
struct Inheritor(watch::Receiver<bool>, Arc<AtomicUsize>);

impl Leaving {
    fn inheritor(&self) -> Inheritor {
        self.inheritors.fetch_add(1, Relaxed);
        Inheritor(self.left.clone(), Arc::clone(&self.inheritors))
    }
}

impl Inheritor {
    /// Waits until the process leaves its inherited sockets.
    async fn left(&mut self) {
        // Without the other end the process ends.
        drop(self.0.wait_for(|is_left| *is_left).await);
    }
}

impl Drop for Inheritor {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Relaxed);
    }
}

/// The threads of the running workers.
#[derive(Debug)]
pub(super) struct WorkerThreads {
    threads: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    /// Tells the acceptors of inherited sockets to end.
    leave: watch::Sender<bool>,
    /// How many acceptors of inherited sockets run.
    inheritors: Arc<AtomicUsize>,
    /// Notified when a worker has panicked too often.
    lost: Arc<Notify>,
}

impl WorkerThreads {
    pub(super) fn count(&self) -> usize {
        self.threads.len()
    }

    /// Waits until a worker has panicked too often.
    pub(super) async fn lost(&self) {
        self.lost.notified().await;
    }

    /// Accepts no more clients from inherited sockets: those that connect from now on are the next
    /// process's. Waits until that is so, for at most [`LEAVE_MAX`].
    pub(super) async fn leave_inherited(&self) {
        self.leave.send_replace(true);
        let deadline = Instant::now() + LEAVE_MAX;
        while self.inheritors.load(Relaxed) > 0 && Instant::now() < deadline {
            sleep(RELEASE_PAUSE).await;
        }
    }

    /// Ends the workers, and waits for their threads.
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
pub(super) fn start(
    (config, inherited): (&Config, &Inherited),
    shared: &Arc<Shared>,
) -> Result<WorkerThreads, StartError> {
    let count = match config.proxy.workers {
        Workers::Auto => std::thread::available_parallelism().map_or(1, usize::from),
        Workers::Count(count) => count,
    };
    let mut shares: Vec<Vec<Port>> = (0..count).map(|_| Vec::new()).collect();
    for ClientPort { key, addr, is_tls, listener } in config.client_ports() {
        let refused = |error| StartError::Listen { key: key.clone(), addr: addr.clone(), error };
        let mode = config.proxy.unixsocketperm;
        let listeners = Listener::inherit_or_open(inherited, addr, count, mode).map_err(refused)?;
        let name = listener.map(|_| addr);
        if let Some(local) = listeners.first().and_then(|listener| listener.local_addr().ok()) {
            let level = config.read_policy(name).level;
            let tls = if is_tls { " with TLS" } else { "" };
            let whose =
                if listeners.iter().any(Listener::is_inherited) { ", inherited" } else { "" };
            tracing::info!(consistency = %level, "listening on {local}{tls}{whose}");
        }
        for (share, open) in shares.iter_mut().zip(listeners) {
            share.push(Port { open, listener: name.cloned(), is_tls });
        }
    }
    inherited.finish()?;
    let (stop, stopped) = watch::channel(false);
    let (leave, left) = watch::channel(false);
    let inheritors = Arc::new(AtomicUsize::new(0));
    let lost = Arc::new(Notify::new());
    let mut threads = Vec::with_capacity(count);
    for (at, ports) in shares.into_iter().enumerate() {
        let (shared, stopped, lost) = (Arc::clone(shared), stopped.clone(), Arc::clone(&lost));
        let leaving = Leaving { left: left.clone(), inheritors: Arc::clone(&inheritors) };
        let name = format!("worker-{at}");
        let thread = std::thread::Builder::new().name(name.clone()).spawn(move || {
            let board = shared.tasks.clone();
            let record = board.record(Kind::Worker, &name);
            let run = || work(&shared, &record, (&ports, &leaving), stopped.clone());
            if tasks::keep_thread(&board, &record, FAILURES_MAX, run).is_err() {
                lost.notify_one();
            }
        })?;
        threads.push(thread);
    }
    Ok(WorkerThreads { threads, stop, leave, inheritors, lost })
}

/// Runs one worker until it is stopped. After a panic the listeners stay open for the next run.
fn work(
    shared: &Arc<Shared>,
    record: &Arc<Record>,
    (ports, leaving): (&[Port], &Leaving),
    mut stopped: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let mut builder = Builder::new_current_thread();
    let runtime =
        builder.enable_all().event_interval(EVENT_INTERVAL).build_local(LocalOptions::default())?;
    tasks::block_on(runtime, async move {
        let worker = Rc::new(Worker::new(Arc::clone(shared), Arc::clone(record)));
        for (at, Port { open, listener, is_tls }) in ports.iter().enumerate() {
            let acceptor = Rc::new(open.acceptor()?);
            let port = client::Port { listener: listener.clone().map(Rc::new), is_tls: *is_tls };
            let name = format!("acceptor {at} of {}", record.name());
            let worker = Rc::clone(&worker);
            let mut inheritor = open.is_inherited().then(|| leaving.inheritor());
            tokio::task::spawn_local(async move {
                let board = worker.shared.tasks.clone();
                let make = |_| accept(Rc::clone(&worker), Rc::clone(&acceptor), port.clone());
                let accepting = tasks::keep(board, Kind::Acceptor, &name, make);
                match &mut inheritor {
                    Some(inheritor) => tokio::select! {
                        () = accepting => {}
                        () = inheritor.left() => {}
                    },
                    None => accepting.await,
                }
            });
        }
        let mut ticks = tokio::time::interval(TICK);
        let mut injected = pin!(record.injected_panic());
        let mut news = pin!(shared.news.notified());
        loop {
            tokio::select! {
                _ = ticks.tick() => worker.tick(Instant::now()),
                () = &mut news => {
                    news.set(shared.news.notified());
                    worker.release();
                }
                () = sleep(RELEASE_PAUSE), if worker.is_releasing() => worker.release_some(),
                () = sleep(SETTLE_PAUSE), if worker.settling.is_on() => worker.settle(),
                _ = stopped.wait_for(|is_stopped| *is_stopped) => break,
                () = &mut injected => {}
            }
        }
        worker.counts.flush(&worker.shared.metrics);
        Ok(())
    })
}
