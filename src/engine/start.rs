//! The engine's threads.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, LocalOptions};

use super::port::{self, Listeners};
use super::{Engine, link};
use crate::config::HostPort;

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// An address of its own port could not be listened on.
    #[error("cannot listen on {addr}: {error}")]
    Listen {
        /// The address.
        addr: HostPort,
        /// Why.
        error: io::Error,
    },
    /// The system refused a thread.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// Opens the engine's own port and starts the threads that serve it and that follow the master.
/// They run until the process ends.
///
/// # Errors
/// [`StartFault`]; nothing is left running then.
pub fn start(engine: &Arc<Engine>) -> Result<(), StartFault> {
    let listen = engine.config.load().replica.listen.clone();
    let listeners = Listeners::bind(&listen);
    let listeners = listeners.map_err(|(addr, error)| StartFault::Listen { addr, error })?;
    // The master is told which port that is: it has to be known before the link begins.
    if let Some(port) = listeners.port() {
        engine.listens_on(port);
    }
    let served = Arc::clone(engine);
    thread::Builder::new()
        .name("replica-port".into())
        .spawn(move || port::serve(&served, listeners))?;
    let followed = Arc::clone(engine);
    thread::Builder::new().name("replica".into()).spawn(move || {
        let following = catch_unwind(AssertUnwindSafe(|| follow(&followed)));
        let why = match following {
            Ok(Ok(())) => "the link has ended".to_owned(),
            Ok(Err(error)) => format!("the thread of its link cannot run: {error}"),
            // What it was doing may be half done: nobody may read it, and nothing goes on from it.
            Err(_) => "the thread of its link panicked; only a restart helps".to_owned(),
        };
        tracing::error!("the replica has stopped: {why}");
        followed.stop_for_good(why);
    })?;
    Ok(())
}

/// Follows the master, unless the system refuses a runtime.
fn follow(engine: &Arc<Engine>) -> io::Result<()> {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(link::keep(engine));
    Ok(())
}
