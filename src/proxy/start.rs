//! The start, the run and the end of a proxy with a valid configuration.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::announce::announce;
use super::control::Control;
use super::reload::Reloader;
use super::signals::Signals;
use super::start_error::StartError;
use super::warn::warn;
use super::{files, idle, supervisor, workers};
use crate::admin;
use crate::config::Config;
use crate::embedded::EmbeddedServers;
use crate::engine::{self, Engine};
use crate::monitor::{Liveness, Monitor};
use crate::net::{self, Inherited};
use crate::switchover;
use crate::tasks::{self, Board, Kind};
use crate::telemetry::{Exporter, LogLevel};
use crate::topology::Topology;
use crate::worker::Shared;

/// How long clients may take to get their last replies when the process ends.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// How long the start waits until replicas are proven fresh.
const SETTLE_MAX: Duration = Duration::from_secs(1);

/// The name of the monitor's task.
const MONITOR: &str = "monitor";

/// Runs the proxy until a signal ends it (SIGTERM, SIGINT). `path` is read again on
/// SIGHUP, when it changes, and when a client says PROXY RELOAD.
///
/// # Errors
/// [`StartError`]; no thread keeps running then.
pub fn run(config: Config, path: PathBuf, level: &LogLevel) -> Result<(), StartError> {
    // Before there are threads, which could read the environment while it is changed.
    let inherited = Inherited::take_all()?;
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let outcome = runtime.block_on(serve(config, (path, inherited), level));
    // The look-up of a name may still wait for a name server on another thread.
    runtime.shutdown_background();
    outcome
}

async fn serve(
    config: Config,
    (path, inherited): (PathBuf, Inherited),
    level: &LogLevel,
) -> Result<(), StartError> {
    let stop = Arc::new(Notify::new());
    let mut signals = Signals::install(Arc::clone(&stop))?;
    files::raise_limit(&config);
    warn(&path, &config.warnings());
    let exporter = Exporter::default();
    let config = Arc::new(ArcSwap::from_pointee(config));
    let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
    let epoch = Instant::now();
    let tasks = Board::new(epoch);
    let engine = engine_of((&config, &path), &topology, &stop, &tasks);
    let metrics = exporter.metrics();
    let shared = Arc::new(Shared::new(config, topology, engine, (tasks, epoch), metrics));
    let config = shared.config.load_full();
    let pages = admin::Pages::new(Arc::clone(&shared), exporter, path.clone());
    serve_pages((&config, &inherited), pages)?;
    if let Some(engine) = &shared.engine {
        engine::start(engine)?;
    }
    let embedded = Arc::new(EmbeddedServers::start(&config, &stop, &shared.tasks)?);
    let has_to_end = tokio::select! {
        () = embedded.ready() => false,
        () = signals.end() => true,
    };
    if has_to_end {
        return Ok(());
    }
    let mut monitor = monitor(&shared);
    // The first clients find a known master and fresh replicas.
    let has_to_end = tokio::select! {
        () = monitor.settle(SETTLE_MAX) => false,
        () = signals.end() => true,
    };
    if has_to_end {
        end(&shared, &embedded);
        return Ok(());
    }
    let found = shared.topology.load_full();
    warn(&path, &config.warnings_of_servers(&found, monitor.observations()));
    // A SIGHUP that arrived meanwhile is still pending, and reloads below.
    let reloader = Reloader::new(&shared, (path, Arc::clone(&config)), level, embedded.clone());
    let mut control = Control::new(&shared, reloader, signals);
    let workers = workers::start((&config, &inherited), &shared)?;
    tokio::task::spawn_local(keep_monitor(Arc::clone(&shared), monitor));
    tokio::task::spawn_local(keep_idle_sweep(Arc::clone(&shared)));
    tokio::task::spawn_local(keep_operations(Arc::clone(&shared)));
    let noting = Arc::clone(&embedded);
    tokio::task::spawn_local(async move { noting.keep_noting().await });
    tokio::task::spawn_local(announce(Arc::clone(&shared), workers.count()));
    supervisor::ready();
    tokio::task::spawn_local(supervisor::keep_telling(Arc::clone(&shared)));
    let outcome = tokio::select! {
        () = control.until_end() => Ok(()),
        () = workers.lost() => Err(StartError::Worker),
    };
    supervisor::stopping();
    workers.leave_inherited().await;
    tokio::select! {
        () = drain(&shared) => {}
        // A second signal ends the process at once.
        () = control.until_end() => {}
    }
    workers.stop();
    end(&shared, &embedded);
    outcome
}

/// Runs the monitor, and a new one after a panic.
async fn keep_monitor(shared: Arc<Shared>, first: Monitor) {
    let first = Cell::new(Some(first));
    let make = |_| first.take().unwrap_or_else(|| monitor(&shared)).run();
    tasks::keep(shared.tasks.clone(), Kind::Monitor, MONITOR, make).await;
}

async fn keep_idle_sweep(shared: Arc<Shared>) {
    let make = |record| idle::idle_clients(Arc::clone(&shared), record);
    tasks::keep(shared.tasks.clone(), Kind::IdleSweep, "idle sweep", make).await;
}

async fn keep_operations(shared: Arc<Shared>) {
    let make = |_| switchover::run(Arc::clone(&shared));
    tasks::keep(shared.tasks.clone(), Kind::Switchover, "switchover", make).await;
}

/// The last steps of the process.
fn end(shared: &Shared, embedded: &EmbeddedServers) {
    embedded.end();
    if let Some(engine) = &shared.engine {
        engine.save_at_end();
    }
    tracing::info!("stopped");
}

fn monitor(shared: &Shared) -> Monitor {
    let record = shared.tasks.record(Kind::Monitor, MONITOR);
    Monitor::new(
        Arc::clone(&shared.config),
        Arc::clone(&shared.topology),
        Arc::clone(&shared.suspect),
        shared.epoch,
    )
    .telling(Arc::clone(&shared.news))
    .holding(Arc::clone(&shared.operator_hold))
    .in_process(shared.engine.clone(), Liveness::new(shared.tasks.clone(), record))
}

/// The engine, if the configuration enables it.
fn engine_of(
    (config, path): (&Arc<ArcSwap<Config>>, &Path),
    topology: &Arc<ArcSwap<Topology>>,
    stop: &Arc<Notify>,
    tasks: &Board,
) -> Option<Arc<Engine>> {
    let is_wanted = config.load().replica.enabled;
    is_wanted.then(|| {
        let engine = Engine::new(Arc::clone(config), Arc::clone(topology));
        let engine = engine.in_process(path.to_owned(), Arc::clone(stop));
        Arc::new(engine.with_tasks(tasks.clone()))
    })
}

fn serve_pages(
    (config, inherited): (&Config, &Inherited),
    pages: admin::Pages,
) -> Result<(), StartError> {
    let Some(addr) = &config.metrics.listen else { return Ok(()) };
    let refused =
        |error| StartError::Listen { key: "metrics.listen".into(), addr: addr.clone(), error };
    let listeners = net::Listener::inherit_or_open(inherited, addr, 1, None).map_err(refused)?;
    let pages = Rc::new(pages);
    tokio::task::spawn_local(keep_recording(Rc::clone(&pages)));
    for listener in listeners {
        let listener = listener.acceptor().map_err(refused)?;
        let (pages, listener) = (Rc::clone(&pages), Rc::new(listener));
        tokio::task::spawn_local(async move {
            let board = pages.board();
            let make = |_| {
                let pages = Rc::clone(&pages);
                admin::serve(Rc::clone(&listener), pages.board(), pages.door(), move |path| {
                    pages.page(path)
                })
            };
            tasks::keep(board, Kind::MetricsListener, "metrics listener", make).await;
        });
    }
    Ok(())
}

/// Records what the operator's page shows.
async fn keep_recording(pages: Rc<admin::Pages>) {
    let make = |record: Arc<tasks::Record>| {
        let pages = Rc::clone(&pages);
        async move { pages.record(&record).await }
    };
    tasks::keep(pages.board(), Kind::Recorder, "recorder", make).await;
}

/// Accepts no more clients, and waits until the connected ones have their replies.
async fn drain(shared: &Shared) {
    tracing::info!(clients = shared.registry.len(), "draining");
    shared.draining.store(true, Relaxed);
    let deadline = Instant::now() + DRAIN_MAX;
    while !shared.registry.is_empty() && Instant::now() < deadline {
        shared.registry.wake_all();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let left = shared.registry.len();
    if left > 0 {
        tracing::warn!(clients = left, "closed without their last replies");
    }
}
