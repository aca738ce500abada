//! Handles signals, changes of the configuration file, and clients that ask for a reload, all on
//! one thread.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::config_watch::ConfigWatch;
use super::file_watch::FileWatch;
use super::reload::{Look, Reloader};
use super::signals::{Order, Signals};
use crate::worker::Shared;

/// Waits for signals, changes of the file and requests for a reload.
#[derive(Debug)]
pub(super) struct Control<'l> {
    shared: Arc<Shared>,
    reloader: Reloader<'l>,
    watch: ConfigWatch,
    files: FileWatch,
    /// When to look whether the master has named other commands.
    commands: Interval,
    signals: Signals,
}

/// The time between two looks at the commands of the master.
const LOOK: Duration = Duration::from_millis(200);

impl<'l> Control<'l> {
    /// A control for the configuration file of `reloader`.
    pub(super) fn new(shared: &Arc<Shared>, reloader: Reloader<'l>, signals: Signals) -> Self {
        let mut watch = ConfigWatch::new(reloader.path().to_owned(), shared.tasks.clone());
        watch.set(shared.config.load().proxy.watch_config);
        let files = FileWatch::new(&shared.config.load());
        let mut commands = interval(LOOK);
        commands.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { shared: Arc::clone(shared), reloader, watch, files, commands, signals }
    }

    /// Waits until the process has to end; carries out reloads meanwhile.
    pub(super) async fn until_end(&mut self) {
        loop {
            tokio::select! {
                order = self.signals.next() => match order {
                    Order::End => return,
                    // The reloader logs and counts the outcome.
                    Order::Reload => drop(self.reloader.reload()),
                },
                () = self.shared.reloads.asked() => {
                    self.shared.reloads.answer_with(|| self.reloader.reload());
                }
                () = self.files.tick() => {
                    let config = self.shared.config.load_full();
                    if config.proxy.watch_config && self.files.is_due(&config) {
                        drop(self.reloader.reload());
                    }
                }
                _ = self.commands.tick() => self.reloader.follow_commands(),
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
