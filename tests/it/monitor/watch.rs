//! A monitor that a test looks at.

use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ::tidegate::config::Config;
use ::tidegate::monitor::Monitor;
use ::tidegate::net::Resolver;
use ::tidegate::topology::{Backend, Role, Topology};
use arc_swap::ArcSwap;
use tokio::sync::{Notify, oneshot};

use crate::support::{PATIENCE, eventually};

/// What was logged.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// A monitor on a thread of its own, as in the proxy.
pub struct Watch {
    pub config: Arc<ArcSwap<Config>>,
    pub topology: Arc<ArcSwap<Topology>>,
    pub suspect: Arc<Notify>,
    pub log: Log,
    pub stop: Option<oneshot::Sender<()>>,
    pub thread: Option<thread::JoinHandle<()>>,
}

pub fn config(master: SocketAddr, replicas: Option<&[SocketAddr]>, more: &str) -> Config {
    let mut text = format!("[topology]\nmaster = \"{master}\"\n");
    if let Some(replicas) = replicas {
        let list: Vec<_> = replicas.iter().map(|addr| format!("\"{addr}\"")).collect();
        text += &format!("replicas = [{}]\n", list.join(", "));
    }
    Config::parse(&(text + more), "test").unwrap()
}

/// Further text for [`config`]: a monitor that waits so long for each answer that a busy machine
/// makes no server silent.
pub const PATIENT: &str = "probe-timeout = \"20s\"\nconnect-timeout = \"20s\"\n\
    [reads]\nmax-lag = \"3m\"\n[writes]\nmin-replicas-max-lag = \"3m\"\n";

pub fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

impl Watch {
    pub fn start(config: Config) -> Self {
        Self::start_with(config, Resolver::default())
    }

    /// With another resolver than the system's.
    pub fn start_with(config: Config, resolver: Resolver) -> Self {
        let config = Arc::new(ArcSwap::from_pointee(config));
        let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
        let suspect = Arc::new(Notify::new());
        let (stop, stopped) = oneshot::channel();
        let parts = (Arc::clone(&config), Arc::clone(&topology), Arc::clone(&suspect));
        let log = Log::default();
        let writer = log.clone();
        let thread = thread::spawn(move || {
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .without_time()
                .with_writer(move || writer.clone())
                .finish();
            let _logging = tracing::subscriber::set_default(subscriber);
            let monitor = Monitor::new(parts.0, parts.1, parts.2, tokio::time::Instant::now());
            let monitor = monitor.resolving_with(resolver);
            block_on(async {
                tokio::select! {
                    () = monitor.run() => {}
                    _ = stopped => {}
                }
            });
        });
        Self { config, topology, suspect, log, stop: Some(stop), thread: Some(thread) }
    }

    pub fn now(&self) -> Arc<Topology> {
        self.topology.load_full()
    }

    /// Waits until the picture is `wanted`; how long it took.
    #[track_caller]
    pub fn until(&self, wanted: impl Fn(&Topology) -> bool) -> Duration {
        let started = Instant::now();
        eventually(PATIENCE, || {
            let now = self.now();
            if wanted(&now) { Ok(()) } else { Err(show(&now)) }
        });
        started.elapsed()
    }

    #[track_caller]
    pub fn until_whole(&self, master: SocketAddr, replicas: &[SocketAddr]) -> Duration {
        self.until(|now| is_whole(now, master, replicas))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the monitor panicked");
    }
}

pub fn show(topology: &Topology) -> String {
    let line = |b: &Backend| format!("{} {} {:?}", b.addr, b.role, b.excluded);
    topology.backends().map(line).collect::<Vec<_>>().join("; ")
}

pub fn at(topology: &Topology, addr: SocketAddr) -> Option<&Backend> {
    topology.backends().find(|backend| backend.addr.to_string() == addr.to_string())
}

/// Exactly these servers, all of them serving.
pub fn is_whole(now: &Topology, master: SocketAddr, replicas: &[SocketAddr]) -> bool {
    let is_master =
        now.sole_shard().master().is_some_and(|b| b.addr.to_string() == master.to_string());
    is_master
        && now.backends().count() == replicas.len() + 1
        && now.backends().all(|b| b.excluded.is_none())
        && replicas.iter().all(|r| at(now, *r).is_some_and(|b| b.role == Role::Replica))
}

/// Probes every server once and returns the topology.
pub fn look(config: Config) -> Topology {
    let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
    let config = Arc::new(ArcSwap::from_pointee(config));
    let epoch = tokio::time::Instant::now();
    let mut monitor = Monitor::new(config, Arc::clone(&topology), Arc::default(), epoch);
    block_on(monitor.whole_round());
    Topology::clone(&topology.load())
}
