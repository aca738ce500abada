//! What the process is told while it runs: signals, changes of its file, clients that ask for a
//! reload. All of it ends here, on one thread.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use super::config_watch::ConfigWatch;
use super::reload::{Look, Reloader};
use crate::client::Shared;
use crate::config::Config;
use crate::telemetry::LogLevel;

/// The ears of the process.
#[derive(Debug)]
pub(super) struct Control<'l> {
    shared: Arc<Shared>,
    reloader: Reloader<'l>,
    watch: ConfigWatch,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// A client of the engine's port said SHUTDOWN.
    stop: Arc<Notify>,
}

impl<'l> Control<'l> {
    /// Listens from now on. `path` is the configuration file, `level` follows what it says.
    pub(super) fn new(
        shared: &Arc<Shared>,
        (path, said): (PathBuf, Arc<Config>),
        level: &'l LogLevel,
        stop: Arc<Notify>,
    ) -> std::io::Result<Self> {
        let mut watch = ConfigWatch::new(path.clone());
        watch.set(shared.config.load().proxy.watch_config);
        Ok(Self {
            shared: Arc::clone(shared),
            reloader: Reloader::new(Arc::clone(shared), path, level, said),
            watch,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            stop,
        })
    }

    /// Waits until the process is told to end; reloads on the way.
    pub(super) async fn told_to_end(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                () = self.stop.notified() => return,
                // Whoever logs and counts it was told already.
                _ = self.hangup.recv() => drop(self.reloader.reload()),
                () = self.shared.reloads.asked() => {
                    self.shared.reloads.answer_with(|| self.reloader.reload());
                }
                () = self.watch.changed() => {
                    if self.reloader.look() == Look::Again {
                        self.watch.look_again();
                    }
                }
            }
            self.watch.set(self.shared.config.load().proxy.watch_config);
        }
    }
}
