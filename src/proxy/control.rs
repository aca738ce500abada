//! What the process is told while it runs: signals, changes of its file, clients that ask for a
//! reload. All of it ends here, on one thread.

use std::path::PathBuf;
use std::sync::Arc;

use super::config_watch::ConfigWatch;
use super::reload::{Look, Reloader};
use super::signals::{Signals, Told};
use crate::config::Config;
use crate::telemetry::LogLevel;
use crate::worker::Shared;

/// The ears of the process.
#[derive(Debug)]
pub(super) struct Control<'l> {
    shared: Arc<Shared>,
    reloader: Reloader<'l>,
    watch: ConfigWatch,
    signals: Signals,
}

impl<'l> Control<'l> {
    /// Listens from now on. `path` is the configuration file, `level` follows what it says.
    pub(super) fn new(
        shared: &Arc<Shared>,
        (path, said): (PathBuf, Arc<Config>),
        level: &'l LogLevel,
        signals: Signals,
    ) -> Self {
        let mut watch = ConfigWatch::new(path.clone(), shared.tasks.clone());
        watch.set(shared.config.load().proxy.watch_config);
        Self {
            shared: Arc::clone(shared),
            reloader: Reloader::new(Arc::clone(shared), path, level, said),
            watch,
            signals,
        }
    }

    /// Waits until the process is told to end; reloads on the way.
    pub(super) async fn told_to_end(&mut self) {
        loop {
            tokio::select! {
                told = self.signals.next() => match told {
                    Told::End => return,
                    // The reloader logs and counts the outcome.
                    Told::Reload => drop(self.reloader.reload()),
                },
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
