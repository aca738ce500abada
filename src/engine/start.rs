//! The engine's threads.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, LocalOptions};
use tokio::time::sleep;

use super::feed;
use super::persist;
use super::serve::{self, Listeners};
use super::sync::link;
use super::{Engine, check_dir, rights};
use crate::config::HostPort;
use crate::tasks::{Kind, Record};

/// A link that has run so long is steady: a panic after it is not a repetition.
const STEADY: Duration = Duration::from_secs(60);
/// The pause of the link after a panic.
const PAUSE: Duration = Duration::from_secs(1);

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The system refuses to listen on an address of its own port.
    #[error("cannot listen on {addr}: {error}")]
    Listen {
        /// The address of the port.
        addr: HostPort,
        /// The system's error.
        error: io::Error,
    },
    /// The engine cannot write to `dir`.
    #[error("{0}")]
    Dir(String),
    /// The system refused a thread.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// Opens the engine's own port, and starts the threads that serve it and that follow the master.
/// They run until the process ends.
///
/// # Errors
/// [`StartFault`]. No thread runs then.
pub fn start(engine: &Arc<Engine>) -> Result<(), StartFault> {
    check_dir(&engine.config.load().replica.dir).map_err(StartFault::Dir)?;
    let config = engine.config.load_full();
    let listeners = Listeners::bind(&config);
    let listeners = listeners.map_err(|(addr, error)| StartFault::Listen { addr, error })?;
    // The link tells the master this port, so it has to be known first.
    if let Some(port) = listeners.port(config.tls_to_master().is_some()) {
        engine.listens_on(port);
    }
    let served = Arc::clone(engine);
    thread::Builder::new()
        .name("replica-port".into())
        .spawn(move || served.span().in_scope(|| serve::serve(&served, &listeners)))?;
    let fed = Arc::clone(engine);
    thread::Builder::new().name("replica-feeds".into()).spawn(move || {
        fed.span().in_scope(|| feed::feed(&fed));
    })?;
    let kept = Arc::clone(engine);
    thread::Builder::new().name("replica-disk".into()).spawn(move || {
        kept.span().in_scope(|| persist::keep(&kept));
    })?;
    let followed = Arc::clone(engine);
    let record = engine.record(Kind::ReplicaLink, "replica link");
    thread::Builder::new().name("replica".into()).spawn(move || {
        let _span = followed.span().entered();
        let why = follow(&followed, &record);
        record.failed(followed.tasks.now_ms(), &why);
        tracing::error!("the replica has stopped: {why}");
        followed.abandon(why, true);
    })?;
    Ok(())
}

/// Follows the master. After a panic the link starts again, with a full resync; a second panic soon
/// after ends it. Returns why it has ended.
fn follow(engine: &Arc<Engine>, record: &Record) -> String {
    let mut restores = true;
    loop {
        record.begin();
        let began = Instant::now();
        let run = catch_unwind(AssertUnwindSafe(|| run(engine, restores)));
        if run.is_err() {
            engine.tasks.count_panic(Kind::ReplicaLink);
        }
        match run {
            Ok(Ok(())) => return "the link has ended".to_owned(),
            Ok(Err(error)) => return format!("the thread of its link cannot run: {error}"),
            Err(_) if !restores && began.elapsed() < STEADY => {
                return "the thread of its link panicked again; only a restart helps".to_owned();
            }
            Err(_) => {
                // The data may be half changed, and their offset is unknown.
                let why = "the thread of its link panicked";
                tracing::error!("the replica starts again, with a full resync: {why}");
                engine.abandon(why.to_owned(), false);
                record.failed(engine.tasks.now_ms(), why);
                restores = false;
            }
        }
    }
}

/// Loads the data of an earlier run if `restores`, else pauses, and then follows the master. Fails
/// if the system refuses a runtime.
fn run(engine: &Arc<Engine>, restores: bool) -> io::Result<()> {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(LocalOptions::default())?;
    if restores {
        link::restore(engine);
    }
    runtime.block_on(async {
        if !restores {
            sleep(PAUSE).await;
        }
        tokio::select! {
            () = link::keep(engine) => {}
            () = rights::keep(engine) => {}
        }
    });
    Ok(())
}
