//! The engine's threads.

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, LocalOptions};

use super::Engine;
use super::link;

/// Starts the thread that follows the master. It runs until the process ends.
///
/// # Errors
/// The system refuses a thread or a runtime.
pub fn start(engine: &Arc<Engine>) -> io::Result<()> {
    let engine = Arc::clone(engine);
    thread::Builder::new().name("replica".into()).spawn(move || {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        match runtime {
            Ok(runtime) => runtime.block_on(link::keep(&engine)),
            Err(error) => tracing::error!("the replica cannot start: {error}"),
        }
    })?;
    Ok(())
}
